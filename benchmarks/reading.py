"""Reading bank files, checks included, side by side with the readers of the package index, each in its own process."""

import json
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Final

from benchmarks.table import Row
from local_cloud.demonstration.bank_files import Line, write_bai2, write_camt053

CHECKOUT: Final = Path(__file__).parent.parent
RECORDS: Final = 200_000
CAMT_ENTRIES: Final = 100_000
PEER_CAMT_ENTRIES: Final = 2_000
"""pycamt slows down with the square of the entries and pyiso20022 holds all of them: both get a small file."""

RESIDENT_MEBIBYTES_MAX: Final = 128
PEER_TIMEOUT_SECONDS: Final = 120
RUNS: Final = 3
"""Of which the best counts, for us and for the peers: what else the machine does only adds."""

DAY: Final = date(2026, 11, 23)

_PROGRAM: Final = """
import json, re, sys, time
reader, path = sys.argv[1:]
started = time.process_time()
if reader == "pawledger":
    from pawledger.bank_files.detection import read_bank_file
    from pawledger.bank_files.report import FileReport
    report = FileReport()
    with open(path, "rb") as stream:
        count = sum(1 for _ in read_bank_file(stream, report))
    assert report.verdict == "accepted", report.problems
elif reader == "bai2":
    from bai2 import bai2
    with open(path) as stream:
        parsed = bai2.parse_from_file(stream)
    count = sum(len(a.children) for g in parsed.children for a in g.children)
elif reader == "pycamt":
    from pycamt.parser import Camt053Parser
    count = len(Camt053Parser.from_file(path).get_transactions())
elif reader == "pyiso20022":
    from xsdata.formats.dataclass.parsers import XmlParser
    from pyiso20022.camt.camt_053_001_08 import Document
    parsed = XmlParser().parse(path, Document)
    count = sum(len(s.ntry) for s in parsed.bk_to_cstmr_stmt.stmt)
seconds = time.process_time() - started
# The high-water mark of this process alone: what getrusage tells includes the process that started it.
kibibytes = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
print(json.dumps([count, seconds, kibibytes / 1024]))
"""


def measure_reading() -> list[Row]:
    """Records or entries per second of processor time on one core, imports included, and peak memory (Linux)."""
    with tempfile.TemporaryDirectory() as folder:
        bai2, camt = Path(folder, "bench.bai"), Path(folder, "bench.xml")
        peer_camt, large_camt = Path(folder, "peer.xml"), Path(folder, "large.xml")
        bai2.write_bytes(write_bai2(1, DAY, _lines(RECORDS)))
        camt.write_bytes(write_camt053("BENCH", DAY, 0, _lines(CAMT_ENTRIES)))
        peer_camt.write_bytes(write_camt053("PEER", DAY, 0, _lines(PEER_CAMT_ENTRIES)))
        large_camt.write_bytes(write_camt053("LARGE", DAY, 0, _lines(3 * CAMT_ENTRIES)))
        return [
            *_read("pawledger", "BAI2", bai2, RECORDS, rate_min=400_000),
            *_read("bai2", "BAI2, PyPI bai2", bai2, RECORDS),
            *_read("pawledger", "camt.053", camt, CAMT_ENTRIES, rate_min=30_000),
            *_read("pawledger", "camt.053, three times as long", large_camt, 3 * CAMT_ENTRIES, rate_min=30_000),
            *_read("pawledger", "camt.053, 2,000 entries", peer_camt, PEER_CAMT_ENTRIES),
            *_read("pycamt", "camt.053, 2,000 entries, PyPI pycamt", peer_camt, PEER_CAMT_ENTRIES),
            *_read("pyiso20022", "camt.053, 2,000 entries, PyPI pyiso20022", peer_camt, PEER_CAMT_ENTRIES),
        ]


def _read(reader: str, what: str, path: Path, expected_count: int, *, rate_min: int | None = None) -> list[Row]:
    runs = [_run_reader(reader, path) for _ in range(RUNS)]
    failed = next((run for run in runs if isinstance(run, str)), None)
    if failed:
        return [Row(f"reading {what}", failed, "", False if rate_min else None)]
    count, seconds, mebibytes = min((run for run in runs if not isinstance(run, str)), key=lambda run: run[1])
    if count != expected_count:
        return [Row(f"reading {what}", f"{count} of {expected_count} read", "", False if rate_min else None)]
    rate = count / seconds
    budget = f">= {rate_min:,}/s" if rate_min else ""
    memory_budget = f"<= {RESIDENT_MEBIBYTES_MAX} MiB" if rate_min else ""
    return [
        Row(f"reading {what}", f"{rate:,.0f}/s", budget, rate >= rate_min if rate_min else None),
        Row(
            f"  its peak memory ({path.stat().st_size / 2**20:.0f} MiB file)",
            f"{mebibytes:.0f} MiB",
            memory_budget,
            mebibytes <= RESIDENT_MEBIBYTES_MAX if rate_min else None,
        ),
    ]


def _run_reader(reader: str, path: Path) -> tuple[int, float, float] | str:
    """Records read, processor seconds and peak MiB of one run in a process of its own, or why there are none."""
    try:
        finished = subprocess.run(
            [sys.executable, "-c", _PROGRAM, reader, str(path)],
            env={"PYTHONPATH": str(CHECKOUT / "layers/pawledger/python")},
            capture_output=True,
            text=True,
            timeout=PEER_TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"> {PEER_TIMEOUT_SECONDS} s"
    if finished.returncode:
        return f"failed: {finished.stderr.strip().splitlines()[-1][:60]}"
    count, seconds, mebibytes = json.loads(finished.stdout.splitlines()[-1])
    return count, seconds, mebibytes


def _lines(count: int) -> list[Line]:
    """Payments of a book of policies: each with its own reference and amount."""
    return [
        Line(f"NB-{number:07d}", 2_000 + number % 9_000, f"Pet insurance {number}", f"RF891000{number:06d}0017")
        for number in range(count)
    ]
