"""What can go wrong in the life of a policy: each by its discrepancy, healed when it should, and no message lost."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Final

import pytest

from pawledger.domain.billing.rulebook import PaymentPlan, Rulebook
from pawledger.domain.books.entries import EntryKind, LedgerAccount
from pawledger.domain.books.ledger import AccountHead, replay_entries
from pawledger.domain.calendar import add_months
from pawledger.domain.policy.policies import ALL_TERMS, BilledTerm
from pawledger.services.billing.bill_accounts import InvoiceIssued, bill_accounts
from pawledger.services.billing.policy_messages import POLICY_SCHEMAS
from pawledger.services.billing.record_policy_event import PolicyEventRefusedError, PolicyRecorded, record_policy_event
from tests.builders.policies import ACCOUNT_ID
from tests.builders.rulebooks import PLANS, build_rulebook
from tests.builders.services import (
    bill_message,
    chunked_payment,
    connect_policy_recording,
    kinds_of_discrepancies,
    post,
    without,
)
from tests.fakes.memory import MemoryWorld

START: Final = date(2026, 1, 1)
MID_TERM: Final = date(2026, 7, 1)
"""181 days of the year 2026 lie before it, and 184 from it on."""
RENEWAL: Final = date(2027, 1, 1)
YEAR_MINOR: Final = 40_880
"""365.00 and twelve percent of it."""
HALF_MINOR: Final = 20_272
"""181 days at 1.00, and twelve percent of them."""
AFTER_ALL: Final = date(2030, 12, 31)

LATE_NOTICE: Final = "2026-12-20"
"""Twelve days before the renewal; twenty-one are wanted."""
NOTICE_IN_TIME: Final = "2026-12-01"

Message = dict[str, Any]


def message(schema: str, number: int, effective_on: date = MID_TERM, /, **fields: Any) -> Message:
    """An event of the usual policy; dates may be given as days."""
    day_name = "died_on" if schema == "pet_died.v1" else "effective_on"
    told = {name: value.isoformat() if isinstance(value, date) else value for name, value in fields.items()}
    return {
        "schema": schema,
        "event_id": f"event-{number}",
        "account_id": ACCOUNT_ID,
        "policy_id": "PAW-1",
        "transaction_number": number,
        day_name: effective_on.isoformat(),
        **told,
    }


def issued(number: int = 1, effective_on: date = START, /, **fields: Any) -> Message:
    """A year of cover in Great Britain for 365.00, paid monthly, unless told otherwise."""
    usual = {
        "currency": "GBP",
        "expires_on": add_months(effective_on, 12),
        "plan": "monthly",
        "premium_minor": 36_500,
        "product": "accident_and_illness",
        "jurisdiction": "GB",
    }
    return message("policy_issued.v2", number, effective_on, **{**usual, **fields})


def endorsed(number: int, effective_on: date = MID_TERM, /, **fields: Any) -> Message:
    """Twice the price from a day on."""
    return message("policy_endorsed.v1", number, effective_on, **{"premium_minor": 73_000, **fields})


def cancelled(number: int, effective_on: date = MID_TERM, /, **fields: Any) -> Message:
    usual = {"by": "customer", "requested_on": effective_on}
    return message("policy_cancelled.v1", number, effective_on, **{**usual, **fields})


def offered(number: int, /, **fields: Any) -> Message:
    """An automatic renewal at 400.00, told in time."""
    usual = {
        "expires_on": date(2028, 1, 1),
        "premium_minor": 40_000,
        "notice_sent_on": NOTICE_IN_TIME,
        "is_automatic": True,
    }
    return message("renewal_offered.v1", number, RENEWAL, **{**usual, **fields})


def declined(number: int) -> Message:
    return message("renewal_declined.v1", number, RENEWAL)


def plan_changed(number: int, plan: str, effective_on: date = MID_TERM, /, **fields: Any) -> Message:
    return message("plan_changed.v1", number, effective_on, plan=plan, **fields)


@dataclass
class Life:
    """An account, and what is delivered to it."""

    world: MemoryWorld = field(default_factory=MemoryWorld)
    rulebook: Rulebook = field(default_factory=build_rulebook)
    payment_count: int = 0

    def tell(self, *messages: Message, on: date = date(2025, 12, 1)) -> PolicyRecorded:
        """Deliver messages on a day, each under an id of its own, and return what became of the last."""
        ports = replace(connect_policy_recording(self.world), rulebook=self.rulebook)
        recorded = [
            record_policy_event(told, message_id=f"message-{told['event_id']}", received_on=on, ports=ports)
            for told in messages
        ]
        return recorded[-1]

    def bill(self, business_date: date) -> list[InvoiceIssued]:
        world = self.world
        message = bill_message(business_date, [ACCOUNT_ID])
        return bill_accounts(message, ledger=world.ledger, runs=world.run_book, pause=world.pause)

    def pay(self, amount_minor: int) -> None:
        """Money of which its mandate says whose it is."""
        self.payment_count += 1
        self.world.reference_book.claim("mandate#MNDT-PAYS", ACCOUNT_ID)
        paid = chunked_payment(
            f"payment-{self.payment_count}", amount_minor=amount_minor, currency="GBP", mandate_id="MNDT-PAYS"
        )
        post(self.world, [paid], file_id=f"{self.payment_count:064d}")

    def pay_all(self) -> None:
        self.pay(self.balance_minor(LedgerAccount.RECEIVABLE))

    @property
    def head(self) -> AccountHead:
        head = self.world.ledger.read_head(ACCOUNT_ID, consistent=True)
        assert head is not None
        return head

    @property
    def kinds(self) -> list[str]:
        return kinds_of_discrepancies(self.world)

    def balance_minor(self, ledger_account: LedgerAccount) -> int:
        return self.head.balance_minor(ledger_account, "GBP")

    def term(self, number: int = 1) -> BilledTerm:
        terms = self.world.ledger.read_terms(ACCOUNT_ID, *ALL_TERMS)
        return next(term for term in terms if term.term_id == f"PAW-1#{number}")

    def entry_ids(self) -> list[str]:
        return [entry.entry_id for entry, _ in self.world.ledger.read_entries(ACCOUNT_ID)]


def refuse(life: Life, told: Message) -> str:
    """Deliver a message that is refused, twice as a queue does, and return why."""
    before = life.world.rows.entries.copy()
    for _ in range(2):
        with pytest.raises(PolicyEventRefusedError) as refused:
            life.tell(told)
    assert life.world.rows.entries == before
    return str(refused.value)


# What is wrong by itself is refused, and the corrected message counts.


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"expires_on": "2026-01-01"}, "the term 2026-01-01 to 2026-01-01"),
        ({"expires_on": "2025-06-01"}, "the term 2026-01-01 to 2025-06-01"),
        ({"issued_on": "2027-01-01"}, "when its term was over"),
        ({"issued_on": "9999-12-31"}, "9999-12-31 as the day of issue"),
        ({"issued_on": "0001-01-01"}, "0001-01-01 as the day of issue"),
        ({"premium_minor": 0}, "a premium of 0"),
        ({"premium_minor": -36_500}, "a premium of -36500"),
        ({"currency": "XYZ"}, "not an ISO 4217 currency"),
        ({"plan": "weekly"}, "no payment plan is called 'weekly'"),
        ({"jurisdiction": "ATLANTIS"}, "no rules are known for jurisdiction ATLANTIS"),
        ({"discounts": ["loyalty"]}, "no discount 'loyalty' is known in GB"),
        ({"jurisdiction": None, "discounts": ["multi_pet"]}, "no rule says what discount 'multi_pet' is"),
        ({"told_charges": [{"kind": "tax", "amount_minor": 5}]}, "may not tell them as well"),
        ({"jurisdiction": None, "told_charges": [{"kind": "premium", "amount_minor": 5}]}, "the premium is told once"),
        ({"due_day": 0}, "0 is no day of a month"),
        ({"due_day": 32}, "32 is no day of a month"),
        ({"transaction_number": 0}, "transaction number 0"),
    ],
)
def test_a_policy_that_cannot_be_is_refused_and_counts_once_it_is_corrected(wrong: Message, why: str) -> None:
    life = Life()
    assert why in refuse(life, {**issued(), **wrong})
    assert life.kinds == ["policy_event_refused"]
    assert life.tell(issued()).is_new
    assert life.balance_minor(LedgerAccount.UNBILLED) == YEAR_MINOR


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (endorsed(2, premium_minor=0), "a premium of 0"),
        (endorsed(2, premium_minor=-1), "a premium of -1"),
        (endorsed(2, currency="XYZ"), "not an ISO 4217 currency"),
        (endorsed(2, jurisdiction="ATLANTIS"), "no rules are known for jurisdiction ATLANTIS"),
        (offered(2, expires_on=date(2026, 12, 31)), "the term 2027-01-01 to 2026-12-31"),
        (offered(2, notice_sent_on=date(2028, 1, 1)), "was sent after the offered term"),
        (offered(2, notice_sent_on="0001-01-01"), "0001-01-01 as the day of the notice"),
        (offered(2, premium_minor=0), "a premium of 0"),
        (offered(2, currency="XYZ"), "not an ISO 4217 currency"),
        (offered(2, plan="weekly"), "no payment plan is called 'weekly'"),
        (cancelled(2, requested_on="9999-12-31"), "9999-12-31 as the day of the request"),
        (cancelled(2, has_paid_claim=True), "a claim was paid, and no claim was made"),
        (cancelled(2, by="nobody"), "by should be one of customer, insurer"),
        (cancelled(2, method="generous"), "method should be one of"),
        (plan_changed(2, "weekly"), "no payment plan is called 'weekly'"),
        (plan_changed(2, "annual", scope="everything"), "scope should be one of"),
        (message("due_day_changed.v1", 2, due_day=32), "32 is no day of a month"),
        (message("payer_changed.v1", 2), "mandate_id is missing"),
        (message("pet_died.v1", 2, date(1, 1, 1)), "0001-01-01 as the day from which it counts"),
    ],
)
def test_an_event_that_cannot_be_is_refused_and_changes_nothing(wrong: Message, why: str) -> None:
    life = Life()
    life.tell(issued())
    assert why in refuse(life, wrong)
    assert life.kinds == ["policy_event_refused"]
    assert life.term().amount_minor == YEAR_MINOR


def test_a_policy_in_another_currency_than_its_account_is_refused() -> None:
    life = Life()
    life.tell(issued())
    assert "invoiced in GBP, not EUR" in refuse(life, {**issued(1, currency="EUR"), "policy_id": "PAW-2"})
    assert life.kinds == ["policy_event_refused"]


# What makes no sense yet waits.


@pytest.mark.parametrize(
    "early",
    [
        endorsed(2),
        cancelled(2),
        message("pet_died.v1", 2, evidence="vet-record-1"),
        offered(2),
        plan_changed(2, "annual"),
        message("due_day_changed.v1", 2, due_day=15),
        message("payer_changed.v1", 2, mandate_id="MNDT-2"),
    ],
    ids=lambda told: str(told["schema"]),
)
def test_an_event_that_comes_before_its_policy_waits_and_counts_when_the_policy_comes(early: Message) -> None:
    life = Life()
    recorded = life.tell(early)
    assert [found.kind for found in recorded.discrepancies] == ["policy_unknown"]
    assert life.kinds == ["policy_unknown"]
    assert life.head.currency is None
    assert life.bill(AFTER_ALL) == []
    life.tell(issued())
    assert life.kinds == []
    in_order = Life()
    in_order.tell(issued(), early)
    assert life.term() == in_order.term()
    assert life.head.balances == in_order.head.balances
    assert life.head.cursors == in_order.head.cursors


@pytest.mark.parametrize(
    "senseless",
    [
        endorsed(2, date(2025, 12, 31)),
        endorsed(2, RENEWAL),
        endorsed(2, currency="EUR"),
        endorsed(2, told_charges=[{"kind": "tax", "amount_minor": 5}]),
        endorsed(2, discounts=["loyalty"]),
        cancelled(2, date(2025, 12, 31)),
        cancelled(2, date(2027, 1, 2)),
        cancelled(2, method="flat"),
        message("pet_died.v1", 2, date(2027, 1, 1), evidence="vet-record-1"),
        offered(2, effective_on="2027-01-02"),
        offered(2, effective_on="2025-06-01", expires_on="2026-06-01", notice_sent_on="2025-05-01"),
        offered(2, currency="EUR"),
        message("renewal_accepted.v1", 2, RENEWAL),
        declined(2),
        plan_changed(2, "annual", RENEWAL),
        message("due_day_changed.v1", 2, RENEWAL, due_day=15),
        issued(2),
    ],
    ids=lambda told: f"{told['schema']} {told.get('effective_on')}",
)
def test_what_makes_no_sense_by_what_is_known_is_recorded_and_changes_nothing_but_a_discrepancy(
    senseless: Message,
) -> None:
    life = Life()
    life.tell(issued())
    before = (life.term(), life.head.balances, life.head.cursors)
    recorded = life.tell(senseless)
    assert recorded.is_new
    assert [found.kind for found in recorded.discrepancies] == ["policy_event_without_effect"]
    assert (life.term(), life.head.balances, life.head.cursors) == before
    assert life.entry_ids() == ["policy#PAW-1#00001", "policy#PAW-1#00002"]
    assert not life.tell(senseless).is_new
    assert life.kinds == ["policy_event_without_effect"]


def test_a_cancelled_policy_is_not_renewed_nor_endorsed() -> None:
    life = Life()
    life.tell(issued(), cancelled(2), offered(3), endorsed(4, date(2026, 8, 1)), cancelled(5, date(2026, 9, 1)))
    assert life.kinds == ["policy_event_without_effect"] * 3
    assert life.term().amount_minor == HALF_MINOR
    assert life.balance_minor(LedgerAccount.UNBILLED) == HALF_MINOR


def test_an_endorsement_after_expiry_counts_when_the_renewal_comes_that_was_told_before_it() -> None:
    life = Life()
    life.tell(issued(), endorsed(3, date(2027, 7, 1), premium_minor=80_000))
    assert life.kinds == ["policy_event_without_effect"]
    life.tell(offered(2))
    assert life.kinds == []
    # 181 days at 400.00 a year and 184 at 800.00: 198.356... and 403.287..., together 601.64; twelve percent 72.20.
    assert life.term(2).amount_minor == 60_164 + 7_220


def test_what_healed_and_is_so_again_is_told_again() -> None:
    life = Life()
    life.tell(issued(), endorsed(4, date(2027, 7, 1)))
    life.tell(offered(3))
    assert life.kinds == []
    # Told before the renewal, delivered after it: cover had ended, so neither of the two can be.
    life.tell(cancelled(2))
    assert life.kinds == ["policy_event_without_effect"] * 2
    assert life.term(2).amount_minor == 0


def test_a_death_without_evidence_changes_nothing_until_it_is_proven() -> None:
    life = Life()
    life.tell(issued(), message("pet_died.v1", 2, date(2026, 6, 30)))
    assert life.kinds == ["death_unproven"]
    assert life.term().amount_minor == YEAR_MINOR
    life.tell(message("pet_died.v1", 3, date(2026, 6, 30), evidence="vet-record-1"))
    assert life.kinds == []
    assert life.term().amount_minor == HALF_MINOR


def test_a_death_without_evidence_that_comes_after_the_proof_is_no_discrepancy() -> None:
    life = Life()
    life.tell(issued(), message("pet_died.v1", 3, date(2026, 6, 30), evidence="vet-record-1"))
    recorded = life.tell(message("pet_died.v1", 2, date(2026, 6, 30)))
    assert recorded.is_new
    assert recorded.discrepancies == ()


def test_a_waiting_event_whose_mandate_pays_another_account_keeps_no_policy_from_being_issued() -> None:
    life = Life()
    life.world.reference_book.claim("mandate#MNDT-2", "OTHER001")
    life.tell(message("payer_changed.v1", 2, mandate_id="MNDT-2"))
    recorded = life.tell(issued())
    assert recorded.is_new
    assert [found.kind for found in recorded.discrepancies] == ["policy_event_without_effect"]
    assert "pays account OTHER001 already" in recorded.discrepancies[0].what
    assert life.term().amount_minor == YEAR_MINOR
    assert life.world.reference_book.find("mandate#MNDT-2") == "OTHER001"


def test_a_plan_that_changes_when_everything_is_invoiced_is_told_to_somebody() -> None:
    life = Life()
    life.tell(issued())
    life.bill(date(2026, 12, 31))
    life.pay_all()
    recorded = life.tell(plan_changed(2, "quarterly"), on=MID_TERM)
    assert [found.what for found in recorded.discrepancies] == [
        "The plan quarterly changes nothing: all months of PAW-1#1 are invoiced already."
    ]
    assert life.bill(AFTER_ALL) == []


def test_a_plan_that_changes_something_is_no_discrepancy_beside_a_renewal_that_waits_or_never_begins() -> None:
    for later in ([offered(2, is_automatic=False)], [offered(2), declined(3)]):
        life = Life()
        life.tell(issued(), *later)
        assert life.tell(plan_changed(4, "quarterly")).discrepancies == ()
        assert life.term().plan == "quarterly"


# Renewals whose notice came late.


def test_a_renewal_at_a_new_price_that_was_told_late_is_charged_and_never_invoiced() -> None:
    life = Life()
    life.tell(issued(plan="annual"), offered(2, notice_sent_on=LATE_NOTICE))
    assert life.kinds == ["renewal_notice_late"]
    assert len(life.bill(AFTER_ALL)) == 1
    assert life.term(2).hold
    assert life.balance_minor(LedgerAccount.UNBILLED) == life.term(2).amount_minor > 0


def test_a_renewal_at_the_old_price_needs_no_notice() -> None:
    life = Life()
    life.tell(issued(), offered(2, notice_sent_on=LATE_NOTICE, premium_minor=36_500))
    assert life.kinds == []
    assert len(life.bill(AFTER_ALL)) == 24


@pytest.mark.parametrize(("notice_sent_on", "is_held"), [("2026-12-11", False), ("2026-12-12", True)])
def test_a_notice_is_in_time_on_the_twenty_first_day_before(notice_sent_on: str, is_held: bool) -> None:
    life = Life()
    life.tell(issued(), offered(2, notice_sent_on=notice_sent_on))
    assert bool(life.term(2).hold) is is_held


@pytest.mark.parametrize(
    ("healing", "renewal_minor"),
    [
        (offered(3, notice_sent_on=LATE_NOTICE, premium_minor=36_500), YEAR_MINOR),
        (offered(3, notice_sent_on=NOTICE_IN_TIME), 44_800),
        (declined(3), 0),
        (cancelled(3, RENEWAL), 0),
        (message("pet_died.v1", 3, date(2026, 12, 31), evidence="vet-record-1"), 0),
    ],
    ids=["old price", "in time", "declined", "cancelled", "dead"],
)
def test_a_held_renewal_heals_when_it_may_be_invoiced_or_never_begins(healing: Message, renewal_minor: int) -> None:
    life = Life()
    life.tell(issued(), offered(2, notice_sent_on=LATE_NOTICE))
    assert life.kinds == ["renewal_notice_late"]
    life.tell(healing)
    assert life.kinds == []
    life.bill(AFTER_ALL)
    assert life.balance_minor(LedgerAccount.UNBILLED) == 0
    assert life.balance_minor(LedgerAccount.RECEIVABLE) == YEAR_MINOR + renewal_minor


def test_a_renewal_that_is_held_again_after_it_healed_is_told_again() -> None:
    life = Life()
    old_price = offered(3, premium_minor=36_500, notice_sent_on=LATE_NOTICE)
    life.tell(issued(), offered(2, notice_sent_on=LATE_NOTICE), old_price)
    assert life.kinds == []
    # The old price was another one, which the offer had to keep.
    life.tell(endorsed(4, premium_minor=30_000))
    assert life.kinds == ["renewal_notice_late"]
    life.tell(declined(5))
    assert life.kinds == []


IDLE_PLAN: Final = plan_changed(2, "quarterly", date(2026, 12, 1))


def live_with_an_idle_plan() -> Life:
    """A year that was invoiced month by month before a plan came for which nothing was left."""
    life = Life()
    life.tell(issued())
    life.bill(date(2026, 12, 1))
    life.tell(IDLE_PLAN, on=date(2026, 12, 1))
    assert life.kinds == ["policy_event_without_effect"]
    return life


@pytest.mark.parametrize(
    "healing",
    [
        offered(3),
        offered(3, plan="monthly"),
        cancelled(3, date(2026, 12, 10)),
        message("pet_died.v1", 3, date(2026, 12, 10), evidence="vet-record-1"),
        plan_changed(3, "annual", date(2026, 12, 1), scope="not_paid"),
    ],
    ids=["a new term", "a new term by its own plan", "cancelled", "dead", "a plan that takes invoices back"],
)
def test_a_plan_without_effect_heals_when_it_has_one_or_something_else_takes_its_place(healing: Message) -> None:
    life = live_with_an_idle_plan()
    crash_at(life, "heal")
    with pytest.raises(ConnectionError):
        life.tell(healing, on=date(2026, 12, 2))
    life.world.before_call = lambda port, method, arguments: None
    assert life.kinds == ["policy_event_without_effect"]
    assert not life.tell(healing, on=date(2026, 12, 2)).is_new
    assert life.kinds == []


def test_an_event_that_comes_again_heals_nothing_of_what_came_after_it() -> None:
    life = Life()
    life.tell(issued(), cancelled(2), plan_changed(3, "quarterly", date(2026, 9, 1)))
    assert life.kinds == ["policy_event_without_effect"]
    life.tell(cancelled(2))
    assert life.kinds == ["policy_event_without_effect"]


def test_a_later_plan_without_effect_takes_the_place_of_an_earlier_one() -> None:
    life = live_with_an_idle_plan()
    (first,) = life.world.discrepancy_book.list_open()
    life.tell(plan_changed(3, "semi_annual", date(2026, 12, 1)), on=date(2026, 12, 2))
    (second,) = life.world.discrepancy_book.list_open()
    assert (first.discrepancy.subject, second.discrepancy.subject) == ("policy#PAW-1#00002", "policy#PAW-1#00003")


@pytest.mark.parametrize(
    "told", [endorsed(3, date(2026, 12, 10)), message("due_day_changed.v1", 3, date(2026, 12, 1), due_day=15)]
)
def test_a_plan_without_effect_is_not_healed_by_what_leaves_no_month_to_invoice(told: Message) -> None:
    life = live_with_an_idle_plan()
    life.tell(told, on=date(2026, 12, 2))
    assert life.kinds == ["policy_event_without_effect"]


def test_a_plan_that_had_its_effect_is_not_told_later_when_all_is_invoiced() -> None:
    life = Life()
    life.tell(issued(), plan_changed(2, "quarterly"))
    life.bill(date(2026, 12, 1))
    life.tell(endorsed(3, date(2026, 12, 10)), on=date(2026, 12, 2))
    life.tell(endorsed(4, date(2026, 12, 10), premium_minor=36_500), on=date(2026, 12, 3))
    assert life.kinds == []


def test_a_plan_that_waited_and_has_nothing_to_cut_when_it_counts_is_told_again_for_that() -> None:
    life = Life()
    life.tell(issued(), offered(2, expires_on=date(2027, 12, 15)))
    life.bill(date(2027, 12, 1))
    life.tell(plan_changed(4, "quarterly", date(2027, 12, 20)), on=date(2027, 12, 1))
    (waiting,) = life.world.discrepancy_book.list_open()
    assert "cover ends on 2027-12-15" in waiting.discrepancy.what
    # The renewal was offered for some days more of its last month, so that the change counts and finds nothing to cut.
    life.tell(offered(3, expires_on=date(2027, 12, 28)), on=date(2027, 12, 2))
    (idle,) = life.world.discrepancy_book.list_open()
    assert "all months of PAW-1#2 are invoiced already" in idle.discrepancy.what
    life.tell(cancelled(5, date(2027, 12, 21)), on=date(2027, 12, 3))
    assert life.kinds == []


# Money given back and taken off.


def test_within_the_free_look_everything_is_given_back_to_the_last_minor_unit() -> None:
    life = Life()
    life.tell(issued(plan="annual"))
    life.bill(START)
    life.pay_all()
    life.tell(cancelled(2, date(2026, 1, 15)), on=date(2026, 1, 15))
    assert life.term().charges == ()
    assert life.balance_minor(LedgerAccount.RECEIVABLE) == 0
    # Paid in full earns five percent: 346.75, and twelve percent of it.
    assert life.balance_minor(LedgerAccount.UNAPPLIED) == -(34_675 + 4_161)
    assert life.balance_minor(LedgerAccount.PREMIUM) == 0
    assert life.balance_minor(LedgerAccount.TAX) == 0


@pytest.mark.parametrize(
    "told",
    [
        {"requested_on": "2026-01-16"},
        {"has_claim": True},
        {"by": "insurer"},
    ],
)
def test_without_a_free_look_the_days_of_cover_are_kept(told: Message) -> None:
    life = Life()
    life.tell(issued(), {**cancelled(2, date(2026, 1, 15)), **told})
    assert life.term().amount_minor == 1_400 + 168


def test_what_is_given_back_settles_open_invoices_oldest_first_and_the_rest_is_the_accounts_own() -> None:
    life = Life()
    life.tell(issued())
    life.bill(date(2026, 12, 31))
    oldest = life.head.open_invoices[0]
    life.tell(cancelled(2), on=MID_TERM)
    given_back_minor = YEAR_MINOR - HALF_MINOR
    assert life.balance_minor(LedgerAccount.RECEIVABLE) == YEAR_MINOR - given_back_minor
    assert oldest.invoice_id not in [invoice.invoice_id for invoice in life.head.open_invoices]
    assert life.balance_minor(LedgerAccount.UNAPPLIED) == 0
    life.pay_all()
    life.tell(message("pet_died.v1", 3, date(2026, 1, 31), evidence="vet-record-1"), on=MID_TERM)
    # Cover ended on 1 July; the pet died on 31 January: 31 days stay charged, 31.00 and 3.72 of tax.
    assert life.balance_minor(LedgerAccount.UNAPPLIED) == -(HALF_MINOR - 3_100 - 372)


def test_a_change_of_plan_takes_unpaid_invoices_back_and_leaves_paid_ones() -> None:
    life = Life()
    life.tell(issued())
    life.bill(date(2026, 2, 17))
    first, second, third = life.head.open_invoices
    life.pay(first.remaining_minor + 1)  # one of the second is paid as well, so that only the third is unpaid
    life.tell(plan_changed(2, "quarterly", date(2026, 2, 20), scope="not_paid"), on=date(2026, 2, 20))
    assert [i.invoice_id for i in life.head.open_invoices] == [second.invoice_id]
    assert [i.number for i in life.term().installments if i.is_withdrawn] == [3]
    assert life.balance_minor(LedgerAccount.RECEIVABLE) == second.remaining_minor - 1
    life.bill(AFTER_ALL)
    # March alone up to the end of its quarter, then three quarters.
    assert [i.months for i in life.term().installments if not i.is_withdrawn] == [1, 1, 1, 3, 3, 3]
    assert life.balance_minor(LedgerAccount.RECEIVABLE) == YEAR_MINOR - first.remaining_minor - 1
    assert third.remaining_minor == life.term().installments[2].amount_minor


def test_a_change_of_plan_takes_the_unpaid_invoice_of_the_renewal_back_as_well() -> None:
    life = Life()
    life.tell(issued(), offered(2))
    life.bill(date(2026, 12, 18))
    life.pay(YEAR_MINOR)
    (renewal,) = life.head.open_invoices
    life.tell(plan_changed(3, "annual", date(2026, 12, 20), scope="not_paid"), on=date(2026, 12, 20))
    assert renewal.invoice_id not in [invoice.invoice_id for invoice in life.head.open_invoices]
    assert [(i.months, i.is_withdrawn) for i in life.term(2).installments] == [(1, True), (12, False)]


def test_two_policies_are_taken_off_the_unpaid_invoice_that_they_share() -> None:
    life = Life()
    life.tell(issued(), {**issued(), "policy_id": "PAW-2"})
    life.bill(date(2025, 12, 18))
    assert len(life.head.open_invoices) == 1
    for policy_id in ("PAW-1", "PAW-2"):
        life.tell({**plan_changed(2, "annual", START, scope="not_paid"), "policy_id": policy_id}, on=START)
    assert [invoice.invoice_id for invoice in life.head.open_invoices] == []
    life.bill(AFTER_ALL)
    # Each is paid in full then: 346.75, and twelve percent of it.
    assert life.balance_minor(LedgerAccount.RECEIVABLE) == 2 * (34_675 + 4_161)


def test_a_change_of_plan_that_waited_takes_back_what_is_unpaid_when_it_counts() -> None:
    life = Life()
    life.tell(issued(), offered(2))
    life.bill(date(2027, 1, 20))
    life.pay(YEAR_MINOR)
    before = life.head.open_invoices
    life.tell(plan_changed(4, "annual", date(2028, 1, 10), scope="not_paid"), on=date(2027, 1, 21))
    assert life.head.open_invoices == before
    assert life.kinds == ["policy_event_without_effect"]
    # The renewal was offered for two weeks more, and the day lies in it: its unpaid invoices are billed at once.
    life.tell(offered(3, expires_on=date(2028, 1, 15)), on=date(2027, 1, 22))
    assert life.kinds == []
    assert life.head.open_invoices == ()
    # January and February were invoiced; the two weeks begin a thirteenth month.
    assert [(i.months, i.is_withdrawn) for i in life.term(2).installments] == [(1, True), (1, True), (13, False)]
    # Paid in full costs five percent less than 400.00, and twelve percent of that are tax.
    assert [invoice.amount_minor for invoice in life.bill(date(2027, 1, 22))] == [38_000 + 4_560]


def test_a_change_of_plan_that_counted_before_takes_nothing_back_again() -> None:
    life = Life()
    life.tell(issued())
    life.tell(plan_changed(2, "quarterly", START, scope="not_paid"))
    life.bill(date(2026, 4, 1))
    before = life.head.open_invoices
    assert before
    life.tell(message("due_day_changed.v1", 3, START, due_day=15), on=date(2026, 4, 2))
    assert life.head.open_invoices == before


def test_without_that_scope_invoices_stay() -> None:
    life = Life()
    life.tell(issued())
    life.bill(date(2026, 2, 17))
    before = life.head.open_invoices
    life.tell(plan_changed(2, "quarterly", date(2026, 2, 20)), on=date(2026, 2, 20))
    assert life.head.open_invoices == before


# Days.


def test_a_year_from_a_leap_day_has_twelve_installments_each_on_the_day_or_the_last_of_its_month() -> None:
    for expires_on in (date(2029, 2, 28), date(2029, 3, 1)):
        life = Life()
        life.tell(issued(1, date(2028, 2, 29), expires_on=expires_on))
        assert len(life.bill(AFTER_ALL)) == 12
        due_days = [(i.due_on.month, i.due_on.day) for i in life.term().installments]
        assert due_days == [(month, 29) for month in (*range(2, 13), 1)]
        assert life.balance_minor(LedgerAccount.RECEIVABLE) == YEAR_MINOR


@pytest.mark.parametrize(
    ("due_day", "days"),
    [
        (29, [28, 29, 29, 29, 29]),
        (30, [28, 30, 30, 30, 30]),
        (31, [28, 31, 30, 31, 30]),
    ],
)
def test_a_due_day_that_a_month_lacks_is_its_last(due_day: int, days: list[int]) -> None:
    life = Life()
    life.tell(issued(), message("due_day_changed.v1", 2, START, due_day=due_day))
    assert [i.due_on for i in life.term().installments][1:6] == [
        date(2026, month, day) for month, day in enumerate(days, start=2)
    ]


def test_a_schedule_fired_for_a_day_long_past_or_twice_bills_nothing_and_one_of_the_future_bills_ahead_once() -> None:
    life = Life()
    life.tell(issued())
    assert life.bill(date(2001, 1, 1)) == []
    assert len(life.bill(date(2026, 6, 30))) == 7
    for again in (date(2026, 6, 30), date(2001, 1, 1), date(2026, 1, 1)):
        assert life.bill(again) == []
    assert len(life.bill(date(2099, 12, 31))) == 5
    assert life.bill(date(2099, 12, 31)) == []


def test_what_a_plan_wants_at_issue_is_invoiced_on_the_day_it_is_known() -> None:
    at_issue = PaymentPlan(name="at_issue", months_between=1, is_first_at_issue=True)
    life = Life(rulebook=build_rulebook(plans={**PLANS, "at_issue": at_issue}))
    life.tell(issued(plan="at_issue"), on=date(2025, 11, 3))
    assert life.bill(date(2025, 11, 2)) == []
    assert len(life.bill(date(2025, 11, 3))) == 1
    assert life.head.agenda_on == date(2026, 1, 18)


def test_what_an_event_makes_due_in_the_past_is_caught_up_by_the_next_bill_run() -> None:
    life = Life()
    life.tell(issued(), on=date(2026, 4, 10))
    assert life.head.agenda_on == date(2026, 4, 10)
    assert len(life.bill(date(2026, 4, 10))) == 4


def test_what_is_told_late_or_was_held_is_not_overdue_when_its_invoice_comes() -> None:
    life = Life()
    life.tell(issued(), offered(2, notice_sent_on=LATE_NOTICE))
    life.bill(date(2026, 12, 20))
    held_until = date(2027, 3, 10)
    life.tell(offered(3, premium_minor=36_500, notice_sent_on=LATE_NOTICE), on=held_until)
    assert len(life.bill(held_until)) == 3
    assert {invoice.due_on for invoice in life.head.open_invoices[-3:]} == {held_until + timedelta(days=14)}
    at_issue = PaymentPlan(name="at_issue", months_between=1, is_first_at_issue=True)
    life = Life(rulebook=build_rulebook(plans={**PLANS, "at_issue": at_issue}))
    life.tell(issued(plan="at_issue"), on=date(2026, 1, 5))
    life.bill(date(2026, 1, 5))
    assert [invoice.due_on for invoice in life.head.open_invoices] == [date(2026, 1, 19)]


def test_more_premium_goes_into_what_is_not_invoiced_and_where_all_is_into_an_invoice_of_its_own() -> None:
    # 181 days at 1.00 and 184 at 2.00: 549.00, and twelve percent of it.
    dearer_minor = 54_900 + 6_588
    life = Life()
    life.tell(issued())
    life.bill(date(2026, 6, 20))
    life.tell(endorsed(2), on=date(2026, 6, 20))
    assert len(life.bill(AFTER_ALL)) == 5
    assert life.balance_minor(LedgerAccount.RECEIVABLE) == dearer_minor
    life = Life()
    life.tell(issued(plan="semi_annual"))
    life.bill(MID_TERM)
    life.tell(endorsed(2), on=MID_TERM)
    assert life.head.agenda_on == MID_TERM
    assert [invoice.amount_minor for invoice in life.bill(MID_TERM)] == [dearer_minor - YEAR_MINOR]
    assert life.term().installments[-1].due_on == MID_TERM + timedelta(days=14)


def test_wellness_in_california_is_invoiced_apart_from_everything_else() -> None:
    life = Life()
    california = {"jurisdiction": "US-CA", "currency": "USD", "plan": "annual"}
    for place, product in enumerate(("wellness", "accident_and_illness", "wellness", "accident_and_illness")):
        life.tell({**issued(**california, product=product), "policy_id": f"PAW-{place}"})
    life.bill(START)
    lines = [
        [term_id for term_id, _, _ in entry.decision.facts["lines"]]
        for entry, _ in life.world.ledger.read_entries(ACCOUNT_ID)
        if entry.decision.kind is EntryKind.INVOICE_ISSUED
    ]
    assert lines == [["PAW-1#1", "PAW-3#1"], ["PAW-0#1", "PAW-2#1"]]


# Mandates.


def test_another_payer_binds_a_mandate_to_the_account_and_the_first_keeps_leading_to_it() -> None:
    life = Life()
    life.tell(issued(mandate_id="MNDT-1"), message("payer_changed.v1", 2, mandate_id="MNDT-2"))
    for mandate_id in ("MNDT-1", "MNDT-2"):
        assert life.world.reference_book.find(f"mandate#{mandate_id}") == ACCOUNT_ID


def test_a_payer_of_a_policy_that_nobody_knows_binds_nothing_until_the_policy_comes() -> None:
    life = Life()
    life.tell(message("payer_changed.v1", 2, mandate_id="MNDT-2"))
    assert life.world.reference_book.find("mandate#MNDT-2") is None
    life.tell(issued())
    assert life.world.reference_book.find("mandate#MNDT-2") == ACCOUNT_ID


def test_a_mandate_of_another_account_is_refused_and_the_event_is_not_recorded() -> None:
    life = Life()
    life.world.reference_book.claim("mandate#MNDT-2", "OTHER001")
    life.tell(issued())
    assert "pays account OTHER001 already" in refuse(life, message("payer_changed.v1", 2, mandate_id="MNDT-2"))
    assert life.kinds == ["policy_event_refused"]


# Repetitions, contradictions and crashes.

A_WHOLE_LIFE: Final[Sequence[Message]] = (
    issued(mandate_id="MNDT-1"),
    endorsed(2),
    plan_changed(3, "quarterly", scope="not_paid"),
    message("due_day_changed.v1", 4, due_day=31),
    message("payer_changed.v1", 5, mandate_id="MNDT-2"),
    offered(6, is_automatic=False),
    message("renewal_accepted.v1", 7, RENEWAL),
    message("pet_died.v1", 8, date(2027, 6, 1)),
    message("pet_died.v1", 9, date(2027, 6, 1), evidence="vet-record-1"),
    cancelled(10, date(2027, 3, 1)),
    declined(11),
    {
        **without(without(issued(), "transaction_number"), "premium_minor"),
        "schema": "policy_issued.v1",
        "policy_id": "PAW-2",
        "charges": [{"kind": "premium", "amount_minor": 12_000}],
    },
)


def test_every_kind_of_event_is_delivered_here() -> None:
    assert {told["schema"] for told in A_WHOLE_LIFE} == set(POLICY_SCHEMAS)


def test_whatever_is_delivered_again_at_whatever_time_changes_nothing() -> None:
    once, often = Life(), Life()
    days = [date(2026, 1, 1) + timedelta(days=40 * place) for place in range(len(A_WHOLE_LIFE))]
    for place, (told, day) in enumerate(zip(A_WHOLE_LIFE, days, strict=True)):
        once.tell(told, on=day)
        often.tell(told, on=day)
        for again in A_WHOLE_LIFE[: place + 1]:
            repeated = often.tell({**again, "event_id": "another"}, on=day)
            assert not repeated.is_new
            assert repeated.discrepancies == ()
        once.bill(day)
        often.bill(day)
    assert often.head == once.head
    assert often.world.rows.terms == once.world.rows.terms
    assert often.kinds == once.kinds


@pytest.mark.parametrize("told", A_WHOLE_LIFE, ids=lambda told: f"{told['schema']} {told.get('transaction_number')}")
def test_a_transaction_told_again_with_other_facts_is_a_conflict_and_the_first_stays(told: Message) -> None:
    life = Life()
    life.tell(*A_WHOLE_LIFE)
    before = life.kinds
    day_name = "died_on" if "died_on" in told else "effective_on"
    contradiction = {**told, day_name: "2026-02-02", "mandate_id": "MNDT-NEW"}
    assert "was recorded before with other facts" in refuse(life, contradiction)
    assert life.kinds == sorted([*before, "policy_event_conflict"])
    assert life.world.reference_book.find("mandate#MNDT-NEW") is None


def test_a_contradiction_that_could_not_be_billed_either_is_a_conflict_all_the_same() -> None:
    life = Life()
    life.tell(issued())
    refuse(life, issued(currency="EUR"))
    assert life.kinds == ["policy_event_conflict"]


def crash_at(life: Life, method: str) -> None:
    def kill(_: str, called: str, __: tuple[object, ...]) -> None:
        if called == method:
            raise ConnectionError(f"killed at {method}")

    life.world.before_call = kill


@pytest.mark.parametrize("method", ["read_head", "read_entries_from", "read_terms", "find", "claim", "append", "heal"])
def test_a_crash_at_any_call_is_mended_by_the_next_delivery(method: str) -> None:
    life = Life()
    life.tell(message("payer_changed.v1", 2, mandate_id="MNDT-2"), endorsed(3))
    crash_at(life, method)
    with pytest.raises(ConnectionError):
        life.tell(issued())
    life.world.before_call = lambda port, method, arguments: None
    assert life.tell(issued()).is_new is (method != "heal")
    assert life.kinds == []
    assert life.term().amount_minor == 54_900 + 6_588
    assert life.world.reference_book.find("mandate#MNDT-2") == ACCOUNT_ID


def test_a_crash_between_append_and_heal_is_mended_even_after_more_has_happened() -> None:
    life = Life()
    life.tell(endorsed(2))
    crash_at(life, "heal")
    with pytest.raises(ConnectionError):
        life.tell(issued())
    life.world.before_call = lambda port, method, arguments: None
    life.tell(cancelled(3, date(2026, 12, 1)))
    life.bill(date(2026, 3, 1))
    assert life.kinds == ["policy_unknown"]
    life.tell(issued())
    assert life.kinds == []


def test_a_change_told_while_another_writer_was_first_is_decided_anew() -> None:
    life = Life()
    life.tell(issued())
    appended = life.world.before_call

    def bill_first(_: str, called: str, __: tuple[object, ...]) -> None:
        if called == "append":
            life.world.before_call = appended
            life.bill(date(2026, 6, 20))

    life.world.before_call = bill_first
    life.tell(endorsed(2), on=date(2026, 6, 20))
    life.bill(AFTER_ALL)
    assert life.balance_minor(LedgerAccount.RECEIVABLE) == 54_900 + 6_588
    entries = [entry for entry, _ in life.world.ledger.read_entries(ACCOUNT_ID)]
    assert replay_entries(ACCOUNT_ID, entries) == life.head
