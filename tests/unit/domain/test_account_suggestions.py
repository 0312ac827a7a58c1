"""Suggestions: accounts for a person to choose from, by what a payment has in common with them."""

from dataclasses import replace
from datetime import date

from pawledger.domain.books.entries import OpenInvoice
from pawledger.domain.matching.account_suggestions import NAME_KEYS_MAX as NAME_KEYS_ASKED_MAX
from pawledger.domain.matching.account_suggestions import VIEWED_MAX, suggest_accounts
from pawledger.domain.matching.candidate_scores import SCORE_MAX, Evidence, lacks_of, score_of, weigh_amount
from pawledger.domain.matching.identification import CANDIDATES_MAX
from pawledger.domain.matching.payment_clues import Candidate, OpenAccount
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of
from pawledger.services.receiving.payer_keys import NAME_KEYS_MAX, PayerKeys
from tests.builders.account_books import MemorySuggestionBook, build_account, build_clues
from tests.fakes.secrets import MemoryPayerSecret

NOBODY: frozenset[str] = frozenset()


def told(
    account: OpenAccount, names: set[str], payers: set[str] | None = None
) -> dict[str, tuple[OpenAccount, frozenset[str], frozenset[str]]]:
    return {account.account_id: (account, frozenset(names), frozenset(payers or ()))}


def test_name_and_amount_together_come_before_either_alone() -> None:
    book = MemorySuggestionBook(
        {
            **told(build_account("AAAA", 1_000), set()),
            **told(build_account("BBBB", 700), {"anna berg", "anna", "berg"}),
            **told(build_account("CCCC", 1_000), {"anna berg"}),
            **told(build_account("DDDD", 1_000), {"berg"}),
            **told(build_account("EEEE", 700), set()),
        }
    )
    found = suggest_accounts(build_clues(name_keys=["anna berg", "anna", "berg"]), book)
    # 12 + 22; 4 + 22; 22; 12.
    assert [(each.account_id, each.score) for each in found] == [("CCCC", 34), ("DDDD", 26), ("AAAA", 22), ("BBBB", 12)]
    assert found[0].matched == (Evidence.NAME, Evidence.AMOUNT)
    assert found[0].lacks == (Evidence.NAMED, Evidence.PAYER)


def test_what_identification_found_counts_on_and_the_amount_is_looked_at_anew() -> None:
    known = Candidate("BBBB", ("BBBB-0001",), 62, (Evidence.CORRECTED, Evidence.AMOUNT), ())
    book = MemorySuggestionBook(
        {**told(build_account("AAAA", 1_000), {"berg"}), **told(build_account("BBBB", 700), set())}
    )
    best, other = suggest_accounts(build_clues(name_keys=["berg"]), book, known=[known])
    # 40 for the correction alone come before 12 + 22.
    assert (best.account_id, best.invoice_ids, best.score) == ("BBBB", ("BBBB-0001",), 40)
    assert best.matched == (Evidence.CORRECTED,)
    assert (other.account_id, other.score) == ("AAAA", 34)


def test_what_was_written_comes_before_what_the_payer_usually_pays() -> None:
    known = Candidate("BBBB", ("BBBB-0001",), 62, (Evidence.CORRECTED, Evidence.AMOUNT), ())
    book = MemorySuggestionBook(
        {**told(build_account("AAAA", 1_000), {"berg"}, {"payer"}), **told(build_account("BBBB", 1_000), set())}
    )
    found = suggest_accounts(build_clues(name_keys=["berg"], payer_key="payer"), book, known=[known])
    # 40 + 22; 25 + 12 + 22.
    assert [(each.account_id, each.score) for each in found] == [("BBBB", 62), ("AAAA", 59)]


def test_the_name_of_one_of_two_people_on_an_account_counts_nearly_as_much_as_a_whole_name() -> None:
    keys = PayerKeys(MemoryPayerSecret())
    book = MemorySuggestionBook(
        {
            **told(build_account("AAAA", 700), {*keys.name_keys_of("Jonas Berg")}),
            **told(build_account("BBBB", 700), {*keys.name_keys_of("Anna Holm")}),
            **told(build_account("CCCC", 700), {*keys.name_keys_of("Mira Jonas Anna Berg")}),
        }
    )
    both = keys.name_keys_of("Jonas & Anna Berg")
    found = suggest_accounts(build_clues(name_keys=both), book)
    assert [(each.account_id, each.matched) for each in found] == [
        ("AAAA", (Evidence.TWO_PARTS_OF_NAME,)),
        ("CCCC", (Evidence.TWO_PARTS_OF_NAME,)),
        ("BBBB", (Evidence.PART_OF_NAME,)),
    ]
    four = keys.name_keys_of("Mira Jonas Anna Berg")
    assert [each.matched for each in suggest_accounts(build_clues(name_keys=four), book)] == [
        (Evidence.NAME,),
        (Evidence.TWO_PARTS_OF_NAME,),
        (Evidence.PART_OF_NAME,),
    ]
    assert NAME_KEYS_ASKED_MAX == NAME_KEYS_MAX


