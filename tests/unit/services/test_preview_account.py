"""Previews read one moment of an account, and come to an end."""

from collections.abc import Sequence
from datetime import date

import pytest

from pawledger.domain.billing import previews
from pawledger.domain.billing.previews import EndlessPreviewError
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.policy.policies import BilledTerm
from pawledger.ports import HeadMovedError, Ledger
from pawledger.rules.billing_rules import load_shipped_rules
from pawledger.services.billing.preview_account import READS_MAX, foresee_bill
from tests.builders.told_account import ACCOUNT_ID, ToldAccount, tell_dear_february
from tests.fakes.memory import MemoryWorld

FIRST_DAY = date(2026, 3, 1)
UNTIL = date(2026, 5, 31)


class BilledMeanwhile:
    """A ledger whose account is billed between two reads, so many times."""

    def __init__(self, account: ToldAccount, days: Sequence[date]) -> None:
        self.account = account
        self.days = list(days)
        self.ledger: Ledger = account.world.ledger
        self.read_entries_from = self.ledger.read_entries_from

    def read_head(self, account_id: str, *, consistent: bool) -> AccountHead | None:
        return self.ledger.read_head(account_id, consistent=consistent)

    def read_terms(self, account_id: str, first_id: str, last_id: str) -> Sequence[BilledTerm]:
        terms = self.ledger.read_terms(account_id, first_id, last_id)
        if self.days:
            self.account.bill(self.days.pop(0))
        return terms


def foresee(ledger: object) -> previews.Preview:
    rulebook = load_shipped_rules()
    return foresee_bill(ACCOUNT_ID, FIRST_DAY, UNTIL, ledger=ledger, rulebook=rulebook)  # type: ignore[arg-type]


def test_an_account_that_is_billed_meanwhile_is_read_again() -> None:
    account = tell_dear_february(MemoryWorld())

    preview = foresee(BilledMeanwhile(account, [date(2026, 3, 18)]))

    assert [invoice.invoice_id for invoice in preview.invoices] == ["ABCD1234-0005", "ABCD1234-0006"]


def test_an_account_that_changes_all_the_time_is_given_up() -> None:
    account = tell_dear_february(MemoryWorld())
    days = [date(2026, 3 + place, 18) for place in range(READS_MAX)]

    with pytest.raises(HeadMovedError, match="try again"):
        foresee(BilledMeanwhile(account, days))


def test_a_preview_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    account = tell_dear_february(MemoryWorld())
    monkeypatch.setattr(previews, "INVOICES_PREVIEWED_MAX", 3)
    assert len(foresee(account.world.ledger).invoices) == 3
    monkeypatch.setattr(previews, "INVOICES_PREVIEWED_MAX", 2)

    with pytest.raises(EndlessPreviewError, match="more than 2 invoices"):
        foresee(account.world.ledger)
