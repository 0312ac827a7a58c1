"""Items of Bacs reports as statement entries: returned collections, indemnity claims, and changed instructions."""

from dataclasses import dataclass, field
from datetime import date
from typing import Final

from pawledger.bank_files.bacs.codes import COLLECTION_CODES, REASONS
from pawledger.bank_files.bacs.fields import (
    Fields,
    LostStructureError,
    Notes,
    account_text,
    first_of,
    read_amount,
    read_currency,
    read_day,
    shown,
)
from pawledger.bank_files.records import Direction, Purpose, StatementEntry

ITEMS_MAX: Final = 1_000_000
"""Most items of one report, among which identical ones are counted; this many take about 75 MB."""
COLLECTIONS_TOLD_MAX: Final = 12
"""Most collections of one indemnity claim that its text lists; a year has no more of them."""


@dataclass(frozen=True, slots=True)
class Item:
    """One record with where it stands."""

    name: str
    fields: Fields
    line: int
    offset: int | None

    def first(self, *names: str) -> str:
        """The first value of the first of the names that has one, else empty."""
        return first_of(self.fields, *names)


@dataclass(slots=True)
class EntryMaker:
    """Makes entries and numbers those of one report that agree in all their facts."""

    notes: Notes
    _rows: dict[int, int] = field(default_factory=dict)
    """How often the facts with a hash have come: the facts themselves would take five times the memory."""

    def returned_debit(self, item: Item, user_number: str, account: str, day: date | None) -> StatementEntry | None:
        """The entry of a collection that comes back unpaid (ARUDD); None where its amount is not certain."""
        self.notes.line = item.line
        currency = read_currency(item.first("currency"), self.notes)
        amount = read_amount(item.first("valueof"), currency, "valueOf", self.notes) if currency else None
        if currency is None or amount is None:
            return None
        reference, payer_reference = item.first("ref"), item.first("payeraccount.ref")
        transaction_code = item.first("transcode")
        if transaction_code not in COLLECTION_CODES:
            message = f"transaction code {shown(transaction_code)} is not that of a collection"
            self.notes.once("bacs.transaction_code", message, key=transaction_code)
        code = self._reason(item.first("returncode"), "bacs.arudd")
        original = self._original_day(item)
        payer = account_text(item.first("payeraccount.sortcode"), item.first("payeraccount.number"))
        facts = ("bacs.arudd", user_number, reference or payer_reference, payer, transaction_code, original)
        return self._entry(
            item,
            account=account,
            currency=currency,
            amount_minor=amount,
            day=day,
            facts=(*facts, currency, str(amount)),
            reason=code,
            type_code=transaction_code,
            references=(reference, payer_reference),
            payer_account=payer,
            payer_name=item.first("payeraccount.name"),
            text=item.first("returndescription"),
        )

    def claim(self, item: Item, user_number: str, day: date | None, *, is_cancelled: bool) -> StatementEntry | None:
        """The entry of an indemnity claim, or of its cancellation; None where its amount is not certain."""
        self.notes.line = item.line
        currency = read_currency(item.first("currency"), self.notes)
        amount = read_amount(item.first("totalamount"), currency, "TotalAmount", self.notes) if currency else None
        if currency is None or amount is None:
            return None
        self._check_collections(item, amount, currency)
        reference, claim_reference = item.first("sureference"), item.first("payingbankreference")
        kind = "cancellation" if is_cancelled else "claim"
        return self._entry(
            item,
            account=user_number,
            currency=currency,
            amount_minor=amount,
            day=day,
            facts=("bacs.ddica", user_number, kind, claim_reference, reference, currency, str(amount)),
            reason=self._reason(item.first("reasoncode"), "bacs.ddica"),
            type_code=kind,
            references=(reference, claim_reference),
            payer_account=account_text(item.first("payersortcode"), item.first("payeraccount", "payeraccountnumber")),
            payer_name=item.first("payername"),
            text=self._claim_text(item),
            direction=Direction.CREDIT if is_cancelled else Direction.DEBIT,
        )

    def instruction(self, item: Item, report: str, user_number: str, day: date | None) -> StatementEntry:
        """The entry of an advice that an instruction changed, was cancelled or returned (ADDACS, AUDDIS): no money."""
        self.notes.line = item.line
        reference = item.first("reference", "payerreference")
        if not reference:
            self.notes.once("bacs.reference_missing", "advice without the reference of an instruction")
        effective = item.first("effectivedate")
        new_account = account_text(item.first("payernewsortcode"), item.first("payernewaccountnumber"))
        payer = account_text(item.first("payersortcode"), item.first("payeraccountnumber"))
        code = self._reason(item.first("reasoncode"), report)
        told = ((f"new account {new_account}", new_account), (f"effective {effective}", effective))
        return self._entry(
            item,
            account=user_number,
            currency="GBP",
            amount_minor=0,
            day=read_day(effective, "effective-date", self.notes) or day,
            facts=(report, user_number, reference, item.first("recordtype"), code, payer, new_account, effective),
            reason=code,
            type_code=item.first("recordtype"),
            references=(reference,),
            payer_account=payer,
            payer_name=item.first("payername"),
            text=", ".join(words for words, value in told if value),
            purpose=Purpose.CHANGE,
        )

    def _entry(
        self,
        item: Item,
        *,
        account: str,
        currency: str,
        amount_minor: int,
        day: date | None,
        facts: tuple[str, ...],
        reason: str,
        type_code: str,
        references: tuple[str, ...],
        payer_account: str,
        payer_name: str,
        text: str,
        direction: Direction = Direction.DEBIT,
        purpose: Purpose = Purpose.RETURN,
    ) -> StatementEntry:
        row = hash(facts)
        self._rows[row] = ordinal = self._rows.get(row, 0) + 1
        if len(self._rows) > ITEMS_MAX:
            raise LostStructureError("bacs.too_many_items", f"more than {ITEMS_MAX} items in one report")
        return StatementEntry(
            bank_account=account,
            currency=currency,
            amount_minor=amount_minor,
            direction=direction,
            booked_on=day,
            value_on=day if purpose is Purpose.RETURN else None,
            identity=(*facts, str(ordinal)),
            posts=purpose is Purpose.RETURN,
            purpose=purpose,
            return_reason=reason or None,
            type_code=type_code or None,
            references=tuple(dict.fromkeys(reference for reference in references if reference)),
            mandate_id=references[0] or None,
            payer_account=payer_account or None,
            payer_name=payer_name or None,
            text=text,
            line=item.line,
            offset=item.offset,
            booking=None,
        )

    def _reason(self, code: str, report: str) -> str:
        """The reason code as it stands, with a warning where the report does not list it."""
        if code not in REASONS[report]:
            what = f"reason code {shown(code)} is not in the table of {report}" if code else "item without reason code"
            self.notes.once("bacs.reason_unknown", what, key=f"{report} {code}")
        return code

    def _original_day(self, item: Item) -> str:
        text = item.first("originalprocessingdate")
        day = read_day(text, "originalProcessingDate", self.notes)
        if not text:
            self.notes.once("bacs.day", "returned debit without its original processing date", key="original")
        return day.isoformat() if day else text

    def _check_collections(self, item: Item, amount_minor: int, currency: str) -> None:
        amounts = [read_amount(text, currency, "Amount", self.notes) for text in item.fields.get("amount", ())]
        total = sum(amount for amount in amounts if amount is not None)
        if amounts and total != amount_minor:
            message = f"TotalAmount is {amount_minor}, the {len(amounts)} collections of the claim are {total}"
            self.notes.wrong("bacs.claim_total", message, field="TotalAmount")

    def _claim_text(self, item: Item) -> str:
        days = item.fields.get("dateofdirectdebit", [])[:COLLECTIONS_TOLD_MAX]
        told = f"collected {', '.join(days)}" if days else ""
        return " ".join(part for part in (item.first("reasoncodemeaning"), told) if part)
