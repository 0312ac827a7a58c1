"""What billing rules must be together: each id once, each day covered once and to the end, plans and currency known."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from pawledger.domain.billing.rulebook import CancellationRule, FeeCapRule, FeeRule, RenewalRule, Rule, TaxRule
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


def find_faults(read: Sequence[ReadRule], plans: Collection[str], currencies: Mapping[str, str]) -> Iterator[RuleFault]:
    """What is wrong with rules beside each other; of rows that are faulty by themselves only the ids are compared.

    `currencies` are those of the jurisdictions, empty where a file does not say it soundly.
    """
    yield from _find_repeated_ids(read)
    yield from _find_unknown_plans(read, frozenset(plans))
    yield from _find_foreign_currencies(read, currencies)
    by_series: dict[tuple[str, ...], list[ReadRule]] = defaultdict(list)
    for each in read:
        by_series[_series_of(each)].append(each)
    for series in by_series.values():
        sound = sorted((each for each in series if each.is_sound), key=lambda each: each.rule.effective_on)
        yield from _find_overlaps(sound)
        # Between the rows around a faulty one there is a gap that is none once the faulty one is mended.
        if len(sound) == len(series):
            yield from _find_gaps(sound, plans)


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


def _find_foreign_currencies(read: Sequence[ReadRule], currencies: Mapping[str, str]) -> Iterator[RuleFault]:
    """Taxes, fees and caps in another currency than that of their place: no policy there could be charged them."""
    for each in read:
        rule = each.rule
        if not each.is_sound or not isinstance(rule, TaxRule | FeeRule | FeeCapRule):
            continue
        own = currencies.get(rule.jurisdiction, "")
        if own and rule.currency not in (None, own):
            yield each.fault("currency", f"{rule.currency!r} is not {own}, the currency of {rule.jurisdiction}")


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


def _find_gaps(series: Sequence[ReadRule], plans: Collection[str]) -> Iterator[RuleFault]:
    """Rows that end while nothing follows them, and rows that are called abolished while something does.

    A series goes on for as long as no row of it says that it was abolished; whether its end is past does not matter,
    so that rules that are sound today are sound tomorrow.
    """
    for each in series:
        rule = each.rule
        if rule.ends_on is None:
            continue
        subjects = _subjects_of(rule, plans)
        left = [subject for subject in subjects if not any(_covers(other.rule, subject, rule) for other in series)]
        if not left and rule.is_abolished:
            yield each.fault("abolished", f"something else counts from {rule.ends_on} on, so it was followed")
        elif left and not rule.is_abolished:
            later = (o for o in series if o.rule.effective_on > rule.ends_on and _count_together(rule, o.rule))
            yield _gap_between(each, next(later, None), left)


_Subject = tuple[str | None, str | None]
"""A product and a plan that a rule is for; None is any product, and the plan of what is no fee."""


def _subjects_of(rule: Rule, plans: Collection[str]) -> list[_Subject]:
    """What a rule is for: of a rule of all products one more than those that any rule names, None."""
    of_plans = (rule.plans or tuple(plans) or (None,)) if isinstance(rule, FeeRule) else (None,)
    return list(product(rule.products or (None,), of_plans))


def _covers(rule: Rule, subject: _Subject, ended: Rule) -> bool:
    """Whether a rule counts for a product and a plan on the day on which another one has ended."""
    named, plan = subject
    is_of_plan = not isinstance(rule, FeeRule) or not rule.plans or plan in rule.plans
    is_of_product = not rule.products or named in rule.products
    day = ended.ends_on
    counts = day is not None and rule.effective_on <= day and (rule.ends_on is None or day < rule.ends_on)
    return is_of_plan and is_of_product and counts


def _gap_between(earlier: ReadRule, later: ReadRule | None, left: Sequence[_Subject]) -> RuleFault:
    ends_on = earlier.rule.ends_on
    named = sorted({text for subject in left for text in subject if text})
    only = f" for {', '.join(named)}" if named else ""
    if later is not None:
        return later.fault(
            "effective_on",
            f"no rule counts from {ends_on}, on which {earlier.rule.rule_id} ends, to {later.rule.effective_on}{only}: "
            f"a gap{_way_out(earlier.rule)}",
        )
    return earlier.fault("ends_on", f"no rule counts from {ends_on} on{only}: a gap{_way_out(earlier.rule)}")


def _way_out(ended: Rule) -> str:
    """What a row says where nothing is meant to follow it; of some kinds something always does."""
    if isinstance(ended, CancellationRule | RenewalRule):
        return ", and there is always a rule of this kind"
    return f"; where {ended.rule_id} was abolished, it says abolished = true"
