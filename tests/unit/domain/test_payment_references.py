"""Payment references: worked values, reading, and finding them in what payers write."""

import pytest

from pawledger.domain.errors import InvariantError
from pawledger.domain.matching.payment_references import (
    InvoiceAddress,
    creditor_reference_of,
    find_creditor_references,
    names_another_creditor,
    numeric_reference_of,
    read_creditor_reference,
    read_numeric_reference,
)

HOME = InvoiceAddress("10000042", 1)
PAWS = InvoiceAddress("PAWS", 12)


def test_the_public_example_of_iso_11649_comes_out() -> None:
    # RF18 5390 0754 7034 is the example that the standard's guides print; it happens to have the form of ours.
    assert creditor_reference_of(InvoiceAddress("53900754", 7034)) == "RF18539007547034"
    assert read_creditor_reference("RF18 5390 0754 7034") == InvoiceAddress("53900754", 7034)


def test_check_digits_of_a_creditor_reference_by_hand() -> None:
    # PAWS0012 RF00 in digits, P=25 A=10 W=32 S=28 R=27 F=15: 25103228 0012 271500. Modulo 97: 25103228 leaves 16;
    # 160012 leaves 59; 59271500 leaves 38. The check digits are 98 - 38 = 60.
    assert creditor_reference_of(PAWS) == "RF60PAWS0012"


def test_check_digits_of_a_numeric_reference_by_hand() -> None:
    # Tag 1, account 10000042, invoice 0001, then 00: 110000042000100. Modulo 97: 110000042 leaves 5; 5000100 leaves
    # 41. The check digits are 98 - 41 = 57.
    assert numeric_reference_of(HOME) == "110000042000157"


def test_an_account_id_with_letters_becomes_a_number_of_base_36_behind_a_leading_one() -> None:
    # 1PAWS in base 36: 1*1679616 + 25*46656 + 10*1296 + 32*36 + 28 = 2860156. Tag 2, invoice 0012, then 00:
    # 22860156 001200. Modulo 97: 22860156 leaves 69; 69001200 leaves 56. The check digits are 98 - 56 = 42.
    assert numeric_reference_of(PAWS) == "22860156001242"


def test_leading_zeros_of_an_account_id_survive_both_forms() -> None:
    for account_id in ("0000", "00AB", "000000000000", "00000000000A"):
        address = InvoiceAddress(account_id, 1)
        assert read_creditor_reference(creditor_reference_of(address)) == address
        assert read_numeric_reference(numeric_reference_of(address)) == address


def test_the_longest_references_fit_their_rails() -> None:
    address = InvoiceAddress("ZZZZZZZZZZZZ", 9999)
    assert len(creditor_reference_of(address)) <= 25
    assert len(numeric_reference_of(address)) <= 27
    assert read_numeric_reference(numeric_reference_of(address)) == address


@pytest.mark.parametrize("text", ["rf60paws0012", "RF60 PAWS 0012", " RF60PAWS0012 ", "R F 6 0 P A W S 0 0 1 2"])
def test_small_letters_and_blanks_of_a_creditor_reference_do_not_count(text: str) -> None:
    assert read_creditor_reference(text) == PAWS


@pytest.mark.parametrize("text", ["22860156001242", " 22860156001242 ", "2286 0156 0012 42"])
def test_blanks_of_a_numeric_reference_do_not_count(text: str) -> None:
    assert read_numeric_reference(text) == PAWS


def test_neither_form_is_read_as_the_other() -> None:
    assert read_creditor_reference(numeric_reference_of(HOME)) is None
    assert read_numeric_reference(creditor_reference_of(HOME)) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "RF",
        "RF56PAWS0012",
        "RF60PAW50012",
        "RF60PAWS001A",
        "RF60PAW0012",
        "RF60PAWS0012X",
        "RF60-PAWS-0012",
        "RF\uff16\uff10PAWS0012",
        "FR57PAWS0012",
        "RF60" + "A" * 4000,
    ],
)
def test_what_is_not_exactly_one_of_our_creditor_references_leads_nowhere(text: str) -> None:
    assert read_creditor_reference(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "110000042000158",
        "11000004200015",
        "A110000042000157",
        "pet 22860156001242",
        "22860156001242 2026",
        "110000042-0001-57",
        "-110000042000157",
        # Only digits of other scripts: 110000042000157 in full-width and in Arabic-Indic digits.
        "\uff11\uff11\uff10\uff10\uff10\uff10\uff10\uff14\uff12\uff10\uff10\uff10\uff11\uff15\uff17",
        "\u0661\u0661\u0660\u0660\u0660\u0660\u0660\u0664\u0662\u0660\u0660\u0660\u0661\u0665\u0667",
        # A superscript counts as a digit in Unicode, yet no number can be made of it.
        "11000004\u00b2000157",
        "1" * 4000,
    ],
)
def test_what_is_not_exactly_one_of_our_numeric_references_leads_nowhere(text: str) -> None:
    assert read_numeric_reference(text) is None


def _with_check_digits(body: str) -> str:
    return f"{body}{98 - int(body + '00') % 97:02d}"


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("3100000420001", id="a tag that is neither 1 nor 2"),
        pytest.param("11230001", id="an account id of three digits"),
        pytest.param("112345678901230001", id="an account id of thirteen digits"),
        pytest.param("2" + str(int("2PAWS", 36)) + "0012", id="base 36 behind a leading two"),
        pytest.param("2" + str(int("112345", 36)) + "0001", id="an account id of digits written in base 36"),
    ],
)
def test_right_check_digits_alone_do_not_make_a_number_one_of_ours(body: str) -> None:
    number = _with_check_digits(body)
    assert int(number) % 97 == 1
    assert read_numeric_reference(number) is None


