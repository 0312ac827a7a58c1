"""Reader of Stripe's events, as its webhooks bring them: one event, with a charge, refund, dispute or payout in it.

The report's rows are balance transactions, and so a movement of an event is one whose balance transaction the event
names: it has the identity that the report will give it, and is posted once. What names none is told by the report
alone. Fees are in the report, but for those of disputes.

Source: Stripe API reference, the objects Event, Charge, Refund, Dispute, Payout and Balance Transaction.
"""

from collections.abc import Iterator
from datetime import date
from typing import BinaryIO, Final, NamedTuple

from pawledger.bank_files.event_bodies import (
    Body,
    amount_of,
    currency_of,
    day_of,
    object_of,
    objects_of,
    read_body,
    text_of,
)
from pawledger.bank_files.provider_rows import (
    REFERENCE_CHARACTERS_MAX,
    Notes,
    StatementCount,
    UnreadableReportError,
    gather_references,
    shown,
    signed,
)
from pawledger.bank_files.records import Direction, Purpose, StatementEntry
from pawledger.bank_files.report import FileReport
from pawledger.bank_files.stripe.codes import OWN_REFERENCE_WORDS, PAYOUT, PAYOUT_REVERSAL, PURPOSES
from pawledger.bank_files.webhook_terms import WebhookTerms

OTHER_UNITS: Final = frozenset({"ISK", "MGA", "UGX"})
"""Currencies that Stripe counts in other units than ISO 4217 says. Source: Stripe documentation, "Supported
currencies", zero-decimal currencies and special cases."""


class _Fact(NamedTuple):
    """One balance transaction, as far as the event tells of it."""

    transaction: Body | str | None
    """Its id, or it itself."""
    category: str
    """The report's category for it."""
    amount_minor: int | None
    """Signed as it changes the balance, in the currency of the resource."""
    day: date | None
    """When the resource was made: what `WebhookTerms.since` is held against."""
    references: tuple[str, ...]
    reason: str | None = None
    payer_name: str | None = None
    text: str = ""


def read_stripe_events(
    stream: BinaryIO, report: FileReport, terms: WebhookTerms | None = None
) -> Iterator[StatementEntry]:
    """Iterate over the entries of one event and fill `report`. Without `terms`, all that could be posted is told.

    No bytes make it raise: what is wrong is a problem in `report`, whose verdict counts once the iterator is exhausted.
    Errors of the stream itself pass through.
    """
    report.format = "stripe.events"
    notes = Notes(report, "stripe")
    try:
        event = _Event(read_body(stream), notes, terms)
    except UnreadableReportError as error:
        notes.unreadable(error.rule, str(error), error.line)
        return
    # One movement may stand in an event twice: a charge's refund in the charge, and a dispute's in its list.
    entries = {entry.identity: entry for entry in event.entries()}
    for currency in dict.fromkeys(entry.currency for entry in entries.values()):
        count = StatementCount(event.account, currency, ("stripe", "events", event.event_id, currency))
        count.count([entry for entry in entries.values() if entry.currency == currency])
        report.statements.append(count.summary())
    yield from entries.values()


