"""Reading bank files, checks included, beside the readers of the package index: one process for each, in one run."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.bulk_files import BULK_FORMATS, BulkFormat
from benchmarks.table import Row

CHECKOUT: Final = Path(__file__).parent.parent
RESIDENT_MEBIBYTES_MAX: Final = 128
TIMES_FASTER_MIN: Final = 3
TIMEOUT_SECONDS: Final = 300
RUNS: Final = 3
"""Of which the best counts, for us and for the peers: what else the machine does only adds. They take turns."""


@dataclass(frozen=True, slots=True)
class _Measured:
    """The best of some runs."""

    rate: float
    """Records per second of processor time, imports included."""
    mebibytes: float


def measure_reading() -> list[Row]:
    """Records per second of processor time on one core and peak memory (Linux) of every format, peers beside."""
    rows: list[Row] = []
    for bulk in BULK_FORMATS:
        print(f"  {bulk.name} ...", file=sys.stderr, flush=True)
        rows += _measure_format(bulk)
    return rows


def _measure_format(bulk: BulkFormat) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"bench{bulk.suffix}")
        bulk.write(path, bulk.records)
        ours, *peers = _measure([("pawledger", path, bulk.records), *_peer_files(bulk, Path(folder))])
        budget = f">= {bulk.rate_min:,}/s" if bulk.rate_min else ""
        if isinstance(ours, str):
            yield Row(bulk.name, ours, budget, False)
            return
        yield Row(bulk.name, f"{ours.rate:,.0f}/s", budget, ours.rate >= bulk.rate_min if bulk.rate_min else None)
        fastest = 0.0
        for peer, measured in zip(bulk.peers, peers, strict=True):
            what = f"  PyPI {peer.reader}, {peer.records:,} records"
            if isinstance(measured, str):
                yield Row(what, measured, "", None)
            else:
                fastest = max(fastest, measured.rate)
                yield Row(what, f"{measured.rate:,.0f}/s, {measured.mebibytes:.0f} MiB", "", None)
        if fastest:
            times = ours.rate / fastest
            what = "  times as fast as the fastest of them"
            yield Row(what, f"{times:.1f}", f">= {TIMES_FASTER_MIN}", times >= TIMES_FASTER_MIN)
        yield _measure_memory(bulk, path)


def _peer_files(bulk: BulkFormat, folder: Path) -> Iterator[tuple[str, Path, int]]:
    """A file for each peer of as many records as it can take: some slow down with the square of them."""
    for peer in bulk.peers:
        path = folder / f"peer-{peer.records}{bulk.suffix}"
        if not path.exists():
            bulk.write(path, peer.records)
        yield peer.reader, path, peer.records


def _measure(readings: list[tuple[str, Path, int]]) -> list[_Measured | str]:
    """The best run of each reading, or why there is none."""
    best: list[_Measured | str] = [""] * len(readings)
    for _ in range(RUNS):
        for place, (reader, path, records) in enumerate(readings):
            run = _run(reader, path, records)
            known = best[place]
            if isinstance(run, str) or known == "" or (isinstance(known, _Measured) and run.rate > known.rate):
                best[place] = run
    return best


def _measure_memory(bulk: BulkFormat, path: Path) -> Row:
    bulk.write(path, bulk.memory_records)
    what = f"  memory for {bulk.memory_records:,} ({path.stat().st_size / 2**20:.0f} MiB file)"
    run = _run("pawledger", path, bulk.memory_records)
    budget = f"<= {RESIDENT_MEBIBYTES_MAX} MiB"
    if isinstance(run, str):
        return Row(what, run, budget, False)
    return Row(what, f"{run.mebibytes:.0f} MiB", budget, run.mebibytes <= RESIDENT_MEBIBYTES_MAX)


def _run(reader: str, path: Path, records: int) -> _Measured | str:
    """One run in a process of its own, or why it failed."""
    try:
        finished = subprocess.run(
            [sys.executable, "-m", "benchmarks.read_one_file", reader, str(path)],
            env={"PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'layers/pawledger/python'}"},
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"> {TIMEOUT_SECONDS} s"
    if finished.returncode:
        return f"failed: {(finished.stderr.strip().splitlines() or ['?'])[-1][:60]}"
    count, seconds, mebibytes = json.loads(finished.stdout.splitlines()[-1])
    if abs(count - records) > records // 100:
        # Some files have a payout or a refund more or less than was asked for.
        return f"{count} of {records} read"
    return _Measured(count / seconds, mebibytes)