def test_one_in_a_hundred_of_all_numbers_that_begin_with_1_passes_for_a_numeric_reference() -> None:
    # 9,700 numbers in a row hold exactly 100 that leave 1 modulo 97; of these, those that end in 00, 01 or 99 are
    # never issued. The last two digits of such numbers run through all hundred values once: 97 of the 100 pass.
    numbers = range(110_000_042_000_100, 110_000_042_000_100 + 9_700)
    assert sum(read_numeric_reference(str(number)) is not None for number in numbers) == 97


def test_check_digits_that_agree_modulo_97_but_are_never_issued_are_refused() -> None:
    # 98 - 1, 98 - 2 and 98 - 96 write the same remainders as 00, 01 and 99.
    by_digits = {creditor_reference_of(InvoiceAddress("HOME", n))[2:4]: n for n in range(1, 2_000)}
    for issued, alias in (("97", "00"), ("98", "01"), ("02", "99")):
        reference = creditor_reference_of(InvoiceAddress("HOME", by_digits[issued]))
        assert read_creditor_reference(reference) is not None
        assert read_creditor_reference(f"RF{alias}{reference[4:]}") is None


@pytest.mark.parametrize(("account_id", "number"), [("ABC", 1), ("home", 1), ("HOME", -1), ("HOME", 10_000)])
def test_no_reference_is_made_of_what_it_cannot_carry(account_id: str, number: int) -> None:
    for write in (creditor_reference_of, numeric_reference_of):
        with pytest.raises(InvariantError):
            write(InvoiceAddress(account_id, number))


@pytest.mark.parametrize(
    "text",
    [
        "RF60PAWS0012",
        "Invoice:RF60PAWS0012/Rex and Minka",
        "premium RF60 PAWS 0012 for the dog",
        "premium rf60paws0012 AB 12",
        "/ROC/RF60PAWS0012//URI/thank you",
        "RF 12 RF60PAWS0012",
        "22860156001242 or RF60PAWS0012",
    ],
)
def test_a_creditor_reference_is_found_inside_what_a_payer_writes(text: str) -> None:
    assert find_creditor_references(text) == (PAWS,)


@pytest.mark.parametrize("text", ["22860156001242", "pet 22860156001242 2026", "110000042000157"])
def test_a_numeric_reference_is_not_looked_for_in_text(text: str) -> None:
    assert find_creditor_references(text) == ()


@pytest.mark.parametrize("text", ["", "thank you", "XRF60PAWS0012", "RF60PAWS00123"])
def test_a_reference_inside_a_longer_word_is_not_found(text: str) -> None:
    assert find_creditor_references(text) == ()


def test_several_references_are_found_once_each_in_the_order_of_the_text() -> None:
    home = creditor_reference_of(HOME)
    assert find_creditor_references(f"{home} and RF60PAWS0012, again {home}") == (HOME, PAWS)
    assert find_creditor_references(f"RF60PAWS0012, {home}") == (PAWS, HOME)


def test_two_short_references_printed_in_groups_of_four_are_both_found() -> None:
    second = creditor_reference_of(InvoiceAddress("DOGS", 3))
    grouped = f"RF60 PAWS 0012 {second[:4]} {second[4:8]} {second[8:]}"
    assert find_creditor_references(grouped) == (PAWS, InvoiceAddress("DOGS", 3))


def test_a_following_word_that_also_gives_right_check_digits_leaves_both_readings() -> None:
    # A word of four digits after the reference makes a longer one; for about one in 97 of them it is right as well.
    words = [f"{number:04d}" for number in range(10_000)]
    twofold = [word for word in words if read_creditor_reference(f"RF60PAWS0012{word}")]
    assert 60 <= len(twofold) <= 150
    for word in twofold[:5]:
        assert set(find_creditor_references(f"RF60PAWS0012 {word}")) == {PAWS, InvoiceAddress("PAWS0012", int(word))}


def test_only_the_first_4096_characters_of_a_text_are_looked_into() -> None:
    assert find_creditor_references(" " * 4084 + "RF60PAWS0012") == (PAWS,)
    assert find_creditor_references(" " * 4085 + "RF60PAWS0012") == ()


def test_what_the_standard_cannot_tell_apart_is_known() -> None:
    # Letters count as two digits, so 1B and B1 are both 111, 2M and M2 both 222, 3X and X3 both 333: ISO 11649 gives
    # them the same check digits. Account ids should not hold such a pair where two of them could be mixed up.
    for one, other in (("1B", "B1"), ("2M", "M2"), ("3X", "X3")):
        references = [creditor_reference_of(InvoiceAddress(f"AA{pair}", 1)) for pair in (one, other)]
        assert references[0][:4] == references[1][:4]


@pytest.mark.parametrize(
    ("text", "is_of_another"),
    [
        # AN8RP RF74 in digits, A=10 N=23 R=27 P=25 F=15: 10238272 5271574. Modulo 97: 10238272 leaves 19, 195271574
        # leaves 1. It is right, and with five signs behind its check digits too short to be one of ours.
        ("RF74AN8RP", True),
        ("for rf74 an8rp thank you", True),
        ("RF74AN8RP monthly", True),
        ("RF75AN8RP", False),
        ("XRF74AN8RP", False),
        ("RF60PAWS0012", False),
        ("RF", False),
        ("", False),
    ],
)
def test_a_reference_of_another_creditor_is_told_from_ours_and_from_words(text: str, is_of_another: bool) -> None:
    assert names_another_creditor(text) is is_of_another
