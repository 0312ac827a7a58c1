"""The layers: third-party packages, built without Docker from hashed locks, and our own package."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import jsii
from aws_cdk import AssetHashType, BundlingOptions, ILocalBundling, RemovalPolicy
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.billing_function import COMPILED_FILES, architecture_of, runtime_of
from infra.environments import Environment
from infra.errors import DependencyInstallError, DependencyLayerTooLargeError

LAYERS_FOLDER: Final = Path(__file__).resolve().parents[2] / "layers"
LOCK_NAME: Final = "requirements.txt"

# Nearly all of botocore's weight is descriptions of services that the functions never call. `sts` is called by none of
# them either, but is what botocore turns to for credentials of a role.
KEPT_SERVICES: Final = frozenset({"dynamodb", "events", "s3", "secretsmanager", "sns", "sqs", "sts"})

UNUSED_FOLDERS: Final = ("holidays/locale",)
"""Names of holidays in other languages, half of that package: only their days are asked for."""

# Lambda refuses 250 MB unpacked for a function and its layers together. The layer has 13 MB with the calendars; the
# limit is there to ask who brought the rest before a cold start tells.
LAYER_BUDGET_BYTES: Final = 16 * 1024 * 1024
DOCUMENTS_LAYER_BUDGET_BYTES: Final = 96 * 1024 * 1024
"""Typst is one library of 84 MB with its fonts in it; only the function that sets documents carries it."""
INSTALL_TIMEOUT_SECONDS: Final = 300
"""A first download over a slow line; installing from a warm cache takes a second."""
RECIPE: Final = "3"
"""Part of the asset's hash: to be raised when what is built from the same lock changes."""


@jsii.implements(ILocalBundling)
class DependencyBundling:
    """Installs a lock's wheels for the environment's Python and platform, and removes what Lambda never loads."""

    def __init__(self, lock: Path, environment: Environment, budget_bytes: int = LAYER_BUDGET_BYTES) -> None:
        self._lock = lock
        self._environment = environment
        self._budget_bytes = budget_bytes

    def try_bundle(self, output_dir: str, options: BundlingOptions) -> bool:  # noqa: ARG002 - jsii calls it with both
        """Build into `output_dir/python`. Never false, because CDK would then ask for Docker.

        Raises `DependencyInstallError` and `DependencyLayerTooLargeError`.
        """
        target = Path(output_dir) / "python"
        install_dependencies(self._lock, target, self._environment)
        remove_unused_files(target)
        remove_unused_endpoints(target)
        require_size_within_budget(target, self._budget_bytes)
        return True


def install_dependencies(lock: Path, target: Path, environment: Environment) -> None:
    """Install the lock's packages as wheels, hashes checked. Raises `DependencyInstallError` with uv's own words."""
    command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-config"]
    command += ["--require-hashes", "--only-binary", ":all:", "--link-mode", "copy", "--target", str(target)]
    command += ["--python", sys.executable, "--python-version", environment.python_version]
    if environment.dependency_platform is not None:
        command += ["--python-platform", environment.dependency_platform]
    command += ["--requirements", str(lock)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_SECONDS)  # noqa: S603 - no part of the command comes from outside
    except subprocess.CalledProcessError as failure:
        raise DependencyInstallError(f"uv could not install {lock.name}: {failure.stderr.strip()}") from failure
    except subprocess.TimeoutExpired as failure:
        raise DependencyInstallError(
            f"uv did not finish installing {lock.name} within {INSTALL_TIMEOUT_SECONDS} seconds"
        ) from failure


