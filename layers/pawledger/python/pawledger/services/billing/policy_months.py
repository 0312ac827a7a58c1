"""Proving that every month of cover is billed once, and that every policy's renewal was offered in time."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import groupby, islice
from typing import Final

from pawledger.domain.books.ledger import AccountHead
from pawledger.domain.closing.completeness import RENEWAL_DAYS, MonthCounts, count_account_months, misses_renewal
from pawledger.domain.policy.policies import ALL_TERMS, BilledTerm
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind, DiscrepancyStatus
from pawledger.ports import DiscrepancyBook, TermArchive

ACCOUNTS_PER_READ: Final = 100
"""What DynamoDB gives in one batch of reads."""

NAMED_MAX: Final = 5
"""How many accounts or terms a discrepancy names; the others are counted, so that one bad day is one alert."""

SETTLING_READS_MAX: Final = 3
"""How often an account that is being written meanwhile is read again before it is believed."""


@dataclass(slots=True)
class _Findings:
    counts: MonthCounts = field(default_factory=MonthCounts)
    unexplained_accounts: list[str] = field(default_factory=list)
    unexplained_count: int = 0
    missed: Counter[date] = field(default_factory=Counter)
    """Terms without a renewal, by the last day on which its notice should have been sent."""
    missed_named: dict[date, list[str]] = field(default_factory=dict)


def prove_policy_months(business_date: date, archive: TermArchive, discrepancies: DiscrepancyBook) -> MonthCounts:
    """Count what became of every month of cover that began by a day; what is wrong becomes one discrepancy a day.

    A renewal that was not offered in time becomes one for all that were to be offered by the same day; it heals when
    each of them is. One that never is stays open.
    """
    findings = _Findings()
    for accounts in _read_accounts(archive):
        heads = {head.account_id: head for head in archive.read_heads([account_id for account_id, _ in accounts])}
        for account_id, terms in accounts:
            head = heads.get(account_id, AccountHead(account_id))
            _add_account(findings, head, terms, business_date, archive)
    _record_unexplained(findings, business_date, discrepancies)
    _record_missed_renewals(findings, business_date, discrepancies)
    return findings.counts


def _read_accounts(archive: TermArchive) -> Iterator[list[tuple[str, list[BilledTerm]]]]:
    """All accounts with their terms, some at a time: a scan gives the rows of one account one after the other."""
    grouped = groupby(archive.scan_terms(), key=lambda term: term.account_id)
    accounts = ((account_id, list(terms)) for account_id, terms in grouped)
    while batch := list(islice(accounts, ACCOUNTS_PER_READ)):
        yield batch


def _add_account(
    findings: _Findings, head: AccountHead, terms: Sequence[BilledTerm], business_date: date, archive: TermArchive
) -> None:
    counts = count_account_months(head, terms, business_date)
    for _ in range(SETTLING_READS_MAX):
        if not counts.unexplained:
            break
        # The scan and the head may be of different moments: what is consistently wrong stays wrong.
        terms = archive.read_terms(head.account_id, *ALL_TERMS)
        (head,) = archive.read_heads([head.account_id])
        counts = count_account_months(head, terms, business_date)
    findings.counts += counts
    if counts.unexplained:
        findings.unexplained_count += 1
        if len(findings.unexplained_accounts) < NAMED_MAX:
            findings.unexplained_accounts.append(head.account_id)
    for term in terms:
        if term.renewal_notice_on is not None and misses_renewal(term, terms, business_date):
            findings.missed[term.renewal_notice_on] += 1
            named = findings.missed_named.setdefault(term.renewal_notice_on, [])
            if len(named) < NAMED_MAX:
                named.append(term.policy_id)


def _record_unexplained(findings: _Findings, business_date: date, discrepancies: DiscrepancyBook) -> None:
    if not findings.unexplained_count:
        return
    named = ", ".join(sorted(findings.unexplained_accounts))
    what = (
        f"{findings.counts.unexplained} months of cover on {findings.unexplained_count} accounts are not billed "
        f"exactly once, among them {named}."
    )
    kind = DiscrepancyKind.POLICY_MONTH_NOT_BILLED
    discrepancies.record(Discrepancy(kind, business_date.isoformat(), business_date, what))


def _record_missed_renewals(findings: _Findings, business_date: date, discrepancies: DiscrepancyBook) -> None:
    kind = DiscrepancyKind.RENEWAL_NOT_OFFERED
    for notice_on, count in sorted(findings.missed.items()):
        named = ", ".join(sorted(findings.missed_named[notice_on]))
        what = f"{count} renewals were to be offered by {notice_on} and are not, among them those of policies {named}."
        found = Discrepancy(kind, notice_on.isoformat(), business_date, what)
        standing = discrepancies.read(found.discrepancy_id)
        if standing is not None and standing.status is DiscrepancyStatus.HEALED:
            # One more came after all others were offered: what is healed is not opened again, so this is another one.
            found = replace(found, subject=f"{notice_on.isoformat()} again {business_date.isoformat()}")
        discrepancies.record(found)
    for recorded in list(discrepancies.list_open(kind)):
        notice_on = date.fromisoformat(recorded.discrepancy.subject[: len("2026-01-31")])
        is_looked_at = notice_on < business_date <= notice_on + timedelta(days=RENEWAL_DAYS)
        if is_looked_at and notice_on not in findings.missed:
            discrepancies.heal(recorded.discrepancy.discrepancy_id)
