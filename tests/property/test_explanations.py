"""Whatever happened to the policies of a household, each invoice is explained to the last minor unit."""

from fractions import Fraction

from hypothesis import settings
from hypothesis.stateful import rule

from pawledger.domain.billing.charging import round_half_away
from pawledger.domain.billing.explanations import Cut, explain_invoice
from pawledger.domain.billing.installments import INSTALLMENT_FEE
from pawledger.domain.books.entries import EntryKind
from tests.property.test_policy_life import RULEBOOK, PolicyLife


class ExplainedLife(PolicyLife):
    """The household of `test_policy_life`, whose invoices are explained at any time."""

    @rule()
    def explain_the_last_invoice(self) -> None:
        invoices = [entry for entry in self.entries if entry.decision.kind is EntryKind.INVOICE_ISSUED]
        if not invoices:
            return
        invoice = invoices[-1]
        explained = explain_invoice(self.entries, invoice, RULEBOOK, "GBP")
        facts = [
            (term_id, number, code, minor)
            for term_id, number, charges in invoice.decision.facts["lines"]
            for code, minor in charges
        ]
        assert [(e.term_id, e.number, e.code, e.amount_minor) for e in explained.lines] == facts
        for line in explained.lines:
            assert line.event is not None, "every amount leads to an event"
            assert line.event.sequence < invoice.sequence
            if line.code != INSTALLMENT_FEE:
                assert line.cut is not None, "by the same rules the cut is always told"
                assert gives(line.cut, line.amount_minor, RULEBOOK.plan(line.plan).down_payment_percent), line
        assert (explained.before is None) == (len(invoices) == 1)
        if explained.before is not None:
            change_minor = sum(d.now_minor - d.before_minor for d in explained.differences)
            assert change_minor == explained.amount_minor - explained.before_minor
            assert all(difference.why for difference in explained.differences)


def gives(cut: Cut, amount_minor: int, down_payment_percent: object) -> bool:
    """Whether an amount is the slice that its explanation says, to the rounding of two running totals."""
    if amount_minor == cut.left_minor:
        return True
    if cut.is_down_payment:
        return amount_minor == round_half_away(cut.left_minor * Fraction(str(down_payment_percent)) / 100)
    return abs(amount_minor - Fraction(cut.left_minor * cut.weight, cut.weight_left)) <= 1


TestExplainedLife = ExplainedLife.TestCase
TestExplainedLife.settings = settings(stateful_step_count=30)
