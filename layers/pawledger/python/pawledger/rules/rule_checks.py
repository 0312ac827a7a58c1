"""What billing rules must be together: each id once, each day of a rule covered once, every plan known."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from pawledger.domain.rulebook import CancellationRule, FeeRule, RenewalRule, Rule
from pawledger.rules.rule_faults import RuleFault


@dataclass(frozen=True, slots=True)
class ReadRule:
    """A rule, and where it was read."""

    file: str
    place: str
    kind: str
    """The table it stands in: `taxes`."""
    rule: Rule
    is_sound: bool
    """Whether nothing is wrong with it by itself."""

    def fault(self, key: str, message: str) -> RuleFault:
        return RuleFault(self.file, self.place, key, message)


def find_faults(read: Sequence[ReadRule], plans: Iterable[str]) -> Iterator[RuleFault]:
    """What is wrong with rules beside each other; of rows that are faulty by themselves only the ids are compared."""
    yield from _find_repeated_ids(read)
    yield from _find_unknown_plans(read, frozenset(plans))
    by_series: dict[tuple[str, ...], list[ReadRule]] = defaultdict(list)
    for each in read:
        by_series[_series_of(each)].append(each)
    for series in by_series.values():
        sound = sorted((each for each in series if each.is_sound), key=lambda each: each.rule.effective_on)
        yield from _find_overlaps(sound)
        # Between the rows around a faulty one there is a gap that is none once the faulty one is mended.
        if len(sound) == len(series):
            yield from _find_gaps(sound)


def _series_of(each: ReadRule) -> tuple[str, ...]:
    """What rules have in common that follow each other in time."""
    return each.kind, each.rule.jurisdiction, getattr(each.rule, "code", "")


def _find_repeated_ids(read: Sequence[ReadRule]) -> Iterator[RuleFault]:
    counts = Counter(each.rule.rule_id for each in read if each.rule.rule_id)
    first: dict[str, ReadRule] = {}
    for each in read:
        rule_id = each.rule.rule_id
        if counts[rule_id] > 1 and rule_id in first:
            before = first[rule_id]
            yield each.fault("rule_id", f"{rule_id!r} is the id of {before.file}: {before.place} already")
        first.setdefault(rule_id, each)


def _find_unknown_plans(read: Sequence[ReadRule], plans: frozenset[str]) -> Iterator[RuleFault]:
    for each in read:
        for plan in each.rule.plans if isinstance(each.rule, FeeRule) else ():
            if plan not in plans:
                named = ", ".join(sorted(plans)) or "none"
                yield each.fault("plans", f"{plan!r} is no plan of plans.toml; there are {named}")


def _find_overlaps(series: Sequence[ReadRule]) -> Iterator[RuleFault]:
    for earlier, later in combinations(series, 2):
        is_past = earlier.rule.ends_on is not None and earlier.rule.ends_on <= later.rule.effective_on
        if not is_past and _count_together(earlier.rule, later.rule):
            until = earlier.rule.ends_on or "without an end"
            yield later.fault(
                "effective_on",
                f"{later.rule.effective_on} is within {earlier.rule.rule_id} ({earlier.file}), which counts from "
                f"{earlier.rule.effective_on} to {until}: on one day one of both can count",
            )


def _count_together(one: Rule, other: Rule) -> bool:
    """Whether both are for the same product and plan."""
    if isinstance(one, CancellationRule | RenewalRule) and bool(one.products) != bool(other.products):
        return False  # of these, one of that very product goes before one of all products
    if isinstance(one, FeeRule) and isinstance(other, FeeRule) and not _share(one.plans, other.plans):
        return False
    return _share(one.products, other.products)


def _share(some: Sequence[str], others: Sequence[str]) -> bool:
    """Whether two lists have something in common, where an empty one means all."""
    return not some or not others or not set(some).isdisjoint(others)


def _find_gaps(series: Sequence[ReadRule]) -> Iterator[RuleFault]:
    by_subject: dict[tuple[frozenset[str], frozenset[str]], list[ReadRule]] = defaultdict(list)
    for each in series:
        plans = each.rule.plans if isinstance(each.rule, FeeRule) else ()
        by_subject[frozenset(each.rule.products), frozenset(plans)].append(each)
    for rows in by_subject.values():
        for earlier, later in pairwise(rows):
            if earlier.rule.ends_on is not None and earlier.rule.ends_on < later.rule.effective_on:
                yield later.fault(
                    "effective_on",
                    f"no rule counts from {earlier.rule.ends_on}, on which {earlier.rule.rule_id} ends, "
                    f"to {later.rule.effective_on}; where nothing is charged, a row of 0 percent says so",
                )
