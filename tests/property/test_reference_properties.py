"""Payment references: every address comes back, and slips of the pen do not lead elsewhere."""

from itertools import pairwise
from string import ascii_uppercase, digits

from hypothesis import assume, example, given
from hypothesis import strategies as st

from pawledger.domain.matching.payment_references import (
    InvoiceAddress,
    creditor_reference_of,
    find_creditor_references,
    numeric_reference_of,
    read_creditor_reference,
    read_numeric_reference,
)

ACCOUNT_IDS = st.one_of(
    st.text(ascii_uppercase + digits, min_size=4, max_size=12), st.text(digits, min_size=4, max_size=12)
)
ADDRESSES = st.builds(InvoiceAddress, ACCOUNT_IDS, st.integers(0, 9_999))
WORD = r"([A-Z]{1,6}|[0-9]{1,6})"
WORDS = st.one_of(st.text(max_size=60), st.from_regex(rf"{WORD}( {WORD}){{0,5}}", fullmatch=True))

INDISTINGUISHABLE = {frozenset("1B"), frozenset("2M"), frozenset("3X")}
"""Neighbours that ISO 11649 cannot see swapped, because letters count as two digits: 1B and B1 are both 111."""


@given(ADDRESSES)
@example(InvoiceAddress("0000", 0))
@example(InvoiceAddress("ZZZZZZZZZZZZ", 9_999))
def test_every_address_comes_back_from_both_forms(address: InvoiceAddress) -> None:
    assert read_creditor_reference(creditor_reference_of(address)) == address
    assert read_numeric_reference(numeric_reference_of(address)) == address


@given(ADDRESSES)
def test_references_keep_to_the_length_and_the_characters_of_their_rails(address: InvoiceAddress) -> None:
    creditor, numeric = creditor_reference_of(address), numeric_reference_of(address)
    assert len(creditor) <= 25
    assert set(creditor) <= set(ascii_uppercase + digits)
    assert len(numeric) <= 27
    assert set(numeric) <= set(digits)


@given(ADDRESSES)
def test_check_digits_make_the_whole_number_leave_one_modulo_97(address: InvoiceAddress) -> None:
    """ISO 7064 MOD 97-10, computed character by character instead of as one number."""
    creditor, numeric = creditor_reference_of(address), numeric_reference_of(address)
    for text in (creditor[4:] + creditor[:4], numeric):
        remainder = 0
        for character in text:
            value = (digits + ascii_uppercase).index(character)
            remainder = (remainder * (100 if value > 9 else 10) + value) % 97
        assert remainder == 1


def _group_by_four(reference: str) -> str:
    return " ".join(reference[start : start + 4] for start in range(0, len(reference), 4))


@given(ADDRESSES, WORDS, WORDS, st.sampled_from(["plain", "grouped", "small"]))
@example(InvoiceAddress("PAWS", 12), "RF 12", "", "plain")
@example(InvoiceAddress("PAWS", 12), "", creditor_reference_of(InvoiceAddress("DOGS", 3)), "grouped")
def test_every_creditor_reference_is_found_inside_text_however_it_is_written(
    address: InvoiceAddress, before: str, after: str, form: str
) -> None:
    written = {
        "plain": creditor_reference_of(address),
        "grouped": _group_by_four(creditor_reference_of(address)),
        "small": creditor_reference_of(address).lower(),
    }[form]
    assert address in find_creditor_references(f"{before} {written} {after}")


@given(st.lists(ADDRESSES, min_size=2, max_size=5, unique=True))
def test_all_references_of_a_text_are_found(addresses: list[InvoiceAddress]) -> None:
    texts = [_group_by_four(creditor_reference_of(address)) for address in addresses]
    assert set(addresses) <= set(find_creditor_references(" ".join(texts)))


@given(ADDRESSES)
def test_every_wrong_digit_or_letter_of_a_creditor_reference_is_caught(address: InvoiceAddress) -> None:
    """A digit for a digit or a letter for a letter; a letter for a digit slips through the standard one time in 97."""
    reference = creditor_reference_of(address)
    for position, right in enumerate(reference):
        for wrong in digits if right.isdigit() else ascii_uppercase:
            if wrong != right:
                assert read_creditor_reference(reference[:position] + wrong + reference[position + 1 :]) is None


@given(ADDRESSES)
def test_every_swap_of_neighbours_in_a_creditor_reference_is_caught(address: InvoiceAddress) -> None:
    reference = creditor_reference_of(address)
    for position, (one, other) in enumerate(pairwise(reference)):
        if one != other and {one, other} not in INDISTINGUISHABLE:
            assert read_creditor_reference(reference[:position] + other + one + reference[position + 2 :]) is None


@given(ADDRESSES)
def test_a_missing_or_doubled_character_leads_nowhere_or_to_a_reference_that_is_issued_in_this_form(
    address: InvoiceAddress,
) -> None:
    """Whatever is read writes itself again as it was read: nothing is accepted in a form that is never issued."""
    for write, read in (
        (creditor_reference_of, read_creditor_reference),
        (numeric_reference_of, read_numeric_reference),
    ):
        reference = write(address)
        for position in range(len(reference)):
            for slip in (
                reference[:position] + reference[position + 1 :],
                reference[: position + 1] + reference[position:],
            ):
                other = read(slip)
                assert other is None or slip == write(other)


@given(ADDRESSES)
def test_every_wrong_digit_and_every_swap_in_a_numeric_reference_is_caught(address: InvoiceAddress) -> None:
    reference = numeric_reference_of(address)
    for position, right in enumerate(reference):
        for wrong in digits:
            if wrong != right:
                assert read_numeric_reference(reference[:position] + wrong + reference[position + 1 :]) is None
    for position, (one, other) in enumerate(pairwise(reference)):
        if one != other:
            assert read_numeric_reference(reference[:position] + other + one + reference[position + 2 :]) is None


@given(ADDRESSES, ADDRESSES)
def test_two_addresses_never_share_a_reference(one: InvoiceAddress, other: InvoiceAddress) -> None:
    assume(one != other)
    assert creditor_reference_of(one) != creditor_reference_of(other)
    assert numeric_reference_of(one) != numeric_reference_of(other)


@given(st.lists(st.one_of(st.text(max_size=20), ADDRESSES.map(creditor_reference_of)), max_size=8))
def test_any_text_is_searched_without_a_fault_and_only_what_stands_in_it_comes_out(pieces: list[str]) -> None:
    text = "".join(pieces)
    for address in find_creditor_references(text):
        compact = text.upper().replace(" ", "")
        assert creditor_reference_of(address) in compact


@given(st.lists(st.one_of(st.text(digits + " ./-", max_size=20), ADDRESSES.map(numeric_reference_of)), max_size=8))
def test_nothing_is_found_in_a_text_of_numbers(pieces: list[str]) -> None:
    assert find_creditor_references(" ".join(pieces)) == ()


@given(ADDRESSES, st.integers(1, 26))
def test_a_numeric_reference_is_read_in_groups_and_not_beside_anything_else(address: InvoiceAddress, at: int) -> None:
    reference = numeric_reference_of(address)
    assert read_numeric_reference(f"{reference[:at]} {reference[at:]}") == address
    assert read_numeric_reference(f"{reference[:at]}/{reference[at:]}") is None
    assert read_numeric_reference(f"premium {reference}") is None
