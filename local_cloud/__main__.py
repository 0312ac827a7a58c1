"""`python -m local_cloud start|deploy|demo|stop|status`: the local cloud on the command line."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import boto3

from local_cloud import errors
from local_cloud.demonstration.cloud import Cloud
from local_cloud.demonstration.household import live_household_year, print_household_year
from local_cloud.demonstration.morning_after import live_morning_after, print_morning_after
from local_cloud.demonstration.story import print_closing_table, print_next_steps, tell_story
from local_cloud.deployment import deploy, synthesize
from local_cloud.emulator import ACCESS_KEY, DEFAULT_DIRECTORY, DEFAULT_PORT, REGION, LocalCloud, find, start

PORT_VARIABLE: Final = "PAWLEDGER_LOCAL_PORT"
NOT_RUNNING_EXIT: Final = 3  # what service managers answer to "status" for a stopped service (LSB)


@dataclass(frozen=True, kw_only=True)
class Options:
    """What every command is told: the port to start on, and where the local cloud keeps its files."""

    port: int
    directory: Path


def start_command(options: Options) -> int:
    """Start the emulator, or say that it runs already."""
    _ensure_running(options)
    return 0


def deploy_command(options: Options) -> int:
    """Start the emulator if need be, synthesise the app for it and deploy it."""
    cloud = _ensure_running(options)
    print("Synthesising the CDK app ...", flush=True)
    deploy(cloud.endpoint_url, synthesize(options.directory / "cdk.out"))
    print(f"To use it from a shell: source {os.path.relpath(cloud.environment_file)}")
    return 0


def demo_command(options: Options) -> int:
    """Start afresh, deploy, run the demonstration and leave everything running for people to look around."""
    started = time.monotonic()
    running = find(options.directory)
    if running:
        running.stop()
        print("Ended the local cloud that was running: the demonstration begins with an empty one.")
    cloud = start(options.port, directory=options.directory)
    print(f"The local cloud runs at {cloud.endpoint_url} (process {cloud.pid}).")
    print("Synthesising the CDK app, layers and rule packs included, some 10 to 20 s ...", flush=True)
    outputs = deploy(cloud.endpoint_url, synthesize(options.directory / "cdk.out"))
    app = Cloud(boto3.Session(ACCESS_KEY, ACCESS_KEY, region_name=REGION), cloud.endpoint_url, outputs)
    summary = tell_story(app, app.read_business_date())
    print_closing_table(summary)
    print_morning_after(live_morning_after(app, app.read_business_date(), cloud.environment))
    print_household_year(live_household_year(app, app.read_business_date()))
    print_next_steps(cloud, time.monotonic() - started)
    return 0


def stop_command(options: Options) -> int:
    """End the emulator and remove its state; that it does not run is no failure."""
    cloud = find(options.directory)
    if cloud is None:
        print("The local cloud does not run.")
        return 0
    cloud.stop()
    print("The local cloud has ended; its state is gone.")
    return 0


def status_command(options: Options) -> int:
    """Say whether the emulator runs, and where."""
    cloud = find(options.directory)
    if cloud is None:
        print("The local cloud does not run.")
        return NOT_RUNNING_EXIT
    print(f"The local cloud runs at {cloud.endpoint_url} (process {cloud.pid}); its log is {cloud.log_file}.")
    return 0


COMMANDS: Final[dict[str, Callable[[Options], int]]] = {
    "start": start_command,
    "deploy": deploy_command,
    "demo": demo_command,
    "stop": stop_command,
    "status": status_command,
}


def parse_port(text: str) -> int:
    """A TCP port, or 0 for any free one; raises `PortNumberError`."""
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise errors.PortNumberError(text)
    return int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; a condition with a name is answered with its sentence and exit code 1."""
    parser = argparse.ArgumentParser(prog="python -m local_cloud", description="The local cloud of Pawledger.")
    parser.add_argument("command", choices=[*COMMANDS])
    parser.add_argument("--port", help=f"port on 127.0.0.1, 0 for any free one (default: {PORT_VARIABLE} or 4566)")
    parser.add_argument("--directory", type=Path, default=DEFAULT_DIRECTORY, help="where it keeps its files")
    parsed = parser.parse_args(arguments)
    try:
        port = parse_port(parsed.port or os.environ.get(PORT_VARIABLE) or str(DEFAULT_PORT))
        return COMMANDS[parsed.command](Options(port=port, directory=parsed.directory.resolve()))
    except errors.LocalCloudError as error:
        print(error, file=sys.stderr)
        return 1


def _ensure_running(options: Options) -> LocalCloud:
    running = find(options.directory)
    cloud = running or start(options.port, directory=options.directory)
    print(f"The local cloud {'already runs' if running else 'runs'} at {cloud.endpoint_url} (process {cloud.pid}).")
    return cloud


if __name__ == "__main__":
    sys.exit(main())
