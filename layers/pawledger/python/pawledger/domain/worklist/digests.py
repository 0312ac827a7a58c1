"""Digests: all open discrepancies of a day in one message, by owner and kind, and those that are overdue in another.

Counted and summed, never listed: a digest is as long as there are kinds, whatever a bad day brings, and holds no
personal data.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from pawledger.domain.worklist.discrepancies import KINDS, Discrepancy, DiscrepancyKind, Owner

DIGEST: Final = "digest.v1"


@dataclass(slots=True)
class KindTally:
    """What is open of one kind."""

    open_count: int = 0
    overdue_count: int = 0
    oldest_days: int = 0
    amounts_minor: Counter[str] = field(default_factory=Counter)
    """By currency, unsigned, of those that are about money."""

    def add(self, discrepancy: Discrepancy, day: date) -> None:
        self.open_count += 1
        self.overdue_count += discrepancy.is_overdue(day)
        self.oldest_days = max(self.oldest_days, (day - discrepancy.born_on).days)
        if discrepancy.currency and discrepancy.amount_minor:
            self.amounts_minor[discrepancy.currency] += abs(discrepancy.amount_minor)


@dataclass(slots=True)
class DigestTally:
    """What is open on a day, and what of it is overdue; filled one by one, so that nothing else need be kept."""

    day: date
    open_ones: dict[DiscrepancyKind, KindTally] = field(default_factory=dict)
    overdue_ones: dict[DiscrepancyKind, KindTally] = field(default_factory=dict)
    most_overdue_days: int = 0
    """By how many days the one that is most overdue is older than its kind may become."""

    def add(self, discrepancy: Discrepancy) -> None:
        """Count one more open discrepancy."""
        self.open_ones.setdefault(discrepancy.kind, KindTally()).add(discrepancy, self.day)
        if discrepancy.is_overdue(self.day):
            self.overdue_ones.setdefault(discrepancy.kind, KindTally()).add(discrepancy, self.day)
            age_days = (self.day - discrepancy.born_on).days
            self.most_overdue_days = max(self.most_overdue_days, age_days - discrepancy.terms.age_limit_days)


def digests_of(tally: DigestTally) -> list[dict[str, Any]]:
    """The `digest.v1` messages of a day: what is open, and what is overdue; none where there is nothing."""
    found = (("open", tally.open_ones), ("overdue", tally.overdue_ones))
    return [_digest(tally.day, scope, by_kind) for scope, by_kind in found if by_kind]


def _digest(day: date, scope: str, by_kind: dict[DiscrepancyKind, KindTally]) -> dict[str, Any]:
    option = " --overdue" if scope == "overdue" else ""
    return {
        "schema": DIGEST,
        "business_date": day.isoformat(),
        "scope": scope,
        "open_count": sum(tally.open_count for tally in by_kind.values()),
        "overdue_count": sum(tally.overdue_count for tally in by_kind.values()),
        "owners": [
            {
                "owner": owner.value,
                "kinds": [_as_json(kind, tally) for kind, tally in by_kind.items() if KINDS[kind].owner is owner],
            }
            for owner in Owner
            if any(KINDS[kind].owner is owner for kind in by_kind)
        ],
        "show_with": f"pawledger discrepancies list{option}",
    }


def _as_json(kind: DiscrepancyKind, tally: KindTally) -> dict[str, Any]:
    terms = KINDS[kind]
    return {
        "kind": kind.value,
        "severity": terms.severity.value,
        "open_count": tally.open_count,
        "overdue_count": tally.overdue_count,
        "oldest_days": tally.oldest_days,
        "age_limit_days": terms.age_limit_days,
        "amounts_minor": dict(sorted(tally.amounts_minor.items())),
        "what_to_do": terms.suggestion,
    }
