"""References of which the end is missing, worked by hand from `RF60PAWS0012` of the tests of payment references."""

import pytest

from pawledger.domain.matching.cut_off_references import CutOffReference, find_cut_off
from pawledger.domain.matching.payment_references import InvoiceAddress

PAWS = InvoiceAddress("PAWS", 12)


@pytest.mark.parametrize("text", ["RF60PAWS", "premium RF60PAWS0", "RF60 PAWS 00", "rf60-paws-001"])
def test_a_reference_that_was_cut_off_tells_its_account_and_by_its_check_digits_its_invoice(text: str) -> None:
    # For PAWS and the check digits 60, invoice 12 is right, and the next one is 12 + 97 = 109.
    (found,) = find_cut_off([text])
    assert PAWS in found.completions()


@pytest.mark.parametrize("text", ["", "RF60PAW", "RF60PAWS02", "RF60PAWS00 thank you", "RFPAWS0012"])
def test_what_was_not_cut_off_at_its_end_tells_nothing(text: str) -> None:
    assert PAWS not in [address for found in find_cut_off([text]) for address in found.completions()]


def test_the_same_beginning_in_two_fields_is_found_once() -> None:
    assert find_cut_off(["RF60PAWS0", "thank you", "premium RF60 PAWS 0"]) == (CutOffReference(60, "PAWS0"),)


def test_an_account_id_stands_in_full_where_the_invoice_number_begins_behind_it() -> None:
    assert CutOffReference(60, "PAWS0").is_sure_of("PAWS")
    assert not CutOffReference(60, "PAWS").is_sure_of("PAWS")
    assert not CutOffReference(60, "PAWX0").is_sure_of("PAWS")


def test_an_account_id_is_tried_with_one_more_sign_and_recognised_with_two() -> None:
    cut_off = CutOffReference(60, "PAWS")
    assert cut_off.longer_ids()[:2] == ("PAWS0", "PAWS1")
    assert len(cut_off.longer_ids()) == 36
    assert CutOffReference(60, "PAWS12345678").longer_ids() == ()
    ids = ("PAWS", "PAWS1", "PAWS12", "PAWS123", "PAWX1")
    assert [cut_off.may_begin(each) for each in ids] == [False, True, True, False, False]


def test_the_invoice_in_a_longer_account_is_the_one_with_which_the_check_digits_are_right() -> None:
    # PAWS9 is 25 10 32 28 9. 25103228 leaves 16 modulo 97, so that PAWS9 leaves 169 - 97 = 72. Behind it come n, the
    # number, and RF60, which is 271560: 72 * 10**10 + n * 10**6 + 271560 is to leave 1. 10**10 leaves 49, 10**6 leaves
    # 27 and 271560 leaves 57; 72 * 49 = 3528 leaves 36. 36 + 57 = 93, so that 27 n is to leave 5; 27 * 18 = 486 leaves
    # 1, and n is 5 * 18 = 90.
    assert CutOffReference(60, "PAWS").address_in("PAWS9") == InvoiceAddress("PAWS9", 90)
