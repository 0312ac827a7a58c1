"""Closing a day: prove that what came in went somewhere, that nobody was forgotten, and that the books balance."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final

from pawledger.domain.books.entries import LedgerAccount
from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.closing.completeness import MonthCounts
from pawledger.domain.identifiers import is_settlement_ledger
from pawledger.domain.matching.open_amounts import OpenAmounts
from pawledger.domain.money import write_amount
from pawledger.domain.worklist.digests import DigestTally
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind
from pawledger.ports import BankFileRecord, BankFileRegister, DiscrepancyBook, LedgerArchive, TermArchive
from pawledger.services.billing.policy_months import prove_policy_months
from pawledger.services.posting.settlements import check_settlements
from pawledger.services.receiving.file_calendar import FileCalendarPorts, check_deliveries
from pawledger.services.receiving.file_proof import FileProof, prove_file_posting
from pawledger.services.receiving.statement_series import heal_statement_gaps
from pawledger.services.refunding.check_refunds import RefundWatchPorts, check_refunds, holds_refunds, may_owe_refund
from pawledger.services.resolving.amount_suggestions import keep_found, read_unidentified
from pawledger.services.resolving.heal_settled import heal_settled

CLOSING_DAY: Final = "closing_day.v1"

FILE_DAYS: Final = 14
"""How long a file that is not fully posted is looked at again: as long as a dead letter is kept."""

ACCOUNTS_NAMED_MAX: Final = 5
"""How many accounts a discrepancy names; the others are counted, so that one bad day is one alert."""


@dataclass(frozen=True, slots=True)
class ClosingPorts:
    """Everything that closing reads and writes."""

    register: BankFileRegister
    discrepancies: DiscrepancyBook
    archive: LedgerArchive
    terms: TermArchive
    calendar: FileCalendarPorts | None = None
    """None where no provider has a calendar."""
    refunds: RefundWatchPorts | None = None
    """None where nobody refunds."""


@dataclass(frozen=True, slots=True)
class DayProof:
    """What closing a day found; balances are minor units by currency and ledger account, debits positive."""

    business_date: date
    files_proven: int
    files_unproven: int
    accounts_overdue: int
    accounts_out_of_balance: int
    account_count: int
    balances: Mapping[tuple[str, str], int]
    open_by_kind: Mapping[DiscrepancyKind, int]
    oldest_days_by_kind: Mapping[DiscrepancyKind, int]
    digest: DigestTally
    """What is open and what is overdue, for the people who resolve it."""
    months: MonthCounts = field(default_factory=MonthCounts)

    @property
    def discrepancies_open(self) -> int:
        return sum(self.open_by_kind.values())

    @property
    def oldest_discrepancy_days(self) -> int:
        return max(self.oldest_days_by_kind.values(), default=0)

    def credit_by_currency(self, ledger_account: LedgerAccount) -> Mapping[str, int]:
        """What a ledger account owes in each currency in minor units: its balances with the sign of a credit."""
        return {currency: -minor for (currency, name), minor in self.balances.items() if name == ledger_account}


def close_day(business_date: date, ports: ClosingPorts) -> DayProof:
    """Prove a business date; whatever cannot be proven becomes a discrepancy, once, however often the day is closed."""
    proven, unproven = _prove_files(business_date, ports)
    heal_statement_gaps(register=ports.register, discrepancies=ports.discrepancies)
    heal_settled(ports.discrepancies, ports.terms)
    unidentified = read_unidentified(ports.discrepancies)
    amounts = OpenAmounts(unidentified)
    books = _read_books(business_date, ports, amounts)
    keep_found(unidentified, amounts, ports.discrepancies)
    if ports.calendar is not None:
        check_deliveries(business_date, ports.calendar)
        check_settlements(business_date, books.settlements, ports.calendar)
    if ports.refunds is not None:
        check_refunds(business_date, books.refunding, ports.refunds)
    months = prove_policy_months(business_date, ports.terms, ports.discrepancies)
    open_by_kind: Counter[DiscrepancyKind] = Counter()
    oldest_days_by_kind: dict[DiscrepancyKind, int] = {}
    digest = DigestTally(business_date)
    for recorded in ports.discrepancies.list_open():
        kind, born_on = recorded.discrepancy.kind, recorded.discrepancy.born_on
        open_by_kind[kind] += 1
        digest.add(recorded.discrepancy)
        oldest_days_by_kind[kind] = max(oldest_days_by_kind.get(kind, 0), (business_date - born_on).days)
    return DayProof(
        business_date=business_date,
        files_proven=proven,
        files_unproven=unproven,
        accounts_overdue=books.overdue_count,
        accounts_out_of_balance=books.unbalanced_count,
        account_count=books.account_count,
        balances=books.balances,
        open_by_kind=open_by_kind,
        oldest_days_by_kind=oldest_days_by_kind,
        digest=digest,
        months=months,
    )


def _prove_files(business_date: date, ports: ClosingPorts) -> tuple[int, int]:
    """How many files of the last days are proven to the cent, and how many are not."""
    proven, unproven = 0, 0
    for days_ago in range(FILE_DAYS, -1, -1):
        for record in ports.register.read_files_received(business_date - timedelta(days=days_ago)):
            if record.status == "posted":
                proven += 1
            elif record.status == "posting":
                is_proven = _prove_file(record, business_date, ports)
                proven += is_proven
                unproven += not is_proven
    return proven, unproven


def _prove_file(record: BankFileRecord, business_date: date, ports: ClosingPorts) -> bool:
    """Whether every movement of the file is accounted for; what is not becomes a discrepancy."""
    proof = prove_file_posting(record, ports.register.read_chunk_results(record.file_id))
    if not proof.is_complete:
        differing = sorted(currency for currency, missing_minor in proof.missing_minor.items() if missing_minor)
        what = (
            f"{record.incoming_key} holds {record.movement_count} movements, {proof.missing_count} are not accounted "
            f"for; totals differ in {', '.join(differing) or 'no currency'}."
        )
        if record.received_on < business_date:  # what came today may still be on the queue
            kind = DiscrepancyKind.FILE_NOT_POSTED
            ports.discrepancies.record(Discrepancy(kind, record.file_id, business_date, what))
        return False
    if proof.counts["repeated"]:
        ports.discrepancies.record(_overlap(record, proof, business_date))
    ports.register.write_file(replace(record, status="posted"), expected_status="posting")
    return True


def _overlap(record: BankFileRecord, proof: FileProof, business_date: date) -> Discrepancy:
    """Movements of a file that were not posted, because their identity was recorded before."""
    repeated = {currency: minor for currency, minor in proof.minor["repeated"].items() if minor}
    amounts = ", ".join(f"{write_amount(minor, currency)}" for currency, minor in sorted(repeated.items()))
    only_currency = next(iter(repeated)) if len(repeated) == 1 else None
    return Discrepancy(
        kind=DiscrepancyKind.FILE_OVERLAP,
        subject=record.file_id,
        born_on=business_date,
        what=f"{proof.counts['repeated']} movements of {record.incoming_key}, {amounts or 'in sum nothing'}, were "
        "recorded before, from another file or another place of this one.",
        currency=only_currency,
        amount_minor=abs(repeated[only_currency]) if only_currency else None,
    )


@dataclass(slots=True)
class _Books:
    """What one look at every account found."""

    balances: Counter[tuple[str, str]] = field(default_factory=Counter)
    account_count: int = 0
    unbalanced_count: int = 0
    overdue_count: int = 0
    overdue_named: list[str] = field(default_factory=list)
    settlements: list[AccountHead] = field(default_factory=list)
    """Heads of the ledgers in which providers' payouts meet the lines of the bank."""
    refunding: list[AccountHead] = field(default_factory=list)
    """Heads of the ledgers that hold money which is to go back to payers, or may have to."""


