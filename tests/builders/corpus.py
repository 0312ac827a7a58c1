"""Where the corpus of public bank files is, and the facts its manifest states about each of them.

The corpus is not part of the project: tests that need it are skipped, with the reason, on a machine without it.
"""

import csv
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

CORPUS_VARIABLE: Final = "PAWLEDGER_CORPUS"
_BESIDE_THE_REPOSITORY: Final = Path(__file__).resolve().parents[2].parent / "shared" / "corpus"


@dataclass(frozen=True, slots=True)
class CorpusRow:
    """One file of the corpus and what independent arithmetic found in it."""

    path: Path
    verdict: str
    """The manifest's word: `integrity-ok`, `integrity-FAIL`, `readable`, ..."""
    why: str
    """What the manifest says is wrong with the file; empty where nothing is."""
    facts: dict[str, Any]
    """Counts and sums by name; which names there are depends on the format."""


def corpus_folder() -> Path | None:
    """The folder named by `PAWLEDGER_CORPUS`, else the one beside the repository; None where there is neither."""
    folder = Path(os.environ.get(CORPUS_VARIABLE, _BESIDE_THE_REPOSITORY))
    return folder if (folder / "MANIFEST.tsv").is_file() else None


def corpus_rows(format_name: str) -> list[CorpusRow]:
    """Every file that the manifest lists under `format_name`, in its order; empty where there is no corpus.

    Raises `FileNotFoundError` for a file that is listed and missing, so that a shrunken corpus cannot pass for green.
    """
    folder = corpus_folder()
    if folder is None:
        return []
    with (folder / "MANIFEST.tsv").open(encoding="utf-8", newline="") as manifest:
        listed = [row for row in csv.DictReader(manifest, delimiter="\t") if row["format"] == format_name]
    rows = [
        CorpusRow(folder / row["file"], row["verdict"], row["why_fail"], json.loads(row["facts"] or "{}"))
        for row in listed
    ]
    missing = [str(row.path) for row in rows if not row.path.is_file()]
    if missing:
        raise FileNotFoundError(f"listed in the manifest and missing: {missing[:5]}")
    return rows


def row_name(row: CorpusRow) -> str:
    """The name under which a parametrised test shows the row: its last folder and its file name."""
    return "/".join(row.path.parts[-2:])


needs_corpus: Final = pytest.mark.skipif(
    corpus_folder() is None, reason=f"no corpus of public bank files: set {CORPUS_VARIABLE} to its folder"
)
