"""What a preview says up to a day is exactly what billing then issues, whatever happened before, and with an event."""

from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from pawledger.domain.billing.previews import Preview, PreviewGround, preview_account, preview_event
from pawledger.domain.books.entries import Decision, EntryKind
from pawledger.domain.policy.policy_events import PolicyEvent
from tests.builders.books import Book, Delivery
from tests.property.test_policy_life import RULEBOOK, PolicyLife


class ForeseenLife(PolicyLife):
    """The household of `test_policy_life`, whose bill is foreseen at any time."""

    def ground(self, until: date) -> PreviewGround:
        """What is known today."""
        return PreviewGround(
            head=self.book.head,
            terms=tuple(self.book.terms.values()),
            events=tuple(self.events),
            rulebook=RULEBOOK,
            first_day=self.day,
            until=until,
        )

    @rule(days=st.sampled_from([0, 1, 31, 120, 400, 1_200]), is_daily=st.booleans(), is_on_agenda=st.booleans())
    def foresee_the_bill(self, days: int, is_daily: bool, is_on_agenda: bool) -> None:
        until = self.day + timedelta(days=days)
        agenda_on = preview_account(self.ground(until)).agenda_on
        if is_on_agenda and agenda_on is not None:
            until = agenda_on  # the day itself is billed as well
        foreseen = preview_account(self.ground(until))
        assert_billed(deepcopy(self.book), foreseen, is_daily=is_daily and days <= 120)

    @precondition(lambda self: self.late)
    @rule(data=st.data(), days=st.sampled_from([31, 400]))
    def foresee_the_bill_with_an_event(self, data: st.DataObject, days: int) -> None:
        event: PolicyEvent = data.draw(st.sampled_from(self.late))
        decided = self.book.decide_event(event, self.day)
        foreseen = preview_event(self.ground(self.day + timedelta(days=days)), event, decided)
        assert_billed(deepcopy(self.book), foreseen.before, is_daily=False)
        other = deepcopy(self.book)
        given_minor = {t.term_id: sum(c.amount_minor for c in t.credits) for t in other.terms.values()}
        assert other.deliver_event(event, self.day) is Delivery.RECORDED
        assert {c.term_id: sum(c.given_back_minor.values()) for c in foreseen.changes} == {
            t.term_id: sum(c.amount_minor for c in t.credits) - given_minor.get(t.term_id, 0) for t in decided.terms
        }
        assert_billed(other, foreseen.after, is_daily=False)


def assert_billed(book: Book, foreseen: Preview, *, is_daily: bool) -> None:
    """Bill a book on every day of a preview, or only on those on which it says that something is issued."""
    before = len(book.stored)
    if is_daily:
        days = [foreseen.first_day + timedelta(days=n) for n in range((foreseen.until - foreseen.first_day).days + 1)]
    else:
        days = sorted({invoice.issued_on for invoice in foreseen.invoices})
    for day in days:
        book.bill(day)
    issued: list[Decision] = [entry.decision for entry in book.entries[before:]]
    assert all(decision.kind is EntryKind.INVOICE_ISSUED for decision in issued)
    assert [as_stored(invoice.decision) for invoice in foreseen.invoices] == [as_stored(each) for each in issued]
    assert book.head.agenda_on == foreseen.agenda_on
    assert book.head.agenda_on is None or book.head.agenda_on > foreseen.until
    for invoice, decision in zip(foreseen.invoices, issued, strict=True):
        opened = decision.opened_invoice
        assert invoice.amount_minor == (opened.remaining_minor if opened else 0)
        assert 0 <= invoice.settled_minor <= invoice.amount_minor
        assert opened is None or opened.invoice_id == invoice.invoice_id


def as_stored(decision: Decision) -> Decision:
    return replace(decision, facts=dict(decision.facts), source=dict(decision.source))


TestForeseenLife = ForeseenLife.TestCase
TestForeseenLife.settings = settings(stateful_step_count=30)
