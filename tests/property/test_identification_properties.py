"""Identification: never more than the amount, never one of two, and always the same answer."""

from datetime import date

from hypothesis import assume, given
from hypothesis import strategies as st

from pawledger.domain.matching.check_digits import SIGNS, change_one_sign, remainder_of
from pawledger.domain.matching.identification import identify_payment
from pawledger.domain.matching.payment_clues import PaymentClues, Rung
from pawledger.domain.matching.payment_references import (
    InvoiceAddress,
    creditor_reference_of,
    numeric_reference_of,
    read_creditor_reference,
    read_numeric_reference,
)
from pawledger.domain.matching.reference_corrections import find_corrections
from tests.builders.account_books import MemoryAccountBook, build_account, build_book

ACCOUNT_IDS = st.sampled_from(["HOME0001", "HOME0002", "H0ME0001", "10000042", "10000043", "1000004", "PAWS", "PAWX"])
AMOUNTS = st.sampled_from([500, 1_000, 1_500, 2_000])
ADDRESSES = st.builds(InvoiceAddress, ACCOUNT_IDS, st.integers(1, 4))
WRITERS = st.sampled_from([creditor_reference_of, numeric_reference_of])


@st.composite
def books(draw: st.DrawFn) -> MemoryAccountBook:
    """Few accounts whose ids are alike and which owe the same sums: as easily mistaken for one another as can be."""
    ids = draw(st.lists(ACCOUNT_IDS, unique=True, max_size=6))
    accounts = [
        build_account(each, *draw(st.lists(AMOUNTS, max_size=3)), issued=draw(st.integers(3, 4))) for each in ids
    ]
    some = st.lists(ACCOUNT_IDS, unique=True, max_size=3).map(tuple)
    known = {key: draw(some) for key in ("one", "other")}
    return build_book(
        *accounts, payers=known, mandates={"M-1": draw(ACCOUNT_IDS)}, marks={"cus_00000001": draw(ACCOUNT_IDS)}
    )


def damage(text: str, place: int, kind: str, sign: str) -> str:
    """A text with one typing error."""
    place %= len(text)
    if kind == "exchange":
        return text[:place] + text[place + 1 : place + 2] + text[place] + text[place + 2 :]
    rest = text[place:] if kind == "add" else text[place + 1 :]
    return text[:place] + ("" if kind == "miss" else sign) + rest


ERRORS = st.tuples(st.integers(0, 40), st.sampled_from(["exchange", "add", "miss", "replace"]), st.sampled_from(SIGNS))
WRITTEN = st.builds(lambda write, address: write(address), WRITERS, ADDRESSES)
DAMAGED = st.builds(lambda text, error: damage(text, *error), WRITTEN, ERRORS)
PIECES = st.one_of(WRITTEN, DAMAGED, st.sampled_from(["premium", "2026", "NOTPROVIDED", "cus_00000001", "-", " "]))


@st.composite
def payments(draw: st.DrawFn) -> PaymentClues:
    return PaymentClues(
        amount_minor=draw(st.one_of(AMOUNTS, st.integers(1, 6_000))),
        currency=draw(st.sampled_from(["EUR", "EUR", "GBP"])),
        booked_on=date(2026, 11, 26),
        references=tuple(draw(st.lists(PIECES, max_size=3))),
        text=" ".join(draw(st.lists(PIECES, max_size=4))),
        mandate_id=draw(st.sampled_from([None, None, "M-1"])),
        payer_key=draw(st.sampled_from([None, "one", "other", "stranger"])),
        name_keys=(),
    )


@given(payments(), books())
def test_parts_are_the_amount_and_an_answer_is_always_the_same(clues: PaymentClues, book: MemoryAccountBook) -> None:
    found = identify_payment(clues, book)
    assert identify_payment(clues, book) == found
    assert (found.rung is None) == (not found.parts)
    assert all(part.amount_minor > 0 for part in found.parts)
    assert sum(part.amount_minor for part in found.parts) == (clues.amount_minor if found.parts else 0)
    account_ids = [part.account_id for part in found.parts]
    assert len(set(account_ids)) == len(account_ids)
    assert not set(account_ids).intersection(candidate.account_id for candidate in found.candidates)
    assert [each.score for each in found.candidates] == sorted((e.score for e in found.candidates), reverse=True)


@given(WRITTEN, ERRORS)
def test_every_reference_one_error_away_is_found(written: str, error: tuple[int, str, str]) -> None:
    damaged = damage(written, *error)
    one_change_away = {
        damage(damaged, place, kind, sign)
        for place in range(len(damaged) + 1)
        for kind in ("exchange", "add", "miss", "replace")
        for sign in SIGNS
    } | {damaged + sign for sign in SIGNS}
    read = {read_creditor_reference(each) or read_numeric_reference(each) for each in one_change_away}
    found = find_corrections([damaged])
    assert read - {None} <= set(found.addresses)
    assert found.is_whole


@given(WRITTEN, ERRORS, st.data())
def test_a_correction_is_never_taken_where_two_fit(
    written: str, error: tuple[int, str, str], data: st.DataObject
) -> None:
    damaged = damage(written, *error)
    assume(not read_creditor_reference(damaged) and not read_numeric_reference(damaged))
    possible = find_corrections([damaged]).addresses
    assume(len({address.account_id for address in possible}) > 1)
    one, other = data.draw(
        st.lists(st.sampled_from(possible), min_size=2, max_size=2, unique_by=lambda a: a.account_id)
    )
    assume(one.invoice_number and other.invoice_number)
    clues = PaymentClues(1_000, "EUR", date(2026, 11, 26), (), damaged, None, None, ())
    accounts = [build_account(each.account_id, 1_000, issued=each.invoice_number) for each in (one, other)]
    alone = identify_payment(clues, build_book(accounts[0]))
    assume(alone.rung is Rung.CORRECTION)
    assert identify_payment(clues, build_book(*accounts)).parts == ()
    owes_more = build_account(other.account_id, 1_001, issued=other.invoice_number)
    assert identify_payment(clues, build_book(accounts[0], owes_more)).parts == alone.parts


@given(st.text(SIGNS, max_size=14), st.integers(0, 96), st.booleans())
def test_changes_of_one_sign_are_those_that_trying_all_finds(text: str, wanted: int, digits_only: bool) -> None:
    signs = SIGNS[:10] if digits_only else SIGNS
    tried = {
        damage(text, place, kind, sign)
        for place in range(len(text))
        for kind in ("exchange", "add", "miss", "replace")
        for sign in signs
    } | {text + sign for sign in signs}
    right = {each for each in tried if remainder_of(each) == wanted}
    assert set(change_one_sign(text, wanted, digits_only=digits_only)) == right
