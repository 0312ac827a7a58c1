"""Reads one file with one reader and prints records, processor seconds and peak memory; run in a process of its own.

The time counts from before the reader is imported until its last record; what a reader of the package index gives is
taken as it gives it, without any check of totals that it does not make itself.
"""

import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Readers of the package index have no types, and each is imported only by the process that measures it.
# ruff: noqa: PLC0415


def read_with_pawledger(path: str) -> int:
    from pawledger.bank_files.detection import read_bank_file
    from pawledger.bank_files.reading_options import ReadingOptions
    from pawledger.bank_files.report import FileReport

    report, options = FileReport(), ReadingOptions()
    mapping = Path(path).with_suffix(".mapping.json")
    if mapping.exists():
        from pawledger.bank_files.mapped_csv.mapping import mapping_from_table

        options = ReadingOptions(csv_mappings=(mapping_from_table("bench", json.loads(mapping.read_text())),))
    with Path(path).open("rb") as stream:
        count = sum(1 for _ in read_bank_file(stream, report, options))
    if report.verdict != "accepted":
        raise SystemExit(f"not accepted: {report.problems[:3]}")
    return count


def read_with_bai2(path: str) -> int:
    from bai2 import bai2

    with Path(path).open() as stream:
        parsed = bai2.parse_from_file(stream)
    return sum(len(account.children) for group in parsed.children for account in group.children)


def read_with_pycamt(path: str) -> int:
    from pycamt.parser import Camt053Parser

    return len(Camt053Parser.from_file(path).get_transactions())


def read_with_pyiso20022(path: str) -> int:
    from pyiso20022.camt.camt_053_001_08 import Document
    from xsdata.formats.dataclass.parsers import XmlParser

    parsed = XmlParser().parse(path, Document)
    return sum(len(statement.ntry) for statement in parsed.bk_to_cstmr_stmt.stmt)


def read_with_carta_ach(path: str) -> int:
    from ach.parser import Parser

    parsed: Any = Parser(Path(path).read_text()).as_dict()
    return sum(len(batch["entries"]) for batch in parsed["batches"])


def read_with_mt940(path: str) -> int:
    import mt940

    return sum(len(statement.transactions) for statement in mt940.parse_statements(path))


def read_with_ofxparse(path: str) -> int:
    from ofxparse import OfxParser

    with Path(path).open("rb") as stream:
        parsed = OfxParser.parse(stream)
    return sum(len(account.statement.transactions) for account in parsed.accounts)


def read_with_ofxtools(path: str) -> int:
    from ofxtools.Parser import OFXTree

    parser = OFXTree()
    parser.parse(path)
    return sum(len(statement.transactions) for statement in parser.convert().statements)


def read_with_bankstatementparser(path: str) -> int:
    import bankstatementparser as peer

    readers = {
        ".bai": peer.Bai2Parser,
        ".xml": peer.CamtParser,
        ".sta": peer.Mt940Parser,
        ".ofx": peer.OfxParser,
        ".csv": peer.CsvStatementParser,
    }
    return len(readers[Path(path).suffix](path).parse())


def read_with_csv_dict_reader(path: str) -> int:
    """What a user would write by hand: rows as dictionaries, amounts as decimals, their sum."""
    import csv
    from decimal import Decimal

    total, count = Decimal(0), 0
    with Path(path).open(newline="") as stream:
        for row in csv.DictReader(stream):
            if row["Kind"] == "D":
                total += Decimal(row["Amount"])
                count += 1
    return count


READERS: dict[str, Callable[[str], int]] = {
    "pawledger": read_with_pawledger,
    "bai2": read_with_bai2,
    "pycamt": read_with_pycamt,
    "pyiso20022": read_with_pyiso20022,
    "carta-ach": read_with_carta_ach,
    "mt-940": read_with_mt940,
    "ofxparse": read_with_ofxparse,
    "ofxtools": read_with_ofxtools,
    "bankstatementparser": read_with_bankstatementparser,
    "csv.DictReader": read_with_csv_dict_reader,
}


def main() -> None:
    """Read the file that the arguments name with the reader that they name."""
    reader, path = sys.argv[1:]
    started = time.process_time()
    count = READERS[reader](path)
    seconds = time.process_time() - started
    # The high-water mark of this process alone: what getrusage tells includes the process that started it.
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    mebibytes = int(found[1]) / 1024 if found else 0.0
    print(json.dumps([count, seconds, mebibytes]))


if __name__ == "__main__":
    main()
