"""What is installed is pinned by version and hash, and the locks say nothing of where it comes from."""

import json
import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[3]
LOCKS = sorted([*CHECKOUT.glob("requirements/*.txt"), *CHECKOUT.glob("layers/*/requirements.txt")])


def read_requirements(lock: Path) -> list[str]:
    """The requirements of a lock, each with its hashes joined to it."""
    return lock.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_requirement_is_one_version_with_hashes(lock: Path) -> None:
    requirements = read_requirements(lock)
    assert requirements
    pinned = re.compile(r"[a-z0-9][a-z0-9.-]*==[^ ]+ (; [^#@]+?)?(\s+--hash=sha256:[0-9a-f]{64})+")
    assert [each for each in requirements if not pinned.fullmatch(each)] == []


@pytest.mark.parametrize("layer", ["dependencies", "documents"])
def test_functions_run_with_the_versions_that_the_tests_ran_with(layer: str) -> None:
    def versions(lock: str) -> dict[str, str]:
        return dict(each.split(" ")[0].split("==") for each in read_requirements(CHECKOUT / lock))

    tested = versions("requirements/development.txt")
    shipped = versions(f"layers/{layer}/requirements.txt")
    assert {name: tested.get(name) for name in shipped} == shipped


def test_the_node_lock_is_hashed_and_names_no_address() -> None:
    lock = json.loads((CHECKOUT / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert all("integrity" in package and "resolved" not in package for package in packages.values())
