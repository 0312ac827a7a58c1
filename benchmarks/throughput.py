"""How much processor time a posted payment takes, in a small book and in a large one, without AWS in between."""

import time
from collections.abc import Callable
from datetime import date
from typing import Final

from benchmarks.table import Row
from pawledger.adapters.stored_bodies import write_head
from pawledger.domain.books.entries import LedgerAccount, OpenInvoice
from pawledger.domain.books.ledger import AccountHead, Standing
from pawledger.domain.posting.bank_movements import BankMovement, Movement
from pawledger.domain.posting.payments import decide_movement
from pawledger.services.append_entry import Proposal, append_entry
from tests.fakes.memory import MemoryWorld
from tests.fakes.world import HeadRow

PAYMENTS: Final = 100_000
BOOK_SIZES: Final = (1_000, 1_000_000)
COST_RATIO_MAX: Final = 1.25
"""A thousand times the accounts may cost a quarter more: the machine's caches miss more often."""

DAY: Final = date(2026, 11, 23)
AMOUNT_MINOR: Final = 3_000


def measure_throughput() -> list[Row]:
    """Processor time of `PAYMENTS` payments, decided, hashed, chained and stored as text in memory."""
    seconds = {size: _post_payments_to(size) for size in BOOK_SIZES}
    rows = [
        Row(
            f"posting {PAYMENTS:,} payments to a book of {size:,} accounts, in memory",
            f"{PAYMENTS / seconds[size]:,.0f}/s",
            "",
            None,
        )
        for size in BOOK_SIZES
    ]
    ratio = seconds[BOOK_SIZES[-1]] / seconds[BOOK_SIZES[0]]
    what = "  processor time per payment, large book to small book"
    return [*rows, Row(what, f"{ratio:.2f}", f"<= {COST_RATIO_MAX}", ratio <= COST_RATIO_MAX)]


def _post_payments_to(account_count: int) -> float:
    world = MemoryWorld()
    seconds = 0.0
    posted = 0
    while posted < PAYMENTS:
        round_size = min(account_count, PAYMENTS - posted)
        step = account_count // round_size
        account_ids = [f"{1_000_000_000 + index * step}" for index in range(round_size)]
        _invoice_accounts(world, account_count if posted == 0 else round_size)
        started = time.process_time()
        for number, account_id in enumerate(account_ids, start=posted):
            append_entry(world.ledger, world.pause, account_id, _decide(number))
        seconds += time.process_time() - started
        posted += round_size
    return seconds


def _invoice_accounts(world: MemoryWorld, account_count: int) -> None:
    """Give each account one open invoice of the amount that will be paid; its history is of no account here."""
    for index in range(account_count):
        account_id = f"{1_000_000_000 + index}"
        head = AccountHead(
            account_id=account_id,
            version=1,
            currency="EUR",
            standing=Standing.OPEN,
            balances={("EUR", LedgerAccount.RECEIVABLE): AMOUNT_MINOR, ("EUR", LedgerAccount.PREMIUM): -AMOUNT_MINOR},
            open_invoices=(OpenInvoice(f"{account_id}-0001", DAY, AMOUNT_MINOR),),
            invoice_count=1,
            last_hash="0" * 64,
        )
        world.rows.heads[account_id] = [HeadRow(1, None, write_head(head))]


def _decide(number: int) -> Callable[[AccountHead, bool], Proposal]:
    movement = BankMovement(
        payment_id=f"{number:032x}",
        movement=Movement.PAYMENT,
        amount_minor=AMOUNT_MINOR,
        currency="EUR",
        booked_on=DAY,
        invoice_ids=(),
        identified_by="payment reference",
        return_reason=None,
        is_future_dated=False,
        file_id="0" * 64,
        line=number,
        number=number,
    )

    def decide(head: AccountHead, _: bool) -> Proposal:
        outcome = decide_movement(head, movement)
        return Proposal(outcome.decision, outcome.discrepancies)

    return decide
