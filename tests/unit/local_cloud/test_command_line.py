import fcntl
import json
from pathlib import Path

import pytest

from local_cloud.__main__ import main


def test_status_of_a_stopped_cloud_exits_with_three(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--directory", str(tmp_path)]) == 3
    assert capsys.readouterr().out == "The local cloud does not run.\n"


def test_status_of_a_running_cloud_names_its_address(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "process.json").write_text(json.dumps({"pid": 12345, "port": 4570}), encoding="utf-8")
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert main(["status", "--directory", str(tmp_path)]) == 0
    assert "http://127.0.0.1:4570 (process 12345)" in capsys.readouterr().out


def test_stopping_a_stopped_cloud_is_no_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stop", "--directory", str(tmp_path)]) == 0
    assert "does not run" in capsys.readouterr().out


@pytest.mark.parametrize("port", ["eighty", "-1", "65536", "4566.0", "٤٥٦٦"])
def test_what_is_no_port_is_answered_in_one_sentence(
    port: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["start", f"--port={port}", "--directory", str(tmp_path)]) == 1
    answer = capsys.readouterr()
    assert answer.out == ""
    assert answer.err == f"{port!r} is no port: give a number from 1 to 65535, or 0 for any free one.\n"


def test_the_port_of_the_environment_variable_is_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAWLEDGER_LOCAL_PORT", "not-a-port")
    assert main(["start", "--directory", str(tmp_path)]) == 1
    assert "'not-a-port' is no port" in capsys.readouterr().err
