"""Corrections of typing errors, worked by hand from references whose check digits are worked by hand elsewhere.

`RF60PAWS0012`, `22860156001242` and `110000042000157` come from the tests of payment references.
"""

import pytest

from pawledger.domain.matching.check_digits import change_one_sign, remainder_of
from pawledger.domain.matching.payment_references import InvoiceAddress
from pawledger.domain.matching.reference_corrections import (
    CORRECTIONS_MAX,
    SEARCHED_CHARACTERS_MAX,
    SPANS_MAX,
    find_corrections,
)

HOME = InvoiceAddress("10000042", 1)
PAWS = InvoiceAddress("PAWS", 12)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("RF60PAWX0012", id="a letter wrong"),
        pytest.param("RF60PAW90012", id="a digit for a letter"),
        pytest.param("RF60PAWS0019", id="a digit of the invoice number wrong"),
        pytest.param("RF60PWAS0012", id="two letters exchanged"),
        pytest.param("RF60PAW0S012", id="two signs exchanged where the account id ends"),
        pytest.param("RF60PAS0012", id="a letter missing"),
        pytest.param("RF60PAWS012", id="a digit missing"),
        pytest.param("RF60PAWWS0012", id="a letter twice"),
        pytest.param("RF60PAWS00122", id="a digit too many at the end"),
        pytest.param("RF61PAWS0012", id="a check digit wrong"),
        pytest.param("RF06PAWS0012", id="check digits exchanged"),
        pytest.param("RF6PAWS0012", id="a check digit missing"),
        pytest.param("RF660PAWS0012", id="a check digit twice"),
        pytest.param("RF6P0AWS0012", id="a check digit and a letter exchanged"),
        pytest.param("FR60PAWS0012", id="the head exchanged"),
        pytest.param("RD60PAWS0012", id="the head wrong"),
        pytest.param("TF60PAWS0012", id="the head's first letter wrong"),
        pytest.param("F60PAWS0012", id="the head's first letter missing"),
        pytest.param("R60PAWS0012", id="the head's second letter missing"),
        pytest.param("RRF60PAWS0012", id="the head's first letter twice"),
        pytest.param("XRF60PAWS0012", id="a letter before the head"),
        pytest.param("R6F0PAWS0012", id="the head and a check digit exchanged"),
        pytest.param("RF60-PAWS-0012", id="hyphens inside"),
        pytest.param("RF60 PAWX 0012", id="groups of four and a letter wrong"),
        pytest.param("RF6OPAW5OO12", id="letters for digits throughout, and a digit for a letter"),
        pytest.param("rf60pawx0012", id="small letters"),
        pytest.param("22860156001224", id="in digits, the last two exchanged"),
        pytest.param("22860156001342", id="in digits, one wrong"),
        pytest.param("2286015601242", id="in digits, one missing"),
        pytest.param("228601566001242", id="in digits, one twice"),
        pytest.param("2286-0156-001242", id="in digits, with hyphens"),
        pytest.param("ZZB6OI56OOI242", id="in digits, with letters throughout"),
        pytest.param("premium RF60PAWX0012 thank you, see 2026", id="inside a text"),
    ],
)
def test_one_typing_error_is_corrected(text: str) -> None:
    assert PAWS in find_corrections([text]).addresses


def test_all_noughts_and_ones_of_an_account_id_may_be_letters() -> None:
    # 10000042 0001 271500 leaves 83 (100000420001 leaves 93, 93271500 leaves 83): the check digits are 98 - 83 = 15.
    assert HOME in find_corrections(["RFI5IOOOOO42OOOI"]).addresses


@pytest.mark.parametrize(
    "text",
    [
        "",
        "thank you for everything",
        "invoice 12 of November 2026",
        "RF60",
        pytest.param("RF60PXWX0012", id="two letters wrong"),
        pytest.param("RF60PAWS00", id="two digits missing"),
        pytest.param("GB60PAWS0012", id="another head"),
        pytest.param("RF60:PAWX:0012", id="held apart by what nobody groups with"),
        pytest.param("RF60  PAWX  0012", id="held apart by two blanks"),
    ],
)
def test_more_than_one_error_is_not_corrected(text: str) -> None:
    assert PAWS not in find_corrections([text]).addresses


def test_a_text_is_searched_from_its_beginning_up_to_a_limit() -> None:
    fill = " " * (SEARCHED_CHARACTERS_MAX - len("RF60PAWX0012"))
    assert PAWS in find_corrections([f"{fill}RF60PAWX0012"]).addresses
    assert PAWS not in find_corrections([f"{fill} RF60PAWX0012"]).addresses


def test_more_pieces_than_the_limit_are_known_to_be_left_out() -> None:
    # Each number of twelve digits is one piece; a comma parts them.
    numbers = [str(210_000_000_000 + place) for place in range(SPANS_MAX + 1)]
    assert find_corrections([", ".join(numbers[:SPANS_MAX])]).is_whole
    assert not find_corrections([", ".join(numbers[:10]), ", ".join(numbers[10:])]).is_whole


def test_no_more_corrections_come_out_than_the_limit() -> None:
    damaged = [f"RF{digits:02d}HOUSE{digits:02d}X0012" for digits in range(10, 10 + SPANS_MAX)]
    found = find_corrections(damaged)
    assert len(found.addresses) == CORRECTIONS_MAX
    assert not found.is_whole


def test_remainders_are_those_worked_by_hand() -> None:
    # See the tests of payment references: 25103228001227 15 60 is PAWS0012RF60 and leaves 1.
    assert remainder_of("PAWS0012RF60") == 1
    assert remainder_of("25103228") == 16
    assert remainder_of("") == 0


def test_changes_of_a_short_number_are_those_counted_by_hand() -> None:
    # 98 leaves 1, and so does 098; 9x8, 98x and what is shorter do not.
    assert set(change_one_sign("98", 1, digits_only=True)) == {"98", "098"}
    # 389 is 4 * 97 + 1.
    assert set(change_one_sign("89", 1, digits_only=True)) == {"98", "389"}
    # B is 11; U2 is 302, which is 3 * 97 + 11.
    assert set(change_one_sign("2", 11, digits_only=False)) == {"B", "U2"}
