"""The bank lines of the benchmark of matching: repeatable, in their shares, and true."""

import random
from datetime import date

import pytest

from benchmarks.matching.books import BilledAccount, Books, Payer, make_books
from benchmarks.matching.judging import Draft, Judge, within_one_error
from benchmarks.matching.lines import stream_lines
from benchmarks.matching.names import Name
from benchmarks.matching.shares import SHARES, LineClass
from benchmarks.matching.truth import Decidability
from benchmarks.matching.typing_errors import (
    Mistake,
    add_sign,
    confuse_signs,
    cut_off,
    exchange_signs,
    miss_sign,
    mistake_sign,
)
from pawledger.domain.books.entries import OpenInvoice

# By hand, ISO 7064 MOD 97-10: 100000420001271500 mod 97 is 83, and 98 - 83 is 15.
REFERENCE = "RF15100000420001"
ACCOUNT_ID = "10000042"
SIBLING_ID = "10000043"
BANK_ACCOUNT = "DE1"
NAME = Name("Anna", "Holm")


def build_account(account_id: str, *remaining_minor: int, issued_count: int = 1) -> BilledAccount:
    invoices = tuple(
        OpenInvoice(f"{account_id}-{number:04d}", date(2026, 11, number), amount_minor)
        for number, amount_minor in enumerate(remaining_minor, start=1)
    )
    return BilledAccount(account_id, "EUR", issued_count, invoices, None, 2_500, f"E2E-{account_id}")


def build_books(*accounts: BilledAccount) -> Books:
    """Books in which one payer is known to have paid every account."""
    places = tuple(range(len(accounts)))
    return Books(
        accounts=list(accounts),
        payers=[Payer(NAME, (BANK_ACCOUNT,), places)],
        known_bank_accounts={BANK_ACCOUNT: places},
        known_names={NAME: list(places)},
    )


def judge(books: Books, draft: Draft) -> Decidability:
    return Judge(books).judge(draft)


def test_the_same_seed_gives_the_same_books_and_lines() -> None:
    first, second = make_books(3, 2_000), make_books(3, 2_000)
    assert first == second
    assert list(stream_lines(first, 3, 300)) == list(stream_lines(second, 3, 300))
    assert list(stream_lines(first, 4, 300)) != list(stream_lines(first, 3, 300))


def test_the_books_hold_as_many_open_invoices_as_were_asked_for() -> None:
    for count in range(100, 120):
        books = make_books(3, count)
        assert sum(len(account.open_invoices) for account in books.accounts) == books.open_count == count


def test_shares_are_those_of_ten_thousand_lines_and_name_each_class_once() -> None:
    assert sum(share.per_ten_thousand for share in SHARES) == 10_000
    assert sorted(share.line_class for share in SHARES) == sorted(LineClass)


def test_lines_come_in_their_shares() -> None:
    classes = [line.line_class for line in stream_lines(make_books(3, 2_000), 3, 10_000)]
    assert set(classes) == set(LineClass)
    # 2,480 of 10,000 with a standard deviation of 43: four of them to each side.
    assert 2_300 < classes.count(LineClass.STRUCTURED_REFERENCE) < 2_660


def test_truth_adds_up_to_what_was_paid_wherever_the_money_is_meant_for_us() -> None:
    wrong_sums = [
        line
        for line in stream_lines(make_books(3, 2_000), 3, 5_000)
        if line.truth.parts and sum(amount_minor for _, amount_minor in line.truth.parts) != line.amount_minor
    ]
    # Several references whose sum was not paid: nobody knows how to split it.
    assert {line.line_class for line in wrong_sums} == {LineClass.SEVERAL_REFERENCES}
    assert {line.truth.decidability for line in wrong_sums} == {Decidability.UNDECIDABLE}


@pytest.mark.parametrize(
    ("mistake", "grows_by"),
    [(mistake_sign, 0), (exchange_signs, 0), (miss_sign, -1), (add_sign, 1)],
)
def test_a_mistake_is_one_typing_error(mistake: Mistake, grows_by: int) -> None:
    chance = random.Random(5)  # noqa: S311 - chance that can be repeated
    for _ in range(200):
        wrong = mistake(REFERENCE, chance)
        assert wrong != REFERENCE
        assert len(wrong) == len(REFERENCE) + grows_by
        assert REFERENCE in within_one_error(wrong)


def test_letters_for_digits_are_read_back() -> None:
    chance = random.Random(5)  # noqa: S311 - chance that can be repeated
    assert all(REFERENCE in within_one_error(confuse_signs(REFERENCE, chance)) for _ in range(200))


def test_a_letter_may_be_meant_in_the_account_and_a_digit_around_it() -> None:
    assert "RF10K000FI0001" in within_one_error("RFI0K000FI000I")


def test_a_reference_is_cut_off_at_its_end() -> None:
    chance = random.Random(5)  # noqa: S311 - chance that can be repeated
    assert {len(REFERENCE) - len(cut_off(REFERENCE, chance)) for _ in range(200)} == {1, 2, 3, 4, 5, 6}
    assert REFERENCE.startswith(cut_off(REFERENCE, chance))


def test_a_reference_with_one_error_is_proven_by_the_amount() -> None:
    books = build_books(build_account(ACCOUNT_ID, 2_500))
    draft = Draft(2_500, "EUR", ((0, 2_500),), spoiled="RF15100000420007")
    assert judge(books, draft) is Decidability.PROVEN
    draft = Draft(2_400, "EUR", ((0, 2_400),), spoiled="RF15100000420007")
    assert judge(books, draft) is Decidability.LIKELY


def test_what_a_known_payer_pays_is_proven_where_it_fits_in_one_way() -> None:
    books = build_books(build_account(ACCOUNT_ID, 2_500), build_account(SIBLING_ID, 3_000))
    paid = Draft(5_500, "EUR", ((0, 2_500), (1, 3_000)), bank_account=BANK_ACCOUNT)
    assert judge(books, paid) is Decidability.PROVEN


def test_what_fits_in_two_ways_is_undecidable() -> None:
    books = build_books(build_account(ACCOUNT_ID, 2_500), build_account(SIBLING_ID, 2_500))
    paid = Draft(2_500, "EUR", ((0, 2_500),), bank_account=BANK_ACCOUNT, name=NAME)
    assert judge(books, paid) is Decidability.UNDECIDABLE


def test_a_right_payment_of_another_account_than_was_meant_misleads() -> None:
    books = build_books(build_account(ACCOUNT_ID, 2_500))
    books.accounts.append(build_account(SIBLING_ID, 2_500))
    paid = Draft(2_500, "EUR", ((1, 2_500),), bank_account=BANK_ACCOUNT, name=NAME)
    assert judge(books, paid) is Decidability.MISLEADING


def test_a_name_with_an_amount_is_likely_and_never_proven() -> None:
    books = build_books(build_account(ACCOUNT_ID, 2_500), build_account(SIBLING_ID, 3_000))
    paid = Draft(2_500, "EUR", ((0, 2_500),), name=NAME)
    assert judge(books, paid) is Decidability.LIKELY


def test_money_for_another_creditor_is_undecidable_even_where_the_amount_fits() -> None:
    books = build_books(build_account(ACCOUNT_ID, 2_500))
    paid = Draft(2_500, "EUR", (), bank_account=BANK_ACCOUNT, is_foreign=True)
    assert judge(books, paid) is Decidability.UNDECIDABLE
