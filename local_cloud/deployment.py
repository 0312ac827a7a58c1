"""Deploys the synthesised CDK app to an endpoint with the AWS client alone: assets, bootstrap version, stacks.

The CDK command line does the same through a bootstrap stack and takes ten times as long; production is deployed with
it, the local cloud is not.
"""

import io
import itertools
import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from local_cloud import errors
from local_cloud.emulator import ACCESS_KEY, CHECKOUT, REGION

ENVIRONMENT: Final = "local"
STACK_TIMEOUT_SECONDS: Final = 120.0  # measured 2 s for the whole app
SYNTHESIS_TIMEOUT_SECONDS: Final = 180.0  # measured 10 s, and the dependencies layer is built the first time
POLL_SECONDS: Final = 0.1
FAILURES_LISTED: Final = 20  # one cause is usually followed by many cancellations
BOOTSTRAP_VERSION: Final = "30"  # what the templates ask for at least; nothing else of the bootstrap stack is used
SKIPPED_STACKS: Final[Mapping[str, str]] = {
    f"PawledgerMonitoring-{ENVIRONMENT}": "the emulator refuses composite and metric-math alarms; "
    "its templates are checked by tests/infrastructure",
}
# Each file in an asset gets this time stamp, so that the same content is the same archive (the earliest zip can hold).
_ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class Stack:
    """One stack of the assembly: its name, where its template is uploaded to, and the list of assets it needs."""

    name: str
    template_url: str
    assets: Path


