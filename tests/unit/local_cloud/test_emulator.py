import fcntl
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_cloud import emulator, errors
from local_cloud.emulator import LocalCloud, find, start

# Stands in for the emulator's Python: it is started with the same environment, serves the health page on the address it
# is told, and starts a helper as the emulator starts functions, which holds `helper.lock` for as long as it lives.
# `behaviour` holds what it does besides.
STAND_IN = """#!{python}
import fcntl, http.server, json, os, signal, subprocess, sys, time
{behaviour}
with open("seen.json", "w") as seen:
    json.dump(dict(os.environ), seen)
helper_lock = open("helper.lock", "w")
fcntl.flock(helper_lock, fcntl.LOCK_EX)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], pass_fds=[helper_lock.fileno()])
helper_lock.close()
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/_ministack/health" else 404)
        self.end_headers()
    def log_message(self, *arguments): pass
http.server.HTTPServer((os.environ["BIND_HOST"], int(os.environ["GATEWAY_PORT"])), Health).serve_forever()
"""


def write_stand_in(folder: Path, behaviour: str = "") -> Path:
    path = folder / "interpreter"
    path.write_text(STAND_IN.format(python=sys.executable, behaviour=behaviour), encoding="utf-8")
    path.chmod(0o755)
    return path


def is_locked(path: Path) -> bool:
    """Whether a process that lives holds the lock on a file."""
    with path.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def wait_until_unlocked(path: Path) -> bool:
    deadline = time.monotonic() + 5
    while is_locked(path) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not is_locked(path)


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "local-cloud"
    yield folder
    left = find(folder)
    if left is not None:
        left.stop()


@pytest.fixture
def running(directory: Path, tmp_path: Path) -> Iterator[LocalCloud]:
    cloud = start(directory=directory, interpreter=write_stand_in(tmp_path))
    yield cloud
    cloud.stop()


def test_a_started_cloud_is_found_from_its_directory(running: LocalCloud, directory: Path) -> None:
    assert find(directory) == running
    assert running.endpoint_url == f"http://127.0.0.1:{running.port}"


def test_stopping_ends_the_emulator_and_the_functions_it_runs(running: LocalCloud, directory: Path) -> None:
    assert is_locked(directory / "lock")
    assert is_locked(directory / "helper.lock")
    running.stop()
    assert wait_until_unlocked(directory / "lock")
    assert wait_until_unlocked(directory / "helper.lock")


def test_stopping_removes_everything_but_the_log_and_the_lock(running: LocalCloud, directory: Path) -> None:
    (directory / "tmp" / "left-behind").write_text("state", encoding="utf-8")
    assert running.environment_file.exists()
    running.stop()
    assert find(directory) is None
    assert {path.name for path in directory.iterdir()} == {"emulator.log", "lock", "helper.lock", "seen.json"}


def test_a_cloud_found_from_another_process_can_be_stopped(running: LocalCloud, directory: Path) -> None:
    found = find(directory)
    assert found is not None
    assert found.process is None
    found.stop()
    assert wait_until_unlocked(directory / "lock")


def test_a_second_start_from_the_same_directory_names_the_running_one(
    running: LocalCloud, directory: Path, tmp_path: Path
) -> None:
    with pytest.raises(errors.AlreadyRunningError, match=running.endpoint_url):
        start(directory=directory, interpreter=tmp_path / "interpreter")


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - the case of a program that listens widely
def test_a_port_in_use_is_named_with_the_way_out(address: str, directory: Path, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind((address, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(errors.PortInUseError, match=rf"Port {port} on 127.0.0.1 .* PAWLEDGER_LOCAL_PORT"):
            start(port, directory=directory, interpreter=write_stand_in(tmp_path))


def test_a_missing_virtual_environment_says_how_to_build_it(directory: Path, tmp_path: Path) -> None:
    with pytest.raises(errors.EmulatorMissingError, match="make install"):
        start(directory=directory, interpreter=tmp_path / "nothing")


def test_a_process_file_of_a_dead_emulator_neither_counts_nor_harms(directory: Path, tmp_path: Path) -> None:
    """The process id in the file is another program's by now: that program must survive."""
    directory.mkdir()
    (directory / "lock").touch()
    command = [sys.executable, "-c", "input()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as bystander:  # noqa: S603 - ours
        (directory / "process.json").write_text(json.dumps({"pid": bystander.pid, "port": 4566}), encoding="utf-8")
        assert find(directory) is None
        cloud = start(directory=directory, interpreter=write_stand_in(tmp_path))
        assert cloud.pid != bystander.pid
        cloud.stop()
        LocalCloud(port=4566, pid=bystander.pid, directory=directory).stop()
        bystander.communicate(b"\n")
        assert bystander.returncode == 0


def test_an_emulator_that_ends_at_once_is_reported_with_the_end_of_its_log(directory: Path, tmp_path: Path) -> None:
    interpreter = write_stand_in(tmp_path, "sys.exit('no such emulator')")
    with pytest.raises(errors.EmulatorStartError, match=r"ended with code 1[\s\S]*no such emulator"):
        start(directory=directory, interpreter=interpreter)
    assert find(directory) is None


def test_an_emulator_that_never_becomes_healthy_is_ended(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulator, "START_TIMEOUT_SECONDS", 0.5)
    with pytest.raises(errors.EmulatorStartError, match="not healthy"):
        start(directory=directory, interpreter=write_stand_in(tmp_path, "time.sleep(600)"))
    assert wait_until_unlocked(directory / "lock")


def test_an_emulator_that_ignores_the_request_to_end_is_forced(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emulator, "STOP_TIMEOUT_SECONDS", 0.3)
    interpreter = write_stand_in(tmp_path, "signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    start(directory=directory, interpreter=interpreter).stop()
    assert wait_until_unlocked(directory / "lock")


def test_aws_settings_of_the_caller_do_not_reach_the_functions(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "company")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    cloud = start(directory=directory, interpreter=write_stand_in(tmp_path))
    cloud.stop()
    environment = json.loads((directory / "seen.json").read_text(encoding="utf-8"))
    assert {name: value for name, value in environment.items() if name.startswith("AWS_")} == {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    assert environment["BIND_HOST"] == "127.0.0.1"
    assert environment["AUTH"] == "true"


def test_a_shell_that_sources_the_environment_file_talks_to_the_emulator(running: LocalCloud) -> None:
    script = f'. "{running.environment_file}"; echo "$AWS_ENDPOINT_URL ${{AWS_PROFILE-none}} $AWS_ACCESS_KEY_ID"'
    shell = subprocess.run(  # noqa: S603 - the script is written above
        ["sh", "-ec", script],  # noqa: S607 - the shell of the path, as a person would use it
        env={"PATH": os.environ["PATH"], "AWS_PROFILE": "company"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shell.stdout == f"{running.endpoint_url} none test\n"
