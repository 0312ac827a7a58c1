"""Folders that are made once for all processes of a test run and never changed, such as the synthesised app."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

VARIABLE: Final = "PAWLEDGER_TEST_FOLDERS"
"""Where the run's processes find them; `tests/conftest.py` sets it before the first of them is started."""


def open_shared_folders() -> None:
    """Give the run a place for them; its processes inherit that of the one that started them."""
    os.environ.setdefault(VARIABLE, tempfile.mkdtemp(prefix="pawledger-tests-"))


def close_shared_folders() -> None:
    """Remove what was made, at the end of the run."""
    shutil.rmtree(os.environ.pop(VARIABLE), ignore_errors=True)


def make_once(name: str, make: Callable[[Path], object]) -> Path:
    """A folder that one process makes while the others wait for it; what fails half way is made again by the next."""
    place = Path(os.environ[VARIABLE])
    made = place / name
    with (place / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            partial = place / f"{name}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            make(partial)
            partial.rename(made)
    return made
