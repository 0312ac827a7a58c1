"""Ordinary bank files of any size in every format, and the readers of the package index that can read them."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from local_cloud.demonstration.bank_files import Line, write_bai2
from tests.builders.adyen_file import write_adyen_bulk
from tests.builders.bacs_file import write_bacs_bulk
from tests.builders.camt053_file import write_camt053_bulk
from tests.builders.csv_file import BULK_LAYOUT, write_csv_bulk
from tests.builders.gocardless_file import write_gocardless_bulk
from tests.builders.lockbox_file import write_lockbox_bulk
from tests.builders.mt940_file import write_mt940_bulk
from tests.builders.nacha_file import write_nacha_bulk
from tests.builders.ofx_file import write_ofx_bulk
from tests.builders.paypal_file import write_paypal_bulk
from tests.builders.stripe_file import write_stripe_bulk

DAY: Final = date(2026, 11, 23)
RECORDS: Final = 200_000


@dataclass(frozen=True, slots=True)
class Peer:
    """A reader of the package index, and how many records it can take in the time of a benchmark."""

    reader: str
    records: int


@dataclass(frozen=True, slots=True)
class BulkFormat:
    """One format: how a file of it is written, what is expected of its reader, and who else reads it."""

    name: str
    suffix: str
    write: Callable[[Path, int], object]
    rate_min: int | None
    """Budget in records per second; None where there is none for the format."""
    peers: tuple[Peer, ...] = ()
    records: int = RECORDS
    memory_records: int = 1_000_000
    """At which memory is looked at: what does not grow with the file does not grow before that either."""


def write_bai2_bulk(path: Path, records: int) -> None:
    """Payments of a book of policies: each with its own reference and amount."""
    lines = [
        Line(f"NB-{number:07d}", 2_000 + number % 9_000, f"Pet insurance {number}", f"RF891000{number:06d}0017")
        for number in range(records)
    ]
    path.write_bytes(write_bai2(1, DAY, lines))


def write_mapped_csv_bulk(path: Path, records: int) -> None:
    """A delimited file, and beside it the mapping of its columns."""
    write_csv_bulk(path, records)
    path.with_suffix(".mapping.json").write_text(json.dumps(BULK_LAYOUT.table()), encoding="utf-8")


def _halved(write: Callable[[Path, int], object]) -> Callable[[Path, int], object]:
    """A writer of rows that each give two entries, a payment and its fee; records are then the entries."""
    return lambda path, records: write(path, records // 2)


BULK_FORMATS: Final = (
    BulkFormat("BAI2", ".bai", write_bai2_bulk, 400_000, (Peer("bai2", 100_000), Peer("bankstatementparser", 100_000))),
    BulkFormat("NACHA", ".ach", write_nacha_bulk, 400_000, (Peer("carta-ach", 100_000),)),
    BulkFormat(
        "camt.053",
        ".xml",
        write_camt053_bulk,
        30_000,
        (Peer("bankstatementparser", 20_000), Peer("pycamt", 2_000), Peer("pyiso20022", 5_000)),
        records=100_000,
    ),
    BulkFormat(
        "MT940", ".sta", write_mt940_bulk, 300_000, (Peer("mt-940", 20_000), Peer("bankstatementparser", 100_000))
    ),
    BulkFormat(
        "OFX",
        ".ofx",
        write_ofx_bulk,
        None,
        (Peer("ofxparse", 2_000), Peer("ofxtools", 20_000), Peer("bankstatementparser", 50_000)),
    ),
    BulkFormat("BAI lockbox, checks of two records", ".lockbox", write_lockbox_bulk, None),
    BulkFormat("CSV by mapping", ".csv", write_mapped_csv_bulk, 250_000, (Peer("bankstatementparser", 50_000),)),
    BulkFormat("Bacs ARUDD", ".xml", write_bacs_bulk, None, records=50_000, memory_records=990_000),
    BulkFormat("Stripe", ".csv", _halved(write_stripe_bulk), None),
    BulkFormat("Adyen settlement", ".csv", _halved(write_adyen_bulk), None),
    BulkFormat("PayPal settlement", ".csv", _halved(write_paypal_bulk), None),
    BulkFormat("GoCardless payout items", ".json", write_gocardless_bulk, None),
)
