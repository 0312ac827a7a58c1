"""Settlements in any order: no payout has two lines, no line two payouts, and what is left in transit is explained."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from pawledger.domain.books.entries import LedgerAccount, TransitItem
from pawledger.domain.books.ledger import AccountHead, apply_entry, chain_entry
from pawledger.domain.posting.bank_movements import Movement
from pawledger.domain.posting.settlements import Settlement, decide_settlement, settlement_marks
from tests.builders.movements import build_movement

FIRST: Final = date(2026, 11, 2)
KINDS: Final = (Movement.PAYOUT, Movement.PAYOUT_REVERSAL, Movement.PAYMENT, Movement.OTHER_DEBIT)

# Few amounts, days and names, so that equal ones and doubtful ones are common.
MOVEMENTS = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.integers(1, 3),
        st.integers(0, 14),
        st.lists(st.sampled_from(["po_AAAA1", "po_BBBB2"]), max_size=2),
    ),
    max_size=12,
)


@given(MOVEMENTS, st.integers(0, 3))
def test_each_side_is_used_once_and_the_books_say_what_waits(
    drawn: list[tuple[Movement, int, int, list[str]]], days_until_arrival: int
) -> None:
    head = AccountHead("SETTLEMENT-stripe-EUR")
    sent: dict[str, TransitItem] = {}
    arrivals: Counter[str] = Counter()
    told_minor = 0
    for number, (kind, amount_minor, day, texts) in enumerate(drawn):
        booked_on = FIRST + timedelta(days=day)
        movement = build_movement(str(number), movement=kind, amount_minor=amount_minor, booked_on=booked_on)
        settlement = Settlement("stripe", days_until_arrival)
        outcome = decide_settlement(head, movement, settlement, settlement_marks(texts))
        decision = outcome.decision
        head = apply_entry(head, chain_entry(head, decision))  # refuses postings that do not sum to zero
        arrivals.update(decision.arrived)
        # Whatever is decided, the cash of a movement is booked, once and whole.
        cash = [posting.amount_minor for posting in decision.postings if posting.ledger_account == "cash"]
        assert cash == [movement.signed_minor]
        assert (decision.sent is None) == bool(decision.arrived)
        if decision.sent is not None:
            sent[decision.sent.item_id] = decision.sent
        told_minor += sum(_signed_difference(each.what) for each in outcome.discrepancies)
    assert max(arrivals.values(), default=0) <= 1
    assert set(arrivals) <= set(sent)
    assert {item.item_id for item in head.transit} == set(sent) - set(arrivals)
    waiting = Counter({"payout": 0, "line": 0})
    for item in head.transit:
        waiting[item.item_id.partition("#")[0]] += item.amount_minor
    assert head.balance_minor(LedgerAccount.SUSPENSE, "EUR") == -waiting["line"]
    assert head.balance_minor(LedgerAccount.IN_TRANSIT, "EUR") == waiting["payout"] + told_minor


def _signed_difference(what: str) -> int:
    """Paid out less booked, in minor units, as a discrepancy says it."""
    words = what.split()
    paid, booked = (words[words.index(before) + 1] for before in ("out", "booked"))
    return int((Decimal(paid) - Decimal(booked)) * 100)