def test_of_accounts_with_the_name_the_one_comes_first_whose_id_a_cut_off_reference_begins() -> None:
    cut_off = creditor_reference_of(InvoiceAddress("HOME0002", 7))[:-6]
    accounts = [build_account(account_id, 700, issued=8) for account_id in ("HOME0001", "HOME0002", "HOMES002")]
    book = MemorySuggestionBook({key: row for each in accounts for key, row in told(each, {"berg"}).items()})
    best, *others = suggest_accounts(build_clues(text=f"premium {cut_off}", name_keys=["berg"]), book)
    # 40 + 12.
    assert (best.account_id, best.score, best.invoice_ids) == ("HOME0002", 52, ("HOME0002-0007",))
    assert best.matched == (Evidence.CUT_OFF, Evidence.NAME)
    assert [each.matched for each in others] == [(Evidence.NAME,)] * 2


def test_a_payer_that_paid_the_account_before_counts_more_than_its_name() -> None:
    book = MemorySuggestionBook(
        {**told(build_account("AAAA", 1_000), {"berg"}), **told(build_account("BBBB", 1_000), set(), {"payer"})}
    )
    found = suggest_accounts(build_clues(name_keys=["berg"], payer_key="payer"), book)
    assert [(each.account_id, each.score) for each in found] == [("BBBB", 47), ("AAAA", 34)]


def test_of_two_alike_the_one_that_is_due_nearer_to_the_payment_comes_first() -> None:
    far = replace(build_account("AAAA"), open_invoices=(OpenInvoice("AAAA-0001", date(2026, 6, 1), 1_000),))
    near = replace(build_account("BBBB"), open_invoices=(OpenInvoice("BBBB-0001", date(2026, 12, 1), 1_000),))
    book = MemorySuggestionBook({**told(far, set()), **told(near, set())})
    assert [each.account_id for each in suggest_accounts(build_clues(), book)] == ["BBBB", "AAAA"]


def test_an_amount_in_another_currency_is_no_evidence() -> None:
    book = MemorySuggestionBook(told(build_account("AAAA", 1_000, currency="GBP"), {"berg"}))
    (found,) = suggest_accounts(build_clues(name_keys=["berg"]), book)
    assert found.matched == (Evidence.NAME,)


def test_of_many_alike_only_a_few_are_suggested_and_a_rarer_answer_is_looked_at_first() -> None:
    crowd = {f"AA{n:04d}": (build_account(f"AA{n:04d}", 1_000), NOBODY, NOBODY) for n in range(VIEWED_MAX * 2)}
    book = MemorySuggestionBook({**crowd, **told(build_account("ZZZZ", 700), {"berg"})})
    found = suggest_accounts(build_clues(name_keys=["berg"]), book)
    assert len(found) == CANDIDATES_MAX
    assert suggest_accounts(build_clues(7, name_keys=["berg"]), book)[0].account_id == "ZZZZ"


def test_nothing_in_common_suggests_nothing() -> None:
    assert suggest_accounts(build_clues(), MemorySuggestionBook(told(build_account("AAAA", 700), {"berg"}))) == ()


def test_scores_are_sums_below_certainty() -> None:
    assert score_of([]) == 0
    assert score_of([Evidence.PAYER, Evidence.NAME]) == 37
    assert score_of(list(Evidence)) == SCORE_MAX == 99


def test_an_id_of_an_earlier_payment_stands_for_the_payer_and_a_sum_for_the_amount() -> None:
    assert lacks_of([Evidence.MARK, Evidence.AMOUNT_OF_SEVERAL]) == (Evidence.NAMED, Evidence.NAME)


def test_amounts_are_weighed_against_one_invoice_and_the_oldest_together() -> None:
    invoices = build_account("AAAA", 1_000, 500, 250).open_invoices
    assert weigh_amount(500, invoices) is Evidence.AMOUNT
    # 10.00 + 5.00, and 2.50 with them; not 5.00 + 2.50, which leaves the oldest out.
    assert weigh_amount(1_500, invoices) is Evidence.AMOUNT_OF_SEVERAL
    assert weigh_amount(1_750, invoices) is Evidence.AMOUNT_OF_SEVERAL
    assert weigh_amount(750, invoices) is None
    assert weigh_amount(1_000, ()) is None
