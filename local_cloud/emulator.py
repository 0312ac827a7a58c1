"""Starts and stops the emulator, on loopback only.

The emulator's process holds a lock on `lock` in its directory for as long as it lives. That lock, and not the process
id, says whether it runs: a process id may be another program's by now, a lock cannot outlive its holder.
"""

import contextlib
import fcntl
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from local_cloud import errors

LOOPBACK: Final = "127.0.0.1"
REGION: Final = "eu-west-1"
ACCESS_KEY: Final = "test"  # the emulator's own root key: it opens nothing anywhere else
DEFAULT_PORT: Final = 4566
CHECKOUT: Final = Path(__file__).resolve().parent.parent
DEFAULT_DIRECTORY: Final = CHECKOUT / ".local-cloud"
DEFAULT_INTERPRETER: Final = DEFAULT_DIRECTORY / "venv" / "bin" / "python"

START_TIMEOUT_SECONDS: Final = 30.0  # measured 1 s; 30 leaves room for two busy cores
STOP_TIMEOUT_SECONDS: Final = 10.0  # measured 0.1 s; after that the process is forced to end
HEALTH_TIMEOUT_SECONDS: Final = 2.0
POLL_SECONDS: Final = 0.05
LOG_TAIL_LINES: Final = 15  # enough for a traceback's end, short enough for a terminal

_PROCESS_FILE: Final = "process.json"
_ENVIRONMENT_FILE: Final = "environment"
_LOCK_FILE: Final = "lock"
_LOG_FILE: Final = "emulator.log"
_TEMPORARY: Final = "tmp"
_INHERITED: Final = ("HOME", "LANG", "LC_ALL", "PATH")


