"""Import rules that import-linter cannot say; the others are its contracts in pyproject.toml."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

# `_typeshed` is there for type checkers alone: a module that imported it at run time would not load.
ALLOWED = {*sys.stdlib_module_names, "_typeshed", "pawledger"}
PACKAGE = Path(__file__).resolve().parents[3] / "layers" / "pawledger" / "python" / "pawledger"


def modules_of(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (PACKAGE / folder).rglob("*.py"))


def imported_packages(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.split(".")[0]


def reads_environment(source: str) -> bool:
    names = {"environ", "environb", "getenv"}
    tree = ast.parse(source)
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names}
    return bool(names & (attributes | imported))


@pytest.mark.parametrize("path", modules_of("domain", "bank_files"), ids=lambda path: path.stem)
def test_decisions_and_readers_import_the_standard_library_alone(path: Path) -> None:
    assert set(imported_packages(path.read_text(encoding="utf-8"))) - ALLOWED == set()


@pytest.mark.parametrize(
    "path",
    modules_of("adapters", "bank_files", "domain", "rules", "services"),
    ids=lambda path: f"{path.parent.name}.{path.stem}",
)
def test_the_environment_is_read_in_the_runtime_alone(path: Path) -> None:
    assert not reads_environment(path.read_text(encoding="utf-8"))


def test_the_checks_above_see_what_they_look_for() -> None:
    assert list(imported_packages("import boto3.session\nfrom lxml import etree")) == ["boto3", "lxml"]
    assert reads_environment("import os\nos.environ['A']")
    assert reads_environment("from os import getenv\ngetenv('A')")
    assert not reads_environment("import os\nos.fspath('a')")
