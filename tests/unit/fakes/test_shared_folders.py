"""What takes seconds to make is made once for all processes of a run."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.builders.shared_folders import VARIABLE, make_once


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))


def test_of_those_who_ask_at_once_one_makes_it_and_all_have_it_whole() -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        folder.mkdir()
        (folder / "told").write_text("once")

    with ThreadPoolExecutor(4) as pool:
        folders = list(pool.map(lambda _: make_once("app", make), range(4)))
    assert len(made) == 1
    assert {(folder / "told").read_text() for folder in folders} == {"once"}


def test_what_failed_half_way_is_made_again_from_nothing() -> None:
    def fail(folder: Path) -> None:
        folder.mkdir()
        (folder / "half").touch()
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        make_once("app", fail)
    assert list(make_once("app", Path.mkdir).iterdir()) == []