@dataclass(frozen=True, kw_only=True)
class LocalCloud:
    """A running emulator. `directory` holds its log, its temporary files and the file of environment variables."""

    port: int
    pid: int
    directory: Path
    process: subprocess.Popen[bytes] | None = field(default=None, compare=False, repr=False)

    @property
    def endpoint_url(self) -> str:
        """The address that every AWS client is to use."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def environment_file(self) -> Path:
        """A file for `source`: after it, AWS clients of that shell talk to this emulator."""
        return self.directory / _ENVIRONMENT_FILE

    @property
    def log_file(self) -> Path:
        """What the emulator and the functions in it print."""
        return self.directory / _LOG_FILE

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables with which AWS clients talk to this emulator alone, and `pawledger` to what is deployed to it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": ACCESS_KEY,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "PAWLEDGER_ENVIRONMENT": "local",
        }

    def stop(self) -> None:
        """End the emulator with the functions it runs, and remove everything it kept but its log.

        Raises `EmulatorStopError` when the process survives being forced to end.
        """
        for sent in (signal.SIGTERM, signal.SIGKILL):
            if not _is_locked(self.directory):
                break
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, sent)
            _wait_until_unlocked(self.directory)
        if _is_locked(self.directory):
            raise errors.EmulatorStopError(self.pid)
        if self.process is not None:
            self.process.wait(timeout=STOP_TIMEOUT_SECONDS)
        _remove_state(self.directory)


def find(directory: Path = DEFAULT_DIRECTORY) -> LocalCloud | None:
    """The local cloud that runs from a directory, or None; what a crashed one left behind counts as none."""
    if not _is_locked(directory):
        return None
    try:
        written = json.loads((directory / _PROCESS_FILE).read_text(encoding="utf-8"))
        return LocalCloud(port=written["port"], pid=written["pid"], directory=directory)
    except FileNotFoundError:
        return None  # it holds the lock but is still on its way up: whoever starts it will write the file


def start(port: int = 0, *, directory: Path = DEFAULT_DIRECTORY, interpreter: Path = DEFAULT_INTERPRETER) -> LocalCloud:
    """Start an emulator on loopback and return once it is healthy; port 0 takes any free port.

    `interpreter` is the Python of the emulator's own virtual environment, which also runs the functions. Raises
    `EmulatorMissingError`, `PortInUseError`, `AlreadyRunningError` and `EmulatorStartError`.
    """
    if not interpreter.exists():
        raise errors.EmulatorMissingError(interpreter)
    running = find(directory)
    if running is not None:
        raise errors.AlreadyRunningError(running.endpoint_url)
    chosen = _free_port() if port == 0 else port
    if port != 0 and _is_taken(port):
        raise errors.PortInUseError(port)
    directory.mkdir(parents=True, exist_ok=True)
    _remove_state(directory)
    (directory / _TEMPORARY).mkdir()
    process = _launch(chosen, directory, interpreter)
    cloud = LocalCloud(port=chosen, pid=process.pid, directory=directory, process=process)
    try:
        _wait_until_healthy(cloud, process)
    except errors.EmulatorStartError:
        cloud.stop()
        raise
    _write(directory / _PROCESS_FILE, json.dumps({"pid": cloud.pid, "port": cloud.port}))
    lines = [f"export {name}={value}" for name, value in cloud.environment.items()]
    _write(cloud.environment_file, "\n".join([*lines, "unset AWS_PROFILE AWS_SESSION_TOKEN", ""]))
    return cloud


def _launch(port: int, directory: Path, interpreter: Path) -> subprocess.Popen[bytes]:
    """Start the emulator's process, which takes the directory's lock with it."""
    # Functions inherit the emulator's environment: the caller's AWS settings must not reach them.
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    environment |= {
        "AUTH": "true",  # the functions' roles are enforced, as far as the emulator can
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": ACCESS_KEY,
        "AWS_DEFAULT_REGION": REGION,
        "BIND_HOST": LOOPBACK,
        "GATEWAY_PORT": str(port),
        "LAMBDA_EXECUTOR": "local",
        "MINISTACK_REGION": REGION,
        "PYTHONUNBUFFERED": "1",
        "TMPDIR": str(directory / _TEMPORARY),
    }
    with (directory / _LOCK_FILE).open("a") as lock, (directory / _LOG_FILE).open("wb") as log:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise errors.AlreadyRunningError("an address not written yet") from None
        return subprocess.Popen(  # noqa: S603 - our own program, no shell, no text from outside
            [str(interpreter), str(Path(__file__).with_name("emulator_process.py"))],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=[lock.fileno()],
            start_new_session=True,  # a group of its own: the functions' processes end with it, ours do not
        )


def _wait_until_healthy(cloud: LocalCloud, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        code = process.poll()
        if code is not None:
            raise errors.EmulatorStartError(f"ended with code {code}", cloud.log_file, _tail(cloud.log_file))
        if _is_healthy(cloud.port):
            return
        time.sleep(POLL_SECONDS)
    what = f"was not healthy after {START_TIMEOUT_SECONDS:.0f} seconds"
    raise errors.EmulatorStartError(what, cloud.log_file, _tail(cloud.log_file))


def _is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=HEALTH_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _is_taken(port: int) -> bool:
    """Whether a program listens on the port; a wildcard listener counts, also where bind would allow a second one."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(HEALTH_TIMEOUT_SECONDS)
        if probe.connect_ex((LOOPBACK, port)) == 0:
            return True
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
    return False


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def _is_locked(directory: Path) -> bool:
    try:
        lock = (directory / _LOCK_FILE).open("r")
    except FileNotFoundError:
        return False
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _wait_until_unlocked(directory: Path) -> None:
    deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
    while _is_locked(directory) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)


def _remove_state(directory: Path) -> None:
    for name in (_PROCESS_FILE, _ENVIRONMENT_FILE):
        (directory / name).unlink(missing_ok=True)
    # A function that was ended while it wrote may leave files behind for a moment; they are temporary by name.
    shutil.rmtree(directory / _TEMPORARY, ignore_errors=True)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_TAIL_LINES:])


def _write(path: Path, text: str) -> None:
    """Write whole or not at all, so that a reader never meets half a file."""
    partial = path.with_suffix(".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
