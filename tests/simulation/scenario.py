"""What the world outside does in one history: policies, bank files with known faults, and what must come of them."""

import io
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from pawledger.bank_files.detection import read_bank_file
from pawledger.bank_files.report import FileReport
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.domain.policy.policy_events import PolicyIssued, Price
from pawledger.services.receiving.payer_keys import PayerKeys
from pawledger.services.receiving.payment_chunks import read_movements
from tests.builders.bank_statements import CREDIT_CODE, DEBIT_CODE, RETURN_CODE, Line, build_bai2
from tests.builders.camt053_file import Camt053File, Detail, Entry, StatementContent
from tests.builders.policies import build_policy, term_of
from tests.builders.services import policy_message, without
from tests.fakes.secrets import MemoryPayerSecret

DAYS: Final = (date(2026, 1, 16), date(2026, 1, 18), date(2026, 2, 13), date(2026, 2, 15), date(2026, 2, 16))
"""Days on which the schedules fire, or fail to. The first and the second invoice of every policy fall among them."""

RECEIVED_ON: Final = date(2026, 2, 10)
"""Near enough to the last day for its closing to look at every file, however late its chunks are posted."""

ACCOUNT_IDS: Final = ("MAND0001", "MAND0002", "LATE0003", "LATE0004", "POND0005")
MANDATED: Final = frozenset({"MAND0001", "MAND0002"})
FOREIGN: Final = "POND0005"
"""Invoiced in pounds and paid in euros by mistake."""

EXPECTED_DEAD_LETTERS: Final = frozenset({"policy without currency", "policy that contradicts"})


@dataclass(frozen=True, slots=True)
class PolicyEvent:
    name: str
    message: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Drop:
    """A file dropped by a provider."""

    key: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Scenario:
    """Everything that is dropped and sent, and the plain sums of it. Money in minor units, credits less debits."""

    seed: int
    known_first: Sequence[PolicyEvent]
    """Recorded before anything else: which mandate leads where depends on what is known when it is asked."""
    events: Sequence[PolicyEvent]
    drops: Sequence[Drop]
    late_events: Sequence[PolicyEvent]
    """After all others have come to rest: contradictions, of which the first should win in every history."""
    late_drops: Sequence[Drop]
    cash_minor: Mapping[str, int]
    """Sum of all movements that are different, by currency."""
    file_minor: Mapping[str, Mapping[str, int]]
    """Sum of every file that must be accepted, by its bytes' place in `accepted` and by currency."""
    accepted: Mapping[str, bytes]
    payment_ids: frozenset[str]
    installments: frozenset[tuple[str, int]]
    """Term id and number of every installment that must have been invoiced, and no other."""
    quarantined_count: int


def seeded_random(seed: int) -> random.Random:
    """A source of chance that is the same for the same seed."""
    return random.Random(seed)  # noqa: S311 - nothing is secret here, and it must repeat