def _read_books(business_date: date, ports: ClosingPorts, amounts: OpenAmounts) -> _Books:
    """Sum all balances; each account must sum to zero by itself, and none may have an agenda day that is over.

    Each is held against the amounts of payments that nobody could identify, so that no second look is needed.
    An account that came onto the agenda today, after the day was billed, is billed tomorrow and not overdue.
    """
    books = _Books()
    for head in ports.archive.scan_heads():
        books.account_count += 1
        amounts.add(head)
        if is_settlement_ledger(head.account_id):
            books.settlements.append(head)
        if holds_refunds(head) or may_owe_refund(head):
            books.refunding.append(head)
        books.balances.update({(currency, str(name)): minor for (currency, name), minor in head.balances.items()})
        if _is_out_of_balance(head):
            books.unbalanced_count += 1
            what = f"The balances of account {head.account_id} do not sum to zero."
            kind = DiscrepancyKind.LEDGER_OUT_OF_BALANCE
            ports.discrepancies.record(Discrepancy(kind, head.account_id, business_date, what, head.account_id))
        if head.agenda_on is not None and head.agenda_on < business_date:
            books.overdue_count += 1
            if len(books.overdue_named) < ACCOUNTS_NAMED_MAX:
                books.overdue_named.append(head.account_id)
    if books.overdue_count:
        named = ", ".join(sorted(books.overdue_named))
        what = f"{books.overdue_count} accounts were due before {business_date} and are not billed, among them {named}."
        kind = DiscrepancyKind.ACCOUNTS_NOT_BILLED
        ports.discrepancies.record(Discrepancy(kind, business_date.isoformat(), business_date, what))
    _prove_clearing(books.balances, business_date, ports)
    return books


def _prove_clearing(balances: Counter[tuple[str, str]], business_date: date, ports: ClosingPorts) -> None:
    """What one ledger gave, another took: over all ledgers `clearing` is zero, in each currency."""
    for (currency, name), minor in sorted(balances.items()):
        if name != LedgerAccount.CLEARING:
            continue
        what = f"{write_amount(abs(minor), currency)} left one ledger and did not arrive in another."
        kind = DiscrepancyKind.MONEY_BETWEEN_LEDGERS
        found = Discrepancy(kind, currency, business_date, what, currency=currency, amount_minor=abs(minor))
        if minor:
            ports.discrepancies.record(found)
        else:
            ports.discrepancies.heal(found.discrepancy_id)


def _is_out_of_balance(head: AccountHead) -> bool:
    totals: Counter[str] = Counter()
    for (currency, _), amount_minor in head.balances.items():
        totals[currency] += amount_minor
    return any(totals.values())
