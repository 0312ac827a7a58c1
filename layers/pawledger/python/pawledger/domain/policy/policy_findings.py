"""What a person must know of after one more event of a policy, and what is settled by it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from pawledger.domain.billing.rulebook import Rulebook
from pawledger.domain.billing.term_billing import Rebilling, find_hold
from pawledger.domain.policy.policies import BilledTerm, term_id_of
from pawledger.domain.policy.policy_events import PetDied, PolicyEvent
from pawledger.domain.policy.policy_ground import PolicyGround
from pawledger.domain.policy.policy_history import PolicyHistory, pair_with_predecessors
from pawledger.domain.worklist.discrepancies import Discrepancy, DiscrepancyKind

DISCREPANCIES_BORN_MAX: Final = 20
"""Born with one entry, because they are written in its transaction; the last one counts those for which it stands."""


def compare_discrepancies(
    ground: PolicyGround,
    event: PolicyEvent,
    histories: tuple[PolicyHistory, PolicyHistory],
    rebillings: Sequence[Rebilling],
) -> tuple[tuple[Discrepancy, ...], tuple[Discrepancy, ...]]:
    """What is new for a person to know, and what is settled, by the histories before and after the event."""
    by_number = {known.transaction_number: known for known in (*ground.events, event)}
    before, after = (_find_refusals(ground, by_number, history) for history in histories)
    born = [found for subject, found in after.items() if subject not in before or found.subject == event.entry_id]
    healed = [found for subject, found in before.items() if subject not in after]
    counting = {event.transaction_number, *histories[0].refusals} - set(histories[1].refusals)
    idle = _find_idle_plans(ground, by_number, histories[1], rebillings)
    born += [found for number, found in idle.items() if number in counting]
    held = {rebilling.after.number: rebilling.after for rebilling in rebillings if rebilling.after.hold}
    was_held, is_held = (_find_held(history, ground.rulebook) for history in histories)
    born += [_late_notice(ground, event, number, term) for number, term in held.items() if number not in was_held]
    healed += [_late_notice(ground, event, number, None) for number in was_held if number not in is_held]
    ends = [_born_by(known, found) for found in healed for known in by_number.values()]
    # Whether a change of plan counts, and what it counts for, follows from it and from what is numbered before it.
    ends += [
        _born_by(by_number[cause], found)
        for number, found in _find_settled_plans(ground, event, by_number, histories, idle)
        for cause in by_number
        if cause <= number
    ]
    new = _limit_born([_born_by(event, found) for found in born], event)
    # What is wrong with an event for another reason now is told anew, and only the old finding is settled.
    stands = {found.discrepancy_id for found in new}
    return new, tuple(found for found in dict.fromkeys(ends) if found.discrepancy_id not in stands)


def _born_by(event: PolicyEvent, found: Discrepancy) -> Discrepancy:
    """A finding as the discrepancy that an event gives birth to.

    What heals stays healed, so that the same finding, where a later event brings it back, has to be another one. The
    event that causes it makes the difference; about the event itself it can be born only once.
    """
    if found.subject == event.entry_id:
        return found
    return replace(found, subject=f"{found.subject} since {event.transaction_number}")


def _limit_born(born: Sequence[Discrepancy], event: PolicyEvent) -> tuple[Discrepancy, ...]:
    """Discrepancies as many as one transaction takes, the last one for all that do not fit."""
    if len(born) <= DISCREPANCIES_BORN_MAX:
        return tuple(born)
    shown, rest = born[: DISCREPANCIES_BORN_MAX - 1], born[DISCREPANCIES_BORN_MAX - 1 :]
    what = f"{len(rest)} further transactions of policy {event.policy_id} change nothing, the first: {rest[0].what}"
    return (*shown, replace(rest[0], subject=f"{event.entry_id} others", what=what))


def _find_held(history: PolicyHistory, rulebook: Rulebook) -> set[int]:
    """Numbers of the renewals that may not be invoiced at their price."""
    pairs = pair_with_predecessors(history.terms)
    return {term.number for before, term in pairs if find_hold(term, before, rulebook)}


def _find_refusals(
    ground: PolicyGround, by_number: Mapping[int, PolicyEvent], history: PolicyHistory
) -> dict[tuple[DiscrepancyKind, str], Discrepancy]:
    """The discrepancies of events that change nothing, by kind and subject.

    A death without evidence is none any more where another event of the policy proves it.
    """
    is_death_proven = any(term.end is not None and term.end.is_death for term in history.terms)
    found = [
        Discrepancy(
            _kind_of_refusal(by_number[number], is_unknown=not history.terms),
            by_number[number].entry_id,
            ground.received_on,
            f"Transaction {number} of policy {by_number[number].policy_id} changes nothing: {why}.",
            ground.head.account_id,
        )
        for number, why in history.refusals.items()
    ]
    return {
        (discrepancy.kind, discrepancy.subject): discrepancy
        for discrepancy in found
        if not (is_death_proven and discrepancy.kind is DiscrepancyKind.DEATH_UNPROVEN)
    }


def _kind_of_refusal(event: PolicyEvent, *, is_unknown: bool) -> DiscrepancyKind:
    if is_unknown:
        return DiscrepancyKind.POLICY_UNKNOWN
    if isinstance(event, PetDied) and not event.evidence:
        return DiscrepancyKind.DEATH_UNPROVEN
    return DiscrepancyKind.POLICY_EVENT_WITHOUT_EFFECT


def _late_notice(ground: PolicyGround, event: PolicyEvent, number: int, term: BilledTerm | None) -> Discrepancy:
    """The discrepancy of a renewal that is held; without its term as far as its id needs it."""
    return Discrepancy(
        DiscrepancyKind.RENEWAL_NOTICE_LATE,
        term_id_of(event.policy_id, number),
        ground.received_on,
        f"Term {number} of policy {event.policy_id} is not invoiced: {term.hold if term else 'settled'}.",
        ground.head.account_id,
        term.currency if term else None,
        term.amount_minor if term else None,
    )


def _find_settled_plans(
    ground: PolicyGround,
    event: PolicyEvent,
    by_number: Mapping[int, PolicyEvent],
    histories: tuple[PolicyHistory, PolicyHistory],
    idle: Mapping[int, Discrepancy],
) -> Iterable[tuple[int, Discrepancy]]:
    """Changes of plan that were idle and are so no more: they have an effect now, or something else took their place.

    When an event comes again its bill stands already, and what was idle before it cannot be told: all may have been
    that were recorded by then. What came later was judged with it.
    """
    before, after = histories
    was_idle = _find_idle_plans(ground, by_number, before, ())
    if any(known.transaction_number == event.transaction_number for known in ground.events):
        was_idle = {
            number: _idle_plan(ground, by_number[number], "settled")
            for number in before.plans_from.values()
            if number not in ground.recorded_later
        }
    is_renewed = bool(_find_running(after) - _find_running(before))
    return [(number, found) for number, found in was_idle.items() if number not in idle or is_renewed]


def _find_running(history: PolicyHistory) -> set[int]:
    return {term.number for term in history.terms if term.is_begun and term.end is None}


def _find_idle_plans(
    ground: PolicyGround,
    by_number: Mapping[int, PolicyEvent],
    history: PolicyHistory,
    rebillings: Sequence[Rebilling],
) -> dict[int, Discrepancy]:
    """By number, the changes of plan that count and have nothing to cut: somebody expects otherwise.

    No month of a term that one changed is left to invoice, and no other plan, end or renewal has come since. One that
    had something to cut looks the same when all of it is invoiced: only when it begins to count is it known to be idle.
    """
    following: dict[str, int | None] = {cursor.term_id: cursor.next_installment for cursor in ground.head.cursors}
    following |= {r.after.term_id: r.next_installment.number if r.next_installment else None for r in rebillings}
    billed = {term.number: term for term in (*ground.terms, *(rebilling.after for rebilling in rebillings))}
    ended = {term.number for term in history.terms if term.end is not None}
    found = {}
    for change in sorted(set(history.plans_from.values())):
        terms = [billed[n] for n, by in history.plans_from.items() if by == change and n in billed and n not in ended]
        charged = [term for term in terms if term.amount_minor]
        if charged and not any(_has_months_left(term, following.get(term.term_id)) for term in terms):
            named = ", ".join(term.term_id for term in charged)
            what = f"The plan {charged[0].plan} changes nothing: all months of {named} are invoiced already."
            found[change] = _idle_plan(ground, by_number[change], what)
    return found


def _idle_plan(ground: PolicyGround, event: PolicyEvent, what: str) -> Discrepancy:
    kind = DiscrepancyKind.POLICY_EVENT_WITHOUT_EFFECT
    return Discrepancy(kind, event.entry_id, ground.received_on, what, ground.head.account_id)


def _has_months_left(term: BilledTerm, next_installment: int | None) -> bool:
    if term.hold:
        return True
    return next_installment is not None and any(i.months for i in term.installments[next_installment - 1 :])
