"""What a person must know of after one more event of a policy, and what is settled by it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from pawledger.domain.discrepancies import Discrepancy, DiscrepancyKind
from pawledger.domain.policies import BilledTerm, term_id_of
from pawledger.domain.policy_events import PetDied, PlanChanged, PolicyEvent
from pawledger.domain.policy_ground import PolicyGround
from pawledger.domain.policy_history import PolicyHistory, pair_with_predecessors
from pawledger.domain.rulebook import Rulebook
from pawledger.domain.term_billing import Rebilling, find_hold

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
    if isinstance(event, PlanChanged) and event.transaction_number not in histories[1].refusals:
        born += _find_nothing_to_cut(ground, event, rebillings)
    held = {rebilling.after.number: rebilling.after for rebilling in rebillings if rebilling.after.hold}
    was_held, is_held = (_find_held(history, ground.rulebook) for history in histories)
    born += [_late_notice(ground, event, number, term) for number, term in held.items() if number not in was_held]
    healed += [_late_notice(ground, event, number, None) for number in was_held if number not in is_held]
    return (
        _limit_born([_born_by(event, found) for found in born], event),
        tuple(dict.fromkeys(_born_by(known, found) for found in healed for known in by_number.values())),
    )


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


def _find_nothing_to_cut(
    ground: PolicyGround, event: PlanChanged, rebillings: Sequence[Rebilling]
) -> Iterable[Discrepancy]:
    """A plan that changes when everything is invoiced changes nothing: somebody expects otherwise."""
    charged = [rebilling for rebilling in rebillings if rebilling.after.amount_minor]
    has_effect = any(
        rebilling.next_installment is not None or rebilling.after.hold or any(rebilling.changes_by_code().values())
        for rebilling in charged
    )
    if charged and not has_effect:
        named = ", ".join(rebilling.after.term_id for rebilling in charged)
        what = f"The plan {event.plan} changes nothing: all of {named} is invoiced already."
        kind = DiscrepancyKind.POLICY_EVENT_WITHOUT_EFFECT
        yield Discrepancy(kind, event.entry_id, ground.received_on, what, ground.head.account_id)
