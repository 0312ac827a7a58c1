"""GoCardless payouts and the items that they are made of: what each is to the books, and whether they add up."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from typing import Final, NamedTuple

from pawledger.bank_files.provider_rows import (
    Notes,
    RowNumbers,
    StatementCount,
    UnreadableReportError,
    check_identifiers,
    gather_references,
    number_entries,
    shown,
    signed,
)
from pawledger.bank_files.records import Direction, Purpose, StatementEntry, StatementSummary

PAYOUTS_MAX: Final = 50_000
"""Most payouts of one file: they and their sums are kept until it ends."""
ITEM_PURPOSES: Final[dict[str, Purpose]] = {
    "payment_paid_out": Purpose.PAYMENT,
    "payment_failed": Purpose.RETURN,
    "payment_charged_back": Purpose.RETURN,
    "payment_refunded": Purpose.RETURN,
    "refund": Purpose.RETURN,
    "refund_funds_returned": Purpose.RETURN,
    "gocardless_fee": Purpose.FEE,
    "app_fee": Purpose.FEE,
    "revenue_share": Purpose.FEE,
    "surcharge_fee": Purpose.FEE,
}
"""What a payout item of each type is. Source: GoCardless API reference, "Payout items"."""
_DEBIT: Final = Direction.DEBIT
_HALF: Final = Decimal("0.5")


@dataclass(slots=True)
class Payout:
    """A payout as far as it is known, and what its items add up to."""

    payout_id: str
    currency: str
    account: str
    day: date | None = None
    amount_minor: int | None = None
    """None where only its items are told."""
    status: str = ""
    line: int = 0
    items_minor: Decimal = Decimal(0)
    fees_minor: Decimal = Decimal(0)
    """The part of it that is fees, which may be smaller than the minor unit."""
    item_count: int = 0
    has_first_page: bool | None = None
    has_last_page: bool | None = None
    """Whether the first and last page of its items are in the file; None where its items do not come in pages."""

    def add_page(self, *, is_first: bool, is_last: bool) -> None:
        """Take up that a page of its items is in the file."""
        self.has_first_page = bool(self.has_first_page) or is_first
        self.has_last_page = bool(self.has_last_page) or is_last

    @property
    def is_whole(self) -> bool:
        """False where pages of its items come before or follow that are not in the file."""
        return self.has_first_page is not False and self.has_last_page is not False


class Item(NamedTuple):
    """What a payout item says, from whatever kind of file."""

    type_code: str
    amount_minor: Decimal
    """Signed as it changes the payout: fees are negative."""
    payment_id: str = ""
    refund_id: str = ""
    mandate_id: str = ""
    references: tuple[str, ...] = ()
    return_reason: str | None = None
    payer_name: str | None = None
    text: str = ""


@dataclass(slots=True)
class Payouts:
    """All payouts of a file, and their statements."""

    notes: Notes
    known: dict[str, Payout] = field(default_factory=dict)
    statements: dict[tuple[str, ...], StatementCount] = field(default_factory=dict)
    _numbers: RowNumbers = field(default_factory=RowNumbers)

    def add(self, payout: Payout) -> Payout | None:
        """Take up a payout with its amount; None where the file told it before, which must be the same."""
        before = self.known.get(payout.payout_id)
        if before is not None:
            if (before.amount_minor, before.currency) == (payout.amount_minor, payout.currency):
                self.notes.once("payout_twice", "payout is told more than once, and counted once", payout.line)
            else:
                message = f"payout {shown(payout.payout_id)} is told twice with different amounts"
                self.notes.wrong("payout_differs", message, payout.line)
            return None
        if len(self.known) >= PAYOUTS_MAX:
            raise UnreadableReportError("too_many_payouts", f"more than {PAYOUTS_MAX} payouts in one file")
        check_identifiers((payout.payout_id, payout.account), payout.line)
        self.known[payout.payout_id] = payout
        return payout

    def make_payout_entries(
        self, payout: Payout, references: Iterable[str], offset: int | None
    ) -> list[StatementEntry]:
        """The entry of a payout, and a second one where it bounced."""
        amount_minor, direction = signed(-(payout.amount_minor or 0))
        is_bounced = payout.status == "bounced"
        # fmt: off
        entry = StatementEntry(
            payout.account, payout.currency, amount_minor, direction, payout.day, payout.day,
            ("gocardless", payout.payout_id, "payout", "1"), payout.status != "pending", Purpose.PAYOUT, None,
            "payout", gather_references(references), None, None, None, "", payout.line, offset, None,
        )
        # fmt: on
        if not is_bounced:
            return [entry]
        back = Direction.CREDIT if direction is _DEBIT else _DEBIT
        identity = ("gocardless", payout.payout_id, "payout_bounced", "1")
        return [entry, entry._replace(direction=back, identity=identity, type_code="payout_bounced")]

    def make_item_entry(self, payout: Payout, item: Item, line: int, offset: int | None) -> StatementEntry | None:
        """The entry of an item, added to its payout; None where its amount is not certain, which is told."""
        purpose = ITEM_PURPOSES.get(item.type_code)
        if purpose is None:
            message = f"payout item type {shown(item.type_code)} is not known"
            self.notes.once("item_type_unknown", message, line, key=item.type_code)
            purpose = Purpose.PAYMENT
        if purpose is Purpose.FEE:
            # Parts of a minor unit are carried on to the next fee, so that the fees of a payout lose none.
            before, payout.fees_minor = payout.fees_minor, payout.fees_minor + item.amount_minor
            minor = _rounded(payout.fees_minor) - _rounded(before)
        else:
            minor = _rounded(item.amount_minor)
            if minor != item.amount_minor:
                message = f"{item.amount_minor} is not a whole number of minor units, which only fees may be"
                self.notes.wrong("amount_decimals", message, line, field="amount")
                return None
        payout.items_minor += item.amount_minor
        payout.item_count += 1
        amount_minor, direction = signed(minor)
        identity = ("gocardless", payout.payout_id, item.type_code, item.payment_id, item.refund_id, "1")
        # fmt: off
        return StatementEntry(
            payout.account, payout.currency, amount_minor, direction, payout.day, None, identity, True, purpose,
            item.return_reason, item.type_code, gather_references((*item.references, payout.payout_id)),
            item.mandate_id or None, None, item.payer_name, item.text, line, offset, None,
        )
        # fmt: on

    def count(self, entries: list[StatementEntry], *, by_payout: bool) -> list[StatementEntry]:
        """Number identical entries and count them: in a statement of each payout, or of each account."""
        keys = [hash(entry.identity) for entry in entries]
        entries = number_entries([[entry] for entry in entries], keys, self._numbers)
        by_statement: dict[tuple[str, ...], list[StatementEntry]] = {}
        for entry in entries:
            key: tuple[str, ...] = (entry.bank_account, entry.currency, entry.identity[1] if by_payout else "payouts")
            by_statement.setdefault(key, []).append(entry)
        for key, counted in by_statement.items():
            statement = self.statements.get(key)
            if statement is None:
                account, currency, told = key
                identity = ("gocardless", told, account, currency)
                statement = self.statements[key] = StatementCount(account, currency, identity)
            statement.count(counted)
        return entries

    def check(self) -> None:
        """Compare each payout with its items, where the file has both and all of them."""
        for payout in self.known.values():
            if not payout.item_count:
                continue
            if payout.amount_minor is None or not payout.is_whole:
                why = (
                    "is not in the file"
                    if payout.amount_minor is None
                    else "has items on pages that are not in the file"
                )
                message = f"payout {shown(payout.payout_id)} {why}: the sum of its items was not checked"
                self.notes.once("payout_not_checked", message, payout.line or None)
            elif abs(payout.items_minor - payout.amount_minor) > _HALF:
                message = (
                    f"payout {shown(payout.payout_id)} is {payout.amount_minor}, its items add up to "
                    f"{payout.items_minor.normalize():f} {payout.currency} minor units"
                )
                self.notes.wrong("payout_sum", message, payout.line or None)
            elif _rounded(payout.items_minor) != payout.amount_minor:
                message = f"items of payout {shown(payout.payout_id)} end in half a minor unit, rounded the other way"
                self.notes.once("payout_rounded", message, payout.line or None)

    def summaries(self) -> Iterator[StatementSummary]:
        """The statements as far as they were read."""
        for statement in self.statements.values():
            days = (str(statement.first_day), str(statement.last_day))
            yield statement.summary((*statement.identity, *days))


def _rounded(amount_minor: Decimal) -> int:
    """Rounded half up, which commutes with adding whole units: the order of items does not change their sum."""
    return int((amount_minor + _HALF).to_integral_value(ROUND_FLOOR))
