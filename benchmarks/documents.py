"""What a document costs: processor time and bytes, and the memory of a process that sets many of them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Final

from benchmarks.table import Row

CHECKOUT: Final = Path(__file__).parent.parent
MILLISECONDS_MAX: Final = 50
"""A billing day of 100,000 invoices, two documents each, is then under three hours of one processor."""
RESIDENT_MIB_MAX: Final = 1024
"""Far below the 1,769 MiB that the function has for the sake of its processor. Typst keeps what it may need again."""
LONG_LINES: Final = 100
"""Statements that the function writes have a month's lines; longer ones are asked for by people, one at a time."""

# In a process of its own, so that the memory is that of typesetting and not of what was measured before.
_PROGRAM: Final = """
import json, resource, sys, time
from datetime import date, timedelta
from pawledger.adapters.typesetting.typst_documents import TypstTypesetter
from pawledger.domain.billing.documents import (
    invoice_as_json, make_invoice_document, make_statement_between, statement_as_json
)
from tests.builders.documents import AccountStory, build_creditor

charges = [("premium", 199_28), ("tax:ipt", 23_91), ("fee:installment", 1_50), ("discount:multi_pet", -9_96)]
start = date(2026, 1, 1)

def tell(months):
    story = AccountStory()
    story.open(start)
    for month in range(months):
        story.invoice(start + timedelta(days=30 * month), charges)
        story.pay(start + timedelta(days=30 * month + 10), 214_73)
    return story

def statement_of(months):
    document = make_statement_between(
        tell(months).entries, first_day=start, last_day=date(2099, 1, 1), creditor=build_creditor()
    )
    return statement_as_json(document)

typesetter, answer = TypstTypesetter(), []
invoice = invoice_as_json(
    make_invoice_document(tell(1).entries[1], currency="EUR", creditor=build_creditor())
)
for what, document, count in (
    ("invoice", invoice, 400),
    ("statement of 2 lines", statement_of(1), 400),
    ("statement of 480 lines", statement_of(240), 20),
):
    typesetter.typeset(document)
    began = time.process_time()
    for number in range(count):
        account_id = f"ACCT{number:04d}"
        pdf = typesetter.typeset({**document, "account_id": account_id, "invoice_id": f"{account_id}-0001"})
    answer.append([what, len(document["lines"]), (time.process_time() - began) * 1000 / count, len(pdf)])
print(json.dumps([answer, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def measure_documents() -> list[Row]:
    """Processor time and size of each kind of document, and the most memory that setting 820 of them took."""
    finished = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env={"PYTHONPATH": f"{CHECKOUT}:{CHECKOUT / 'layers' / 'pawledger' / 'python'}"},
        capture_output=True,
        text=True,
        check=True,
    )
    measured, resident_mib = json.loads(finished.stdout)
    rows = [
        Row(
            f"setting one {what}",
            f"{milliseconds:.0f} ms, {size_bytes / 1000:.0f} kB",
            f"<= {MILLISECONDS_MAX} ms" if line_count < LONG_LINES else "",
            milliseconds <= MILLISECONDS_MAX if line_count < LONG_LINES else None,
        )
        for what, line_count, milliseconds, size_bytes in measured
    ]
    most = f"<= {RESIDENT_MIB_MAX} MiB"
    return [
        *rows,
        Row("resident after 820 documents", f"{resident_mib:.0f} MiB", most, resident_mib <= RESIDENT_MIB_MAX),
    ]