def build_scenario(seed: int) -> Scenario:
    """A small book: five accounts, up to ten policies, six files of which three are sound and different."""
    chance = seeded_random(seed)
    policies = [policy for account_id in ACCOUNT_IDS for policy in _policies_of(account_id, chance)]
    mandates = {f"{account_id}-1": f"MNDT-{account_id}" for account_id in MANDATED}
    events = [
        PolicyEvent(policy.policy_id, policy_message(policy, mandate_id=mandates.get(policy.policy_id)))
        for policy in policies
    ]
    known_first = [PolicyEvent(f"{event.name} first", event.message) for event in events if event.name in mandates]
    first_lines = _lines("A", chance.randint(3, 12), chance)
    second_lines = _lines("B", chance.randint(3, 12), chance)
    entries = _camt_entries(chance)
    overlap = [*first_lines, *second_lines]
    accepted = {
        "first": build_bai2(first_lines, file_id="1"),
        "overlap": build_bai2(overlap, file_id="2"),
        "mandates": Camt053File((StatementContent(tuple(entries)),)).to_bytes(),
    }
    broken = {
        "unbalanced": build_bai2(_lines("C", 3, chance), file_id="3", account_total_change_minor=1),
        "cut": build_bai2(_lines("D", 3, chance), file_id="4")[:-20],
    }
    drops = [Drop(f"incoming/bank/{name}.txt", data) for name, data in {**accepted, **broken}.items()]
    drops.append(Drop("incoming/bank/first-again.txt", accepted["first"]))
    contradiction = {**events[0].message, "plan": "annual"}
    return Scenario(
        seed=seed,
        known_first=known_first,
        events=[*events, PolicyEvent("policy without currency", without(events[0].message, "currency"))],
        drops=drops,
        late_events=[PolicyEvent("policy that contradicts", contradiction)],
        late_drops=[Drop("incoming/bank/conflict.txt", build_bai2(_lines("E", 2, chance), file_id="1"))],
        cash_minor={"EUR": _sum(overlap) + sum(entry.amount_minor for entry in entries)},
        file_minor={
            "first": {"EUR": _sum(first_lines)},
            "overlap": {"EUR": _sum(overlap)},
            "mandates": {"EUR": sum(entry.amount_minor for entry in entries)},
        },
        accepted=accepted,
        payment_ids=frozenset(identity for data in accepted.values() for identity in _payment_ids(data)),
        installments=frozenset(
            (term.term_id, installment.number)
            for term in map(term_of, policies)
            for installment in term.installments
            if installment.invoice_on <= DAYS[-1]
        ),
        quarantined_count=len(broken) + 1,
    )


def _policies_of(account_id: str, chance: random.Random) -> list[PolicyIssued]:
    template = build_policy(account_id=account_id, currency="GBP" if account_id == FOREIGN else "EUR")
    policies = []
    for number in range(1, chance.choice((1, 2, 2)) + 1):
        day = chance.randint(1, 2)
        policies.append(
            replace(
                template,
                policy_id=f"{account_id}-{number}",
                price=Price(chance.randint(20_001, 99_999)),
                effective_on=date(2026, 2, day),
                expires_on=date(2027, 2, day),
            )
        )
    return policies


def _lines(name: str, count: int, chance: random.Random) -> list[Line]:
    """Payments with and without our reference, returns and debits; some rows twice, word for word."""
    lines: list[Line] = []
    for number in range(count):
        address = InvoiceAddress(chance.choice(ACCOUNT_IDS), chance.randint(1, 3))
        text = chance.choice((creditor_reference_of(address), creditor_reference_of(address), "thank you", ""))
        code = chance.choice((CREDIT_CODE,) * 6 + (RETURN_CODE, DEBIT_CODE))
        line = Line(chance.randint(1, 9_000), text, bank_reference=f"{name}{number}", type_code=code)
        lines += [line] * chance.choice((1, 1, 1, 2))
    return lines


def _camt_entries(chance: random.Random) -> list[Entry]:
    mandates = [*(f"MNDT-{account_id}" for account_id in sorted(MANDATED)), "MNDT-UNKNOWN"]
    return [
        Entry(
            chance.randint(1, 9_000),
            (Detail(mandate_id=chance.choice(mandates)),),
            bank_reference=f"CAMT-{number}",
        )
        for number in range(chance.randint(2, 8))
    ]


def _sum(lines: Sequence[Line]) -> int:
    totals: Counter[bool] = Counter()
    for line in lines:
        totals[line.type_code == CREDIT_CODE] += line.amount_minor
    return totals[True] - totals[False]


def _payment_ids(data: bytes) -> list[str]:
    entries = read_bank_file(io.BytesIO(data), FileReport())
    keys = PayerKeys(MemoryPayerSecret())
    movements = read_movements(entries, RECEIVED_ON, lambda _booking: True, payer_keys=keys)
    return [movement.payment_id for movement in movements]