def remove_unused_files(target: Path) -> None:
    """Remove descriptions of services that are not kept, tests, commands and compiled files, where there are any."""
    data = target / "botocore" / "data"
    unused = [folder for folder in data.glob("*/") if folder.name not in KEPT_SERVICES]
    unused += [target / "bin", target / ".lock", *(target / folder for folder in UNUSED_FOLDERS)]
    unused += list(target.glob("*/tests/"))
    unused += list(target.rglob("__pycache__/"))
    for path in unused:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def remove_unused_endpoints(target: Path) -> None:
    """Keep the addresses of kept services alone, in every partition, where botocore is there.

    botocore parses the whole list when the first client is made, in each cold start; for a service that is not in it,
    it goes by the partition's pattern, as it does for services newer than itself.
    """
    path = target / "botocore" / "data" / "endpoints.json"
    if not path.exists():
        return
    endpoints = json.loads(path.read_text(encoding="utf-8"))
    for partition in endpoints["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in services if name in KEPT_SERVICES}
    path.write_text(json.dumps(endpoints), encoding="utf-8")


def require_size_within_budget(target: Path, budget_bytes: int) -> None:
    """Raise `DependencyLayerTooLargeError` naming the heaviest packages where the folder is over its budget."""
    sizes = {
        entry.name: sum(file.stat().st_size for file in [entry, *entry.rglob("*")] if file.is_file())
        for entry in target.iterdir()
    }
    total_bytes = sum(sizes.values())
    if total_bytes > budget_bytes:
        heaviest = sorted(sizes, key=lambda name: sizes[name], reverse=True)[:3]
        named = ", ".join(f"{name} {sizes[name]:,}" for name in heaviest)
        raise DependencyLayerTooLargeError(
            f"the layer has {total_bytes:,} bytes, over its budget of {budget_bytes:,}; heaviest: {named}"
        )


def hash_dependencies(lock: Path, environment: Environment) -> str:
    """What the built layer depends on and nothing else, so that it is rebuilt when one of these changes."""
    facts = [RECIPE, environment.python_version, environment.dependency_platform or environment.architecture]
    facts += sorted(KEPT_SERVICES)
    return hashlib.sha256("\n".join(facts).encode() + b"\n" + lock.read_bytes()).hexdigest()


def create_dependencies_layer(scope: Construct, environment: Environment) -> lambda_.LayerVersion:
    """Third-party packages, installed from `layers/dependencies/requirements.txt`."""
    return _create_wheels_layer(
        scope,
        "DependenciesLayer",
        environment,
        folder=LAYERS_FOLDER / "dependencies",
        description="Third-party packages of Pawledger's functions.",
        budget_bytes=LAYER_BUDGET_BYTES,
    )


def create_documents_layer(scope: Construct, environment: Environment) -> lambda_.LayerVersion:
    """What sets documents and draws payment codes, installed from `layers/documents/requirements.txt`."""
    return _create_wheels_layer(
        scope,
        "DocumentsLayer",
        environment,
        folder=LAYERS_FOLDER / "documents",
        description="What Pawledger sets documents with.",
        budget_bytes=DOCUMENTS_LAYER_BUDGET_BYTES,
    )


def _create_wheels_layer(
    scope: Construct, construct_id: str, environment: Environment, *, folder: Path, description: str, budget_bytes: int
) -> lambda_.LayerVersion:
    lock = folder / LOCK_NAME
    runtime = runtime_of(environment)
    return lambda_.LayerVersion(
        scope,
        construct_id,
        description=description,
        code=lambda_.Code.from_asset(
            str(folder),
            asset_hash_type=AssetHashType.CUSTOM,
            asset_hash=hash_dependencies(lock, environment),
            bundling=BundlingOptions(
                image=runtime.bundling_image,
                # The published signature spells the options out as keywords; jsii passes them as one object.
                local=DependencyBundling(lock, environment, budget_bytes),  # type: ignore[arg-type]
            ),
        ),
        compatible_runtimes=[runtime],
        compatible_architectures=[architecture_of(environment)],
        removal_policy=RemovalPolicy.DESTROY,
    )


def create_pawledger_layer(scope: Construct, environment: Environment) -> lambda_.LayerVersion:
    """Our own package, of the same commit as the functions that use it; no other app may."""
    return lambda_.LayerVersion(
        scope,
        "PawledgerLayer",
        description="The pawledger package.",
        code=lambda_.Code.from_asset(str(LAYERS_FOLDER / "pawledger"), exclude=list(COMPILED_FILES)),
        compatible_runtimes=[runtime_of(environment)],
        compatible_architectures=[architecture_of(environment)],
        removal_policy=RemovalPolicy.DESTROY,
    )