def synthesize(output: Path, *, environment: str = ENVIRONMENT) -> Path:
    """Run the CDK app for an environment into a folder and return that folder; raises `SynthesisError`."""
    settings = json.loads((CHECKOUT / "cdk.json").read_text(encoding="utf-8"))
    context = {**settings.get("context", {}), "environment": environment}
    child_environment = {
        **os.environ,
        "CDK_CONTEXT_JSON": json.dumps(context),
        "CDK_OUTDIR": str(output),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
    }
    try:
        finished = subprocess.run(
            [sys.executable, "-m", "infra.app"],
            cwd=CHECKOUT,
            env=child_environment,
            capture_output=True,
            text=True,
            timeout=SYNTHESIS_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise errors.SynthesisError(f"no end after {SYNTHESIS_TIMEOUT_SECONDS:.0f} seconds") from None
    if finished.returncode != 0:
        raise errors.SynthesisError(finished.stdout + finished.stderr)
    return output


def deploy(endpoint_url: str, assembly: Path, *, report: Callable[[str], None] = print) -> dict[str, str]:
    """Create or update the stacks of an assembly at an endpoint and return all their outputs by name.

    Stacks of `SKIPPED_STACKS` are left out, with their reason reported. Raises `AssemblyError` for an assembly that
    lacks something, `TemplateRefusedError`, `StackFailedError` with the failed resources, and `StackTimeoutError`.
    """
    session = boto3.Session(ACCESS_KEY, ACCESS_KEY, region_name=REGION)
    config = Config(retries={"total_max_attempts": 2}, connect_timeout=5, read_timeout=60)
    formation = session.client("cloudformation", endpoint_url=endpoint_url, config=config)
    storage = session.client("s3", endpoint_url=endpoint_url, config=config)
    identity = session.client("sts", endpoint_url=endpoint_url, config=config).get_caller_identity()
    parameters = session.client("ssm", endpoint_url=endpoint_url, config=config)
    places = {"${AWS::AccountId}": identity["Account"], "${AWS::Region}": REGION, "${AWS::Partition}": "aws"}
    outputs: dict[str, str] = {}
    for stack, bootstrap_parameter in read_stacks(assembly):
        if stack.name in SKIPPED_STACKS:
            report(f"{stack.name}: left out, {SKIPPED_STACKS[stack.name]}")
            continue
        started = time.monotonic()
        if bootstrap_parameter:
            parameters.put_parameter(Name=bootstrap_parameter, Value=BOOTSTRAP_VERSION, Type="String", Overwrite=True)
        _upload_assets(storage, stack, places)
        # A template in the request itself may have 51,200 characters; one in a bucket may have a million.
        template = _fill(stack.template_url, places).replace("s3://", f"{endpoint_url}/", 1)
        status = _put_stack(formation, stack.name, template)
        outputs |= _read_outputs(formation, stack.name)
        report(f"{stack.name}: {status} in {time.monotonic() - started:.1f} s")
    return outputs


def read_stacks(assembly: Path) -> Iterator[tuple[Stack, str | None]]:
    """The stacks of an assembly, each after those it depends on, with the name of its bootstrap parameter."""
    try:
        artifacts = json.loads((assembly / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
    except FileNotFoundError:
        raise errors.AssemblyError(f"{assembly} holds no manifest.json: synthesise the app first.") from None
    done: set[str] = set()

    def visit(name: str) -> Iterator[tuple[Stack, str | None]]:
        if name in done:
            return
        done.add(name)
        artifact = artifacts[name]
        for dependency in artifact.get("dependencies", []):
            yield from visit(dependency)
        if artifact["type"] == "aws:cloudformation:stack":
            properties = artifact["properties"]
            stack = Stack(
                name=properties.get("stackName", name),
                template_url=properties["stackTemplateAssetObjectUrl"],
                assets=assembly / f"{name}.assets.json",
            )
            yield stack, properties.get("bootstrapStackVersionSsmParameter")

    for name in artifacts:
        yield from visit(name)


def archive_folder(folder: Path) -> bytes:
    """A folder as a zip archive that depends on names and content alone."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _ZIP_TIME)
            entry.external_attr = (path.stat().st_mode & 0o777) << 16
            archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()


def _upload_assets(storage: Any, stack: Stack, places: Mapping[str, str]) -> None:
    manifest = json.loads(stack.assets.read_text(encoding="utf-8"))
    if manifest.get("dockerImages"):
        raise errors.AssemblyError(f"{stack.name} needs container images, which the local cloud cannot run.")
    for asset in manifest["files"].values():
        source = stack.assets.parent / asset["source"]["path"]
        for destination in asset["destinations"].values():
            bucket, key = _fill(destination["bucketName"], places), _fill(destination["objectKey"], places)
            _ensure_bucket(storage, bucket)
            if not _holds(storage, bucket, key):  # a key is the hash of its content
                packed = asset["source"]["packaging"] == "zip" and source.is_dir()
                body = archive_folder(source) if packed else source.read_bytes()
                storage.put_object(Bucket=bucket, Key=key, Body=body)


def _ensure_bucket(storage: Any, bucket: str) -> None:
    try:
        storage.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
            raise


def _holds(storage: Any, bucket: str, key: str) -> bool:
    try:
        storage.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True


def _put_stack(formation: Any, name: str, template_url: str) -> str:
    """Create the stack, or update it where it exists; returns the state it ended in."""
    request = {
        "StackName": name,
        "TemplateURL": template_url,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
    }
    try:
        try:
            formation.create_stack(**request)
        except formation.exceptions.AlreadyExistsException:
            formation.update_stack(**request)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        reason = error.response["Error"]["Message"]
        if "No updates are to be performed" in reason:
            return "unchanged"
        raise errors.TemplateRefusedError(name, reason) from error
    return _wait_for_stack(formation, name)


def _wait_for_stack(formation: Any, name: str) -> str:
    deadline = time.monotonic() + STACK_TIMEOUT_SECONDS
    while True:
        status: str = formation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
        if not status.endswith("_IN_PROGRESS"):
            break
        if time.monotonic() > deadline:
            raise errors.StackTimeoutError(name, status, STACK_TIMEOUT_SECONDS)
        time.sleep(POLL_SECONDS)
    if status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        raise errors.StackFailedError(name, status, _read_failures(formation, name))
    return status


def _read_failures(formation: Any, name: str) -> tuple[str, ...]:
    pages = formation.get_paginator("describe_stack_events").paginate(StackName=name)
    failed = (
        f"{event['LogicalResourceId']} ({event['ResourceType']}): {event.get('ResourceStatusReason', 'no reason')}"
        for page in pages
        for event in page["StackEvents"]
        if event["ResourceStatus"].endswith("_FAILED")
    )
    return tuple(itertools.islice(failed, FAILURES_LISTED))


def _read_outputs(formation: Any, name: str) -> dict[str, str]:
    stack = formation.describe_stacks(StackName=name)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _fill(text: str, places: Mapping[str, str]) -> str:
    for place, value in places.items():
        text = text.replace(place, value)
    return text
