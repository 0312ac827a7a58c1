"""Readers of GoCardless payouts and payout items: pages of the API in JSON, and exports in CSV.

The API tells amounts in minor units, those of items as decimals (`"45.0"`); exports tell them in major units.
"""

from collections.abc import Iterator
from decimal import Decimal
from itertools import chain
from re import ASCII
from re import compile as compile_pattern
from typing import Any, BinaryIO, Final

from pawledger.bank_files.gocardless.exports import read_items_export, read_payouts_export
from pawledger.bank_files.gocardless.json_pages import Element, JsonPages
from pawledger.bank_files.gocardless.payouts import Item, Payout, Payouts
from pawledger.bank_files.provider_rows import Notes, UnreadableReportError, read_day, shown
from pawledger.bank_files.records import StatementEntry
from pawledger.bank_files.report import FileReport
from pawledger.bank_files.streams import rejoin
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS

ENTRIES_TOGETHER: Final = 500
"""How many entries are counted at a time."""
HEAD_BYTES: Final = 1024
"""How far the first character that is not blank is looked for, to tell JSON from CSV."""

_AMOUNT: Final = compile_pattern(r"-?[0-9]{1,15}(?:\.[0-9]{1,9})?", ASCII)
_OTHER_KEYS: Final = frozenset(("meta", "linked"))


def read_gocardless_payouts(stream: BinaryIO, report: FileReport) -> Iterator[StatementEntry]:
    """Iterate over the payouts of a file and fill `report`, in bounded memory whatever the size.

    No bytes make it raise: what is wrong is a problem in `report`, whose verdict counts once the iterator is exhausted.
    Errors of the stream itself pass through.
    """
    return chain.from_iterable(_read_blocks(stream, report, is_items=False))


def read_gocardless_payout_items(stream: BinaryIO, report: FileReport) -> Iterator[StatementEntry]:
    """Iterate over the items of payouts. Otherwise as `read_gocardless_payouts`.

    Items of the API name neither their payout nor a currency: the payout must stand before them in the same page.
    """
    return chain.from_iterable(_read_blocks(stream, report, is_items=True))


def _read_blocks(stream: BinaryIO, report: FileReport, *, is_items: bool) -> Iterator[list[StatementEntry]]:
    report.format = "gocardless.payout_items" if is_items else "gocardless.payouts"
    notes = Notes(report, "gocardless")
    payouts = Payouts(notes)
    head = b""
    while len(head) < HEAD_BYTES and (more := stream.read(HEAD_BYTES - len(head))):
        head += more
    whole = rejoin(head, stream)
    try:
        if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
            yield from _Pages(payouts, notes, is_items=is_items).read(whole)
        elif is_items:
            yield from read_items_export(whole, payouts, notes)
        else:
            yield from read_payouts_export(whole, payouts, notes)
    except UnreadableReportError as error:
        notes.unreadable(error.rule, str(error), error.line, field=error.field_name)
    if is_items:
        payouts.check()
    report.statements += payouts.summaries()