class _Event:
    """Takes the movements out of one event; why there are none is a warning."""

    def __init__(self, body: Body, notes: Notes, terms: WebhookTerms | None) -> None:
        """Raises `UnreadableReportError` for what is no event."""
        self.event_id = text_of(body, "id")
        self._type = text_of(body, "type")
        if text_of(body, "object") != "event" or not self.event_id or not self._type:
            raise UnreadableReportError("event", "no event with an id and a type")
        self.account = f"stripe:{text_of(body, 'account')[:REFERENCE_CHARACTERS_MAX] or 'balance'}"
        self._resource = object_of(object_of(body, "data"), "object")
        self._is_test = body.get("livemode") is not True
        self._day = day_of(body.get("created"))
        self._notes = notes
        self._terms = terms

    def entries(self) -> Iterator[StatementEntry]:
        """The movements that the event tells and that the report will tell under the same identities."""
        if self._is_test and self._terms is not None and not self._terms.takes_test_events:
            self._leave_out("test_mode", "event is of the provider's test mode")
            return
        kind = text_of(self._resource, "object")
        tell = {"charge": _tell_charge, "refund": _tell_refund, "dispute": _tell_dispute, "payout": _tell_payout}
        if kind not in tell:
            self._leave_out("event_without_money", f"events of type {shown(self._type)} tell of no money")
            return
        day = self._day if self._type == "charge.captured" else day_of(self._resource.get("created"))
        for fact in tell[kind](self._resource, day):
            yield from self._read_fact(fact)

    def _read_fact(self, fact: _Fact) -> Iterator[StatementEntry]:
        if isinstance(fact.transaction, dict):
            yield from self._read_transaction(fact, fact.transaction)
        elif not isinstance(fact.transaction, str) or not fact.transaction:
            message = f"{shown(self._type)} does not name the balance transaction, by which the report tells the money"
            self._leave_out("transaction_missing", message)
        else:
            currency = currency_of(self._resource)
            if currency is None or fact.amount_minor is None or fact.day is None:
                self._leave_out("event_amount", f"{shown(self._type)} has no amount, currency or day that can be used")
            elif self._terms is not None and currency not in self._terms.currencies:
                message = f"the provider keeps no balance in {currency} and books it converted"
                self._leave_out("event_currency", message)
            else:
                yield from self._make_entry(fact, fact.transaction, currency, fact.amount_minor, "gross")

    def _read_transaction(self, fact: _Fact, transaction: Body) -> Iterator[StatementEntry]:
        """A balance transaction told whole: with the currency it is booked in, and its fee."""
        currency, category = currency_of(transaction), text_of(transaction, "reporting_category") or fact.category
        amount, fee = amount_of(transaction, "amount"), amount_of(transaction, "fee")
        day, transaction_id = day_of(transaction.get("created")) or fact.day, text_of(transaction, "id")
        if currency is None or amount is None or fee is None or day is None or not transaction_id:
            self._leave_out("event_amount", f"{shown(self._type)} has a balance transaction that cannot be used")
            return
        if amount or not fee:
            told = fact._replace(category=category, day=day)
            yield from self._make_entry(told, transaction_id, currency, amount, "gross")
        if fee:
            told = fact._replace(category=category, day=day, reason=None, payer_name=None)
            yield from self._make_entry(told, transaction_id, currency, -fee, "fee")

    def _make_entry(
        self, fact: _Fact, transaction_id: str, currency: str, amount_minor: int, part: str
    ) -> Iterator[StatementEntry]:
        if len(transaction_id) > REFERENCE_CHARACTERS_MAX or currency in OTHER_UNITS:
            message = f"amounts in {currency} are told in other units" if currency in OTHER_UNITS else "id is too long"
            self._leave_out("event_amount", message)
            return
        if self._terms is not None and fact.day is not None and fact.day < self._terms.since:
            self._leave_out("event_before_since", "what happened before webhooks were set up is told by the report")
            return
        magnitude, direction = signed(amount_minor)
        purpose = Purpose.FEE if part == "fee" else PURPOSES.get(fact.category, Purpose.PAYMENT)
        yield StatementEntry(
            bank_account=self.account,
            currency=currency,
            amount_minor=magnitude,
            direction=direction,
            booked_on=fact.day,
            value_on=None,
            identity=("stripe", transaction_id, part),
            posts=True,
            purpose=purpose,
            return_reason=fact.reason if purpose is Purpose.RETURN else None,
            type_code=fact.category[:REFERENCE_CHARACTERS_MAX],
            references=gather_references((*fact.references, transaction_id)),
            mandate_id=None,
            payer_account=None,
            payer_name=fact.payer_name if direction is Direction.CREDIT else None,
            text=fact.text,
            line=1,
            offset=None,
            booking=None,
        )

    def _leave_out(self, rule: str, why: str) -> None:
        self._notes.once(rule, f"nothing is posted: {why}", 1)


