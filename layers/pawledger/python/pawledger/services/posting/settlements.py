"""Provider settlements: which movements are payouts and their lines, where they meet, and what does not come."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import TYPE_CHECKING, Final

from pawledger.bank_files.records import Purpose, StatementEntry
from pawledger.domain.books.entries import Entry, TransitItem
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.identifiers import provider_of_ledger, settlement_ledger_of, suspense_ledger_of
from pawledger.domain.matching.payment_references import find_creditor_references
from pawledger.domain.money import write_amount
from pawledger.domain.posting.bank_movements import entry_id_of
from pawledger.domain.posting.settlements import Settlement, kind_of_waiting, settlement_marks
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind
from pawledger.domain.worklist.discrepancy_life import ChangeKind
from pawledger.ports import DiscrepancyBook, HolidayCalendars, HolidayCalendarUnknownError, Ledger, ReferenceBook
from pawledger.services.posting.routes import Clues, Route
from pawledger.services.receiving.file_calendar import FileCalendarPorts

if TYPE_CHECKING:
    from pawledger.rules.provider_profiles import ProviderProfiles
    from pawledger.rules.settlement_terms import SettlementTerms
    from pawledger.services.receiving.payment_chunks import ChunkedMovement

SettlementOf = Callable[[StatementEntry], Settlement | None]
"""Says of an entry to whose payouts it belongs, None where to nobody's."""

STATEMENT_DAYS: Final = 1
"""Business days from an arrival to the statement that tells of it, and to a report that tells of a payout."""

WAITING_KINDS: Final = (DiscrepancyKind.PAYOUT_MISSING, DiscrepancyKind.SETTLEMENT_MISSING)


def no_settlements_in(provider: str) -> SettlementOf:  # noqa: ARG001 - any provider
    """What recognises nothing, where no provider's profile tells of settlements."""
    return lambda _: None


def settlements_in(provider: str, profiles: "ProviderProfiles") -> SettlementOf:
    """Recognises payouts in the reports of a provider, and what settles any provider in the statements of a bank.

    A line of the bank belongs to a provider whose descriptor stands in the name of who paid, or in its text where the
    bank gives no name. One that carries a payment reference of ours is a payer's, whatever else it says.
    """
    own = profiles.get(provider)
    terms = own.settlement if own else None
    settled = {each.provider: each.settlement for each in profiles.values() if each.settlement}
    paying = {name: each for name, each in settled.items() if each.bank == provider}

    def settlement_of(entry: StatementEntry) -> Settlement | None:
        if entry.purpose is Purpose.PAYOUT:
            is_payout = terms is not None and (not terms.codes or (entry.type_code or "").lower() in terms.codes)
            return Settlement(provider, terms.days_until_arrival) if terms and is_payout else None
        if not paying or entry.purpose is not Purpose.PAYMENT:
            return None
        found = [name for name, each in paying.items() if _is_described(entry, each)]
        if len(found) != 1 or find_creditor_references(" ".join((*entry.references, entry.text))):
            return None
        return Settlement(found[0], paying[found[0]].days_until_arrival)

    return settlement_of


def _is_described(entry: StatementEntry, terms: "SettlementTerms") -> bool:
    # Loaded with the profiles, which are read when the first file comes.
    from pawledger.rules.settlement_terms import plain_words  # noqa: PLC0415

    if terms.account is not None and "".join(entry.bank_account.split()).upper() != terms.account:
        return False
    words = plain_words(entry.payer_name or " ".join((entry.text, *entry.references)))
    return any(f" {descriptor} " in f" {words} " for descriptor in terms.descriptors)


def find_payout(movement: "ChunkedMovement", references: ReferenceBook, ledger: Ledger) -> Route | None:
    """The ledger in which a payout or its line meets its other side; None for every other movement.

    Also None for what went elsewhere before the profile told of settlements: it is found there again.
    """
    settlement = movement.settlement
    if settlement is None:
        return None
    booked = movement.identified("", (), None)
    if ledger.read_entry(suspense_ledger_of(movement.payment_id), entry_id_of(booked)) is not None:
        return None
    ledger_id = settlement_ledger_of(settlement.provider, movement.currency)
    claimed = references.claim(f"route#{movement.payment_id}", ledger_id)
    return Route(ledger_id, (), f"settlement of {settlement.provider}") if claimed == ledger_id else None


def marks_of_settlement(clues: Clues) -> tuple[str, ...]:
    """Marks of what may name a payout: of its references, and of the words of a line's text."""
    return settlement_marks((*clues.references, clues.text))


def heal_arrived(entry: Entry, discrepancies: DiscrepancyBook) -> None:
    """Heal what an entry proves to have come."""
    for item_id in entry.decision.arrived:
        for kind in WAITING_KINDS:
            discrepancies.heal(Discrepancy(kind, item_id, date.min, "", entry.account_id).discrepancy_id)


def check_settlements(business_date: date, heads: Iterable[AccountHead], ports: FileCalendarPorts) -> None:
    """Tell of each payout that the bank should have told of by now, and of each line that no report explains.

    What has come meanwhile heals, also where a posting was killed before it healed it. A line of which a person took a
    part is no payout, and stays with whoever sees to the rest.
    """
    profiles, discrepancies = ports.load_profiles(), ports.discrepancies
    waiting = {(head.account_id, item.item_id): (head, item) for head in heads for item in head.transit}
    for (account_id, item_id), (head, item) in waiting.items():
        profile = profiles.get(provider_of_ledger(account_id))
        if profile is None or profile.settlement is None:
            continue
        if _last_day(item, profile.settlement, ports.holidays) < business_date:
            currency = account_id.rpartition("-")[2]
            what = _tell(item, currency, profile.provider)
            amount_minor = abs(item.amount_minor)
            discrepancies.record(
                Discrepancy(
                    kind_of_waiting(item), item_id, business_date, what, head.account_id, currency, amount_minor
                )
            )
    for kind in WAITING_KINDS:
        for recorded in list(discrepancies.list_open(kind)):
            found = recorded.discrepancy
            last = recorded.last_decision
            is_taken = last is not None and last.kind is not ChangeKind.DISMISSED
            if (found.account_id or "", found.subject) not in waiting and not is_taken:
                discrepancies.heal(found.discrepancy_id)


def _last_day(item: TransitItem, terms: "SettlementTerms", holidays: HolidayCalendars) -> date:
    """The last day on which nobody need miss the other side; without holidays where their calendar is unknown."""
    try:
        return terms.last_arrival(item.booked_on, holidays.is_holiday, further_days=STATEMENT_DAYS)
    except HolidayCalendarUnknownError:
        return terms.last_arrival(item.booked_on, lambda _name, _day: False, further_days=STATEMENT_DAYS)


def _tell(item: TransitItem, currency: str, provider: str) -> str:
    amount = f"{write_amount(abs(item.amount_minor), currency)}"
    way = "from" if item.amount_minor > 0 else "to"
    if kind_of_waiting(item) is DiscrepancyKind.PAYOUT_MISSING:
        return f"{provider} tells of {amount} on {item.booked_on} {way} it, and no line of the bank shows it."
    return f"The bank booked {amount} on {item.booked_on} {way} {provider}, and no report of it tells of that."