class _Pages:
    """Turns the elements of pages into entries."""

    def __init__(self, payouts: Payouts, notes: Notes, *, is_items: bool) -> None:
        self._payouts = payouts
        self._notes = notes
        self._is_items = is_items
        self._document = 0
        self._of_page: list[Payout] = []
        """Payouts of the page being read, of which items can only mean one."""

    def read(self, stream: BinaryIO) -> Iterator[list[StatementEntry]]:
        """Yield the entries of all pages. Raises `UnreadableReportError`."""
        waiting: list[StatementEntry] = []
        is_report = False
        for element in JsonPages(stream):
            if element.document != self._document:
                self._document, self._of_page = element.document, []
            if element.key in ("payouts", "payout_items"):
                is_report = True
                waiting += self._read_element(element)
            elif element.key == "meta":
                self._read_meta(element)
            elif element.key not in _OTHER_KEYS:
                message = f"{shown(element.key)} is no list of payouts or payout items"
                raise UnreadableReportError("not_a_report", message, line=element.line)
            if len(waiting) >= ENTRIES_TOGETHER:
                yield self._payouts.count(waiting, by_payout=self._is_items)
                waiting = []
        yield self._payouts.count(waiting, by_payout=self._is_items)
        if not is_report:
            raise UnreadableReportError("not_a_report", "file has neither payouts nor payout items")

    def _read_element(self, element: Element) -> list[StatementEntry]:
        resource = element.value
        if not isinstance(resource, dict):
            self._notes.unreadable("not_a_resource", f"an element of {element.key} is no object", element.line)
            return []
        if element.key == "payouts":
            return self._read_payout(resource, element)
        return self._read_item(resource, element)

    def _read_payout(self, resource: dict[str, Any], element: Element) -> list[StatementEntry]:
        line = element.line
        payout_id, currency = _text(resource, "id"), _text(resource, "currency")
        if currency not in MINOR_UNIT_DECIMALS:
            self._notes.wrong("currency", f"{shown(currency)} is not an ISO 4217 currency", line, field="currency")
            return []
        amount = _amount(resource.get("amount"))
        day = read_day(_text(resource, "arrival_date") or _text(resource, "created_at"))
        if amount is None or amount != int(amount) or not payout_id or day is None:
            message = "payout without an id, a day or a whole amount in minor units"
            self._notes.unreadable("payout", message, line, field="amount")
            return []
        account = f"gocardless:{_text(_object(resource, 'links'), 'creditor') or currency}"
        status = _text(resource, "status")
        payout = self._payouts.add(Payout(payout_id, currency, account, day, int(amount), status, line))
        if payout is None:
            self._of_page.append(self._payouts.known[payout_id])
            return []
        self._of_page.append(payout)
        references = (*_metadata(resource), _text(resource, "reference"), payout_id)
        return self._payouts.make_payout_entries(payout, references, element.offset)

    def _read_item(self, resource: dict[str, Any], element: Element) -> list[StatementEntry]:
        if not self._is_items:
            message = "payout items in a file that is read as a list of payouts"
            raise UnreadableReportError("not_a_report", message, line=element.line)
        links = _object(resource, "links")
        payout = self._payouts.known.get(_text(links, "payout"))
        if payout is None and len(self._of_page) == 1:
            payout = self._of_page[0]
        if payout is None:
            message = "it is not known to which payout an item belongs, and so not in what currency it is"
            self._notes.wrong("payout_unknown", message, element.line)
            return []
        amount = _amount(resource.get("amount"))
        if amount is None:
            message = f"{shown(str(resource.get('amount')))} is not an amount in minor units"
            self._notes.unreadable("amount", message, element.line, field="amount")
            return []
        values = map(links.get, ("payment", "refund", "mandate"))
        payment_id, refund_id, mandate_id = (value if isinstance(value, str) else "" for value in values)
        own = _metadata(resource) if "metadata" in resource else ()
        references = (*own, payment_id, refund_id, mandate_id)
        reason = _text(resource, "reason_code") or None
        item = Item(_text(resource, "type"), amount, payment_id, refund_id, mandate_id, references, reason)
        entry = self._payouts.make_item_entry(payout, item, element.line, element.offset)
        return [] if entry is None else [entry]

    def _read_meta(self, element: Element) -> None:
        """Take up whether pages come before this one or follow: the items of a payout are then not all in it."""
        value = element.value if isinstance(element.value, dict) else {}
        cursors = _object(value, "cursors")
        for payout in self._of_page:
            payout.add_page(is_first=cursors.get("before") is None, is_last=cursors.get("after") is None)


def _text(resource: dict[str, Any], name: str) -> str:
    value = resource.get(name)
    return value if isinstance(value, str) else ""


def _object(resource: dict[str, Any], name: str) -> dict[str, Any]:
    value = resource.get(name)
    return value if isinstance(value, dict) else {}


def _metadata(resource: dict[str, Any]) -> tuple[str, ...]:
    return tuple(value for value in _object(resource, "metadata").values() if isinstance(value, str))


def _amount(value: object) -> Decimal | None:
    """An amount in minor units, a JSON number or a decimal in a string; None where it is neither."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return Decimal(text) if isinstance(text, str) and _AMOUNT.fullmatch(text) else None