def _tell_charge(charge: Body, day: date | None) -> Iterator[_Fact]:
    """The payment that a charge is, and its refunds where the event holds them.

    What was captured in part is booked whole and taken back in part, under ids that no event tells.
    """
    amount = amount_of(charge, "amount")
    captured = amount_of(charge, "amount_captured") if "amount_captured" in charge else amount
    is_whole = charge.get("captured") is True and captured == amount
    if text_of(charge, "status") == "succeeded" and is_whole:
        references = (*_own_references(charge), text_of(charge, "transfer_group"), *_ids_of_charge(charge))
        name = text_of(object_of(charge, "billing_details"), "name") or None
        text = text_of(charge, "description")
        yield _Fact(_transaction_of(charge), "charge", amount, day, references, payer_name=name, text=text)
    for refund in objects_of(object_of(charge, "refunds"), "data"):
        yield from _tell_refund(refund, day_of(refund.get("created")))


def _tell_refund(refund: Body, day: date | None) -> Iterator[_Fact]:
    """Money that went back, and what came back of it where that failed."""
    amount = amount_of(refund, "amount")
    references = (*_own_references(refund), *_ids_of_payment(refund), text_of(refund, "id"))
    gone = None if amount is None else -amount
    yield _Fact(_transaction_of(refund), "refund", gone, day, references)
    if refund.get("failure_balance_transaction"):
        failed = _transaction_of(refund, "failure_balance_transaction")
        yield _Fact(failed, "refund_failure", amount, day, references)


def _tell_dispute(dispute: Body, day: date | None) -> Iterator[_Fact]:
    """What a dispute took and gave back so far: its balance transactions are told whole."""
    references = (*_own_references(dispute), *_ids_of_payment(dispute), text_of(dispute, "id"))
    reason = text_of(dispute, "reason") or None
    for transaction in objects_of(dispute, "balance_transactions"):
        category = "dispute" if (amount_of(transaction, "amount") or 0) <= 0 else "dispute_reversal"
        yield _Fact(transaction, category, None, day, references, reason=reason)


def _tell_payout(payout: Body, day: date | None) -> Iterator[_Fact]:
    """What was sent to our bank account, and what came back of it."""
    amount = amount_of(payout, "amount")
    trace = text_of(object_of(payout, "trace_id"), "value")
    references = (text_of(payout, "id"), trace)
    gone = None if amount is None else -amount
    yield _Fact(_transaction_of(payout), PAYOUT, gone, day, references)
    if payout.get("failure_balance_transaction"):
        failed = _transaction_of(payout, "failure_balance_transaction")
        yield _Fact(failed, PAYOUT_REVERSAL, amount, day, references)


def _transaction_of(resource: Body, name: str = "balance_transaction") -> Body | str | None:
    value = resource.get(name)
    return value if isinstance(value, (dict, str)) else None


def _own_references(resource: Body) -> tuple[str, ...]:
    """The metadata that is ours and names what is paid, the most telling first, as in the report."""
    metadata = {name.lower(): value for name, value in object_of(resource, "metadata").items()}
    named = {name: value for word in OWN_REFERENCE_WORDS for name, value in metadata.items() if word in name}
    return tuple(value for value in named.values() if isinstance(value, str))


def _ids_of_charge(charge: Body) -> tuple[str, ...]:
    invoice, intent, customer = (_id_in(charge, name) for name in ("invoice", "payment_intent", "customer"))
    return (invoice, intent, text_of(charge, "id"), customer)


def _ids_of_payment(resource: Body) -> tuple[str, ...]:
    """The ids of the payment that something takes back: what its entry is found by."""
    return (_id_in(resource, "payment_intent"), _id_in(resource, "charge"))


def _id_in(resource: Body, name: str) -> str:
    """The id of another resource, which may be told whole."""
    return text_of(resource, name) or text_of(object_of(resource, name), "id")
