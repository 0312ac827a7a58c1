"""The ladder of identification, rung by rung: what is certain, and what is left to a person."""

from dataclasses import replace

import pytest

from pawledger.domain.matching.candidate_scores import Evidence
from pawledger.domain.matching.check_digits import SIGNS
from pawledger.domain.matching.identification import (
    COMPUTED_NUMBER_MAX,
    IDENTIFICATION_VERSION,
    identify_payment,
    identify_return,
)
from pawledger.domain.matching.payment_clues import Identification, Part, Rung
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of, numeric_reference_of
from tests.builders.account_books import MemoryAccountBook, build_account, build_book, build_clues

PAWS_12 = "RF60PAWS0012"
"""Worked by hand in the tests of payment references."""
PAWS_12_IN_DIGITS = "22860156001242"


def reference_of(account_id: str, number: int) -> str:
    return creditor_reference_of(InvoiceAddress(account_id, number))


def taken_as(identification: Identification) -> list[tuple[str, int]]:
    return [(part.account_id, part.amount_minor) for part in identification.parts]


@pytest.mark.parametrize("amount_minor", [1, 1_000, 999_999])
def test_our_reference_names_its_account_and_invoice_whatever_the_amount_and_asks_nothing(amount_minor: int) -> None:
    book = build_book()
    found = identify_payment(build_clues(amount_minor, references=["NOTPROVIDED", PAWS_12], text="for Milo"), book)
    assert found == Identification(
        parts=(Part("PAWS", amount_minor, ("PAWS-0012",)),),
        rung=Rung.REFERENCE,
        version=IDENTIFICATION_VERSION,
        matched=(Evidence.NAMED,),
        candidates=(),
        would_change="reference",
        is_lasting=True,
    )
    assert book.asked == []


def test_two_invoices_of_one_account_are_both_named_in_the_order_of_the_payer() -> None:
    references = [reference_of("HOME0001", 8), reference_of("HOME0001", 7)]
    (part,) = identify_payment(build_clues(references=references), build_book()).parts
    assert part == Part("HOME0001", 1_000, ("HOME0001-0008", "HOME0001-0007"))


def test_a_reference_in_its_own_field_outweighs_another_one_in_the_text() -> None:
    found = identify_payment(build_clues(references=[PAWS_12], text=reference_of("HOME0001", 1)), build_book())
    assert taken_as(found) == [("PAWS", 1_000)]


def household() -> MemoryAccountBook:
    """Two accounts: invoice 2 of one is open with 10.00 and invoice 3 with 25.00, invoice 1 of the other with 12.50."""
    return build_book(build_account("HOME0001", 1_000, 2_500, issued=3), build_account("HOME0002", 1_250))


def test_references_of_several_accounts_are_parts_where_exactly_what_is_open_of_these_invoices_was_paid() -> None:
    references = [reference_of("HOME0002", 1), reference_of("HOME0001", 3)]
    found = identify_payment(build_clues(3_750, references=references), household())
    assert found.parts == (
        Part("HOME0002", 1_250, ("HOME0002-0001",)),
        Part("HOME0001", 2_500, ("HOME0001-0003",)),
    )
    assert found.rung is Rung.REFERENCE


@pytest.mark.parametrize(
    ("amount_minor", "currency", "numbers"),
    [
        pytest.param(3_749, "EUR", (1, 3), id="a cent less"),
        pytest.param(3_751, "EUR", (1, 3), id="a cent more"),
        pytest.param(4_750, "EUR", (1, 3), id="what is open of all invoices, also of those not named"),
        pytest.param(3_750, "GBP", (1, 3), id="another currency"),
        pytest.param(1_250, "EUR", (1, 1), id="one of them is paid already"),
        pytest.param(1_250, "EUR", (1, 4), id="one of them was never issued"),
    ],
)
def test_references_of_several_accounts_are_left_to_a_person_otherwise(
    amount_minor: int, currency: str, numbers: tuple[int, int]
) -> None:
    references = [reference_of("HOME0002", numbers[0]), reference_of("HOME0001", numbers[1])]
    book = household()
    found = identify_payment(build_clues(amount_minor, references=references, currency=currency), book)
    assert (found.parts, found.rung) == ((), None)
    assert {candidate.account_id for candidate in found.candidates} == {"HOME0001", "HOME0002"}
    assert found.would_change == "amount"


def test_of_two_readings_of_one_place_the_one_that_was_issued_is_meant() -> None:
    # A word of four digits behind a reference makes a longer one of the account PAWS0012, one time in 97.
    word = next(f"{n:04d}" for n in range(10_000) if reference_of("PAWS0012", n)[:4] == "RF60")
    text = f"{PAWS_12} {word}"
    both = {"PAWS": 12, "PAWS0012": int(word)}
    for account_id, number in both.items():
        other = next(each for each in both if each != account_id)
        book = build_book(build_account(account_id, issued=number), build_account(other))
        assert taken_as(identify_payment(build_clues(text=text), book)) == [(account_id, 1_000)]
    issued = build_book(build_account("PAWS", issued=12), build_account("PAWS0012", issued=int(word)))
    assert identify_payment(build_clues(text=text), issued).parts == ()
    assert identify_payment(build_clues(text=text), build_book()).parts == ()


@pytest.mark.parametrize("where", ["references", "text"])
def test_a_reference_in_digits_is_believed_once_its_invoice_was_issued(where: str) -> None:
    written = f"customer 4711 {PAWS_12_IN_DIGITS} thanks"
    clues = build_clues(references=[PAWS_12_IN_DIGITS]) if where == "references" else build_clues(text=written)
    found = identify_payment(clues, build_book(build_account("PAWS", issued=12)))
    assert (found.parts, found.rung) == ((Part("PAWS", 1_000, ("PAWS-0012",)),), Rung.DIGITS)
    assert identify_payment(clues, build_book(build_account("PAWS", issued=11))).parts == ()
    assert identify_payment(clues, build_book()).parts == ()


def test_a_number_that_was_never_issued_does_not_stand_in_the_way_of_one_that_was() -> None:
    other = numeric_reference_of(InvoiceAddress("10000042", 1))
    book = build_book(build_account("PAWS", issued=12))
    assert taken_as(identify_payment(build_clues(references=[other, PAWS_12_IN_DIGITS]), book)) == [("PAWS", 1_000)]


def paws(*open_minor: int) -> MemoryAccountBook:
    """Twelve invoices of one account, the last of them open with these amounts."""
    return build_book(build_account("PAWS", *open_minor, issued=12))


@pytest.mark.parametrize("written", ["RF60PAWX0012", "RF60PWAS0012", "RF60/PAWS/0012", "22860156001224"])
def test_one_typing_error_is_corrected_where_the_invoice_is_open_with_the_amount(written: str) -> None:
    found = identify_payment(build_clues(text=f"premium {written}"), paws(1_000))
    assert (found.parts, found.rung) == ((Part("PAWS", 1_000, ("PAWS-0012",)),), Rung.CORRECTION)
    assert found.would_change == "amount"


@pytest.mark.parametrize(
    ("book", "currency"),
    [
        pytest.param(paws(999), "EUR", id="a cent less is open"),
        pytest.param(paws(1_000), "GBP", id="another currency"),
        pytest.param(paws(), "EUR", id="paid already"),
        pytest.param(build_book(build_account("PAWS", 1_000, issued=11)), "EUR", id="never issued"),
        pytest.param(build_book(), "EUR", id="no such account"),
        pytest.param(paws(1_000, 2_000), "EUR", id="another invoice of the account has the amount"),
    ],
)
def test_a_correction_that_does_not_fit_is_no_more_than_a_candidate(book: MemoryAccountBook, currency: str) -> None:
    found = identify_payment(build_clues(text="RF60PAWX0012", currency=currency), book)
    assert (found.parts, found.rung) == ((), None)


def others_that_may_be_meant() -> list[InvoiceAddress]:
    """Invoices from whose reference `RF60PAWX0012` is one sign away, as it is from that of `PAWS`."""
    ids = [f"{first}{second}WX" for first in "PQ" for second in SIGNS] + [f"PA{third}X" for third in SIGNS]
    near = [InvoiceAddress(account_id, 12) for account_id in ids if sum(map(str.__ne__, account_id, "PAWX")) == 1]
    near += [InvoiceAddress(f"{sign}AWX", 12) for sign in SIGNS if sign != "P"]
    return [address for address in near if reference_of(address.account_id, 12).startswith("RF60")]


def test_two_corrections_that_fit_are_none() -> None:
    others = others_that_may_be_meant()
    assert others
    for other in others:
        accounts = [build_account("PAWS", 1_000, issued=12), build_account(other.account_id, 1_000, issued=12)]
        found = identify_payment(build_clues(text="RF60PAWX0012"), build_book(*accounts))
        assert found.parts == ()
        assert [candidate.account_id for candidate in found.candidates] == sorted(["PAWS", other.account_id])
        assert found.would_change == "reference"


def test_a_payer_whose_account_may_be_meant_as_well_speaks_against_a_correction() -> None:
    other = others_that_may_be_meant()[0]
    accounts = [build_account("PAWS", 1_000, issued=12), build_account(other.account_id, issued=12)]
    clues = build_clues(text="RF60PAWX0012", payer_key="payer")
    paid_other = build_book(*accounts, payers={"payer": (other.account_id,)})
    assert identify_payment(clues, paid_other).parts == ()
    paid_both = build_book(*accounts, payers={"payer": (other.account_id, "PAWS")})
    assert taken_as(identify_payment(clues, paid_both)) == [("PAWS", 1_000)]
    paid_a_third = build_book(*accounts, build_account("HOME0001"), payers={"payer": ("HOME0001",)})
    assert taken_as(identify_payment(clues, paid_a_third)) == [("PAWS", 1_000)]
    assert taken_as(identify_payment(clues, build_book(*accounts))) == [("PAWS", 1_000)]


def test_hyphens_between_the_groups_of_a_reference_do_not_count() -> None:
    for text in ("RF60-PAWS-0012", "premium R F60 PAWS 0012", "2286-0156-0012-42"):
        book = build_book(build_account("PAWS", issued=12))
        assert taken_as(identify_payment(build_clues(7, text=text), book)) == [("PAWS", 7)]


def test_a_reference_of_an_invoice_number_that_no_account_reaches_is_looked_up() -> None:
    reference = reference_of("PAWS", COMPUTED_NUMBER_MAX + 1)
    assert identify_payment(build_clues(references=[reference]), paws(1_000)).parts == ()
    book = build_book(build_account("PAWS", issued=COMPUTED_NUMBER_MAX + 1))
    found = identify_payment(build_clues(references=[reference]), book)
    assert taken_as(found) == [("PAWS", 1_000)]
    assert found.is_lasting


def test_an_answer_that_what_is_known_later_may_change_does_not_last() -> None:
    book = build_book(build_account("PAWS", issued=12), mandates={"M-1": "PAWS"})
    for clues in (build_clues(references=[PAWS_12_IN_DIGITS]), build_clues(mandate_id="M-1"), build_clues()):
        assert not identify_payment(clues, book).is_lasting
    doubtful = reference_of("HOME0001", COMPUTED_NUMBER_MAX + 1)
    found = identify_payment(build_clues(references=[PAWS_12, doubtful]), book)
    assert (taken_as(found), found.is_lasting) == ([("PAWS", 1_000)], False)


@pytest.mark.parametrize("where", ["references", "text"])
def test_a_reference_of_another_creditor_ends_the_search_but_for_a_mandate(where: str) -> None:
    # Its check digits are worked by hand in the tests of payment references.
    book = build_book(build_account("HOME0001", 1_000), payers={"payer": ("HOME0001",)}, mandates={"M-1": "HOME0001"})
    other = "RF74AN8RP"
    clues = build_clues(payer_key="payer", **{where: [other] if where == "references" else f"for {other}"})  # type: ignore[arg-type]
    assert identify_payment(clues, book).parts == ()
    assert taken_as(identify_payment(replace(clues, mandate_id="M-1"), book)) == [("HOME0001", 1_000)]


@pytest.mark.parametrize(
    ("owed", "amount_minor", "expected"),
    [
        pytest.param((700, 800, 1_500), 2_300, [], id="two of three that owe"),
        pytest.param((700, 800), 1_500, [("HOME0001", 700), ("HOME0002", 800)], id="both that owe"),
        pytest.param((700, 800, 1_500), 1_500, [], id="one of them, or two others"),
        pytest.param((700, 800, 1_500), 3_000, [("HOME0001", 700), ("HOME0002", 800), ("HOME0003", 1_500)], id="all"),
    ],
)
def test_a_payer_of_several_accounts_means_one_or_all_that_owe(
    owed: tuple[int, ...], amount_minor: int, expected: list[tuple[str, int]]
) -> None:
    accounts = [build_account(f"HOME000{place}", minor) for place, minor in enumerate(owed, start=1)]
    paid = (*(account.account_id for account in accounts), "GONE0001")
    book = build_book(*accounts, build_account("HOME0009"), payers={"payer": (*paid, "HOME0009")})
    assert taken_as(identify_payment(build_clues(amount_minor, payer_key="payer"), book)) == expected


def test_a_cut_off_reference_to_another_account_speaks_against_a_known_payer() -> None:
    book = build_book(
        build_account("PAWS", issued=12), build_account("HOME0001", 1_000), payers={"payer": ("HOME0001",)}
    )
    assert identify_payment(build_clues(text="premium RF60PAWS", payer_key="payer"), book).parts == ()


def test_an_id_of_an_earlier_payment_for_another_account_speaks_against_a_known_payer() -> None:
    accounts = [build_account("HOME0001", 1_000), build_account("HOME0002", 700)]
    book = build_book(*accounts, payers={"payer": ("HOME0001", "HOME0002")}, marks={"E2E-4711881": "HOME0002"})
    assert taken_as(identify_payment(build_clues(payer_key="payer"), book)) == [("HOME0001", 1_000)]
    found = identify_payment(build_clues(references=["E2E-4711881"], payer_key="payer"), book)
    assert found.parts == ()


def test_a_return_is_found_by_reference_mandate_or_the_id_of_its_payment_whatever_is_open() -> None:
    book = build_book(build_account("HOME0001"), mandates={"M-1": "HOME0001"}, marks={"E2E-4711881": "HOME0001"})
    for clues, rung in (
        (build_clues(references=[reference_of("HOME0001", 1)]), Rung.REFERENCE),
        (build_clues(mandate_id="M-1"), Rung.MANDATE),
        (build_clues(references=["E2E-4711881"], payer_key="stranger"), Rung.MARK),
    ):
        found = identify_return(clues, book)
        assert (taken_as(found), found.rung) == ([("HOME0001", 1_000)], rung)
    both = [PAWS_12, reference_of("HOME0001", 1)]
    assert identify_return(build_clues(references=[*both, "E2E-4711881"], mandate_id="M-1"), book).parts == ()
    assert identify_return(build_clues(text="HOME0001"), book).parts == ()


def test_a_mandate_leads_to_its_account_whatever_the_amount() -> None:
    found = identify_payment(build_clues(mandate_id="M-1"), build_book(mandates={"M-1": "HOME0001"}))
    assert (found.parts, found.rung) == ((Part("HOME0001", 1_000, ()),), Rung.MANDATE)


def test_a_reference_outweighs_a_mandate_and_a_mandate_a_payer() -> None:
    book = build_book(build_account("AWAY0002", 1_000), mandates={"M-1": "HOME0001"}, payers={"payer": ("AWAY0002",)})
    assert taken_as(identify_payment(build_clues(references=[PAWS_12], mandate_id="M-1"), book)) == [("PAWS", 1_000)]
    both = build_clues(mandate_id="M-1", payer_key="payer")
    assert taken_as(identify_payment(both, book)) == [("HOME0001", 1_000)]


def test_several_accounts_named_without_agreement_are_no_account_even_where_a_mandate_is_known() -> None:
    references = [PAWS_12, reference_of("HOME0001", 1)]
    book = build_book(mandates={"M-1": "HOME0001"})
    assert identify_payment(build_clues(references=references, mandate_id="M-1"), book).parts == ()


@pytest.mark.parametrize(
    ("reference", "payer_key", "amount_minor", "expected"),
    [
        pytest.param("cus_4711881", None, 1_000, [("HOME0001", 1_000)], id="a provider's id of a customer"),
        pytest.param("cus_4711881", "known", 1_000, [("HOME0001", 1_000)], id="of a payer known for the account"),
        pytest.param("cus_4711881", "stranger", 1_000, [], id="of a bank account never seen"),
        pytest.param("cus_4711881", None, 1_001, [], id="another amount"),
        pytest.param("4711881", None, 1_000, [], id="too short to tell anything apart"),
        pytest.param("premium of Milo 2026", None, 1_000, [], id="words"),
        pytest.param("STANDINGORDER", None, 1_000, [], id="one word"),
    ],
)
def test_an_id_of_an_earlier_payment_leads_to_its_account_where_the_amount_fits(
    reference: str, payer_key: str | None, amount_minor: int, expected: list[tuple[str, int]]
) -> None:
    # The known payer paid for two accounts with the same amount, so that the id alone can tell them apart.
    accounts = [build_account("HOME0001", 1_000), build_account("HOME0002", 1_000)]
    payers = {"known": ("HOME0001", "HOME0002")}
    book = build_book(*accounts, payers=payers, marks={reference: "HOME0001"})
    found = identify_payment(build_clues(amount_minor, references=[reference], payer_key=payer_key), book)
    assert taken_as(found) == expected
    assert found.rung is (Rung.MARK if expected else None)


def test_ids_of_earlier_payments_of_two_accounts_lead_to_none() -> None:
    marks = {"cus_4711881": "HOME0001", "cus_4711882": "HOME0002"}
    book = build_book(build_account("HOME0001", 1_000), build_account("HOME0002", 7), marks=marks)
    found = identify_payment(build_clues(references=list(marks)), book)
    assert found.parts == ()
    assert [candidate.account_id for candidate in found.candidates] == ["HOME0001", "HOME0002"]


@pytest.mark.parametrize(
    ("amount_minor", "expected"),
    [
        pytest.param(1_000, [("HOME0001", 1_000)], id="one invoice of one account"),
        pytest.param(3_500, [("HOME0001", 3_500)], id="the two oldest of one account"),
        pytest.param(1_250, [("HOME0002", 1_250)], id="one invoice of the other"),
        pytest.param(4_750, [("HOME0001", 3_500), ("HOME0002", 1_250)], id="all of both"),
        pytest.param(2_250, [("HOME0001", 1_000), ("HOME0002", 1_250)], id="an invoice of each"),
        pytest.param(999, [], id="a part"),
    ],
)
def test_a_known_payer_pays_what_fits_in_one_way(amount_minor: int, expected: list[tuple[str, int]]) -> None:
    book = household()
    book = build_book(*book.accounts.values(), payers={"payer": ("HOME0001", "HOME0002")})
    found = identify_payment(build_clues(amount_minor, payer_key="payer"), book)
    assert taken_as(found) == expected
    assert found.rung is (Rung.PAYER if expected else None)
    assert found.would_change == "amount"


def test_a_known_payer_of_two_accounts_that_owe_the_same_is_left_to_a_person() -> None:
    accounts = [build_account("HOME0001", 1_000), build_account("HOME0002", 1_000)]
    book = build_book(*accounts, payers={"payer": ("HOME0001", "HOME0002")})
    found = identify_payment(build_clues(payer_key="payer"), book)
    assert found.parts == ()
    assert [(each.account_id, each.score) for each in found.candidates] == [("HOME0001", 47), ("HOME0002", 47)]
    assert found.would_change == "reference"


def test_a_known_payer_that_pays_for_all_or_for_one_is_left_to_a_person() -> None:
    # 10.00 and 5.00 are all that is open; 15.00 is open of the third account as well... which makes two ways.
    accounts = [build_account("HOME0001", 1_000), build_account("HOME0002", 500), build_account("HOME0003", 1_500)]
    first_two = build_book(*accounts, payers={"payer": ("HOME0001", "HOME0002")})
    assert taken_as(identify_payment(build_clues(1_500, payer_key="payer"), first_two)) == [
        ("HOME0001", 1_000),
        ("HOME0002", 500),
    ]
    twice = [build_account("HOME0001", 1_000, 500), build_account("HOME0002", 1_500)]
    two_ways = build_book(*twice, payers={"payer": ("HOME0001", "HOME0002")})
    assert identify_payment(build_clues(1_500, payer_key="payer"), two_ways).parts == ()


def test_a_damaged_reference_to_another_account_speaks_against_a_known_payer() -> None:
    accounts = [build_account("PAWS", 700, issued=12), build_account("HOME0001", 1_000)]
    book = build_book(*accounts, payers={"payer": ("HOME0001",)})
    assert taken_as(identify_payment(build_clues(payer_key="payer"), book)) == [("HOME0001", 1_000)]
    found = identify_payment(build_clues(text="RF60PAWX0012", payer_key="payer"), book)
    assert found.parts == ()
    assert [candidate.account_id for candidate in found.candidates] == ["HOME0001", "PAWS"]


def test_a_payer_known_for_an_account_in_another_currency_is_left_to_a_person() -> None:
    book = build_book(build_account("HOME0001", 1_000, currency="GBP"), payers={"payer": ("HOME0001",)})
    assert identify_payment(build_clues(payer_key="payer"), book).parts == ()


@pytest.mark.parametrize("written", ["premium RF60PAWS0", "RF60 PAWS 00"])
def test_a_cut_off_reference_is_completed_where_its_account_stands_in_full_and_the_amount_is_open(written: str) -> None:
    found = identify_payment(build_clues(text=written), paws(1_000))
    assert (found.parts, found.rung) == ((Part("PAWS", 1_000, ("PAWS-0012",)),), Rung.CUT_OFF)
    assert (found.matched, found.would_change) == ((Evidence.CUT_OFF, Evidence.AMOUNT), "amount")


@pytest.mark.parametrize(
    ("written", "book"),
    [
        pytest.param("RF60PAWS", build_book(build_account("PAWS", 1_000, issued=12)), id="no sign of the number left"),
        pytest.param("RF60PAWS00", build_book(build_account("PAWS", 999, issued=12)), id="another amount"),
        pytest.param("RF60PAWS00", build_book(build_account("PAWS", 1_000, issued=13)), id="another invoice is open"),
        pytest.param(
            "RF60PAWS00", build_book(build_account("PAWS", 1_000, issued=12, currency="GBP")), id="another currency"
        ),
        pytest.param(
            "RF60PAWS00",
            build_book(replace(build_account("PAWS", 1_000, issued=12), invoice_count=97)),
            id="so many invoices that the check digits may allow two",
        ),
    ],
)
def test_a_cut_off_reference_names_a_candidate_and_no_more_where_it_is_not_proven(
    written: str, book: MemoryAccountBook
) -> None:
    found = identify_payment(build_clues(text=written), book)
    assert found.parts == ()
    (candidate,) = found.candidates
    assert (candidate.account_id, candidate.invoice_ids) == ("PAWS", ("PAWS-0012",))
    assert candidate.matched[0] == Evidence.CUT_OFF


def test_a_cut_off_reference_with_the_amount_has_the_score_of_both() -> None:
    (candidate,) = identify_payment(build_clues(text="RF60PAWS"), paws(1_000)).candidates
    # 40 for the beginning of the reference, 22 for the amount.
    assert candidate.score == 62
    assert candidate.lacks == (Evidence.NAMED, Evidence.PAYER, Evidence.NAME)


def test_where_a_damaged_reference_may_mean_two_invoices_with_the_amount_none_is_taken() -> None:
    cut_off = reference_of("HOME0001", 7)[:-2]
    accounts = [build_account("HOME0001", 1_000, issued=7), build_account("PAWS", 1_000, issued=12)]
    assert taken_as(identify_payment(build_clues(text=cut_off), build_book(*accounts))) == [("HOME0001", 1_000)]
    found = identify_payment(build_clues(references=["RF60PAWX0012"], text=cut_off), build_book(*accounts))
    assert (found.parts, found.would_change) == ((), "reference")
    assert {each.account_id for each in found.candidates} == {"HOME0001", "PAWS"}


@pytest.mark.parametrize("lost_signs", [5, 6])
def test_a_reference_that_lost_an_end_of_its_account_id_tells_which_account_of_a_payer_is_meant(
    lost_signs: int,
) -> None:
    # Of HOME0001 and HOME0002 as many invoices were issued, but of one alone the check digits allow one of them.
    cut_off = reference_of("HOME0002", 7)[:-lost_signs]
    accounts = [build_account("HOME0001", 1_000, issued=8), build_account("HOME0002", 700, issued=8)]
    book = build_book(*accounts, payers={"payer": ("HOME0001", "HOME0002")})
    found = identify_payment(build_clues(text=cut_off, payer_key="payer"), book)
    assert found.parts == ()
    best, other = found.candidates
    # 40 for the beginning and 25 for the payer come before 25 and 22 for the amount.
    assert (best.account_id, best.score, best.invoice_ids) == ("HOME0002", 65, ("HOME0002-0007",))
    assert (other.account_id, other.score) == ("HOME0001", 47)


def test_a_reference_that_lost_the_last_sign_of_its_account_id_is_found_without_a_payer_and_not_posted() -> None:
    book = build_book(build_account("HOME0002", 1_000, issued=7), build_account("HOME0001", 1_000, issued=7))
    found = identify_payment(build_clues(text=reference_of("HOME0002", 7)[:-5]), book)
    assert found.parts == ()
    assert [each.account_id for each in found.candidates] == ["HOME0002"]


def test_a_damaged_reference_that_looks_like_another_creditors_is_told_and_not_posted() -> None:
    # Its noughts written as letters, it has right check digits as well, and no invoice number at its end.
    book = build_book(build_account("1000011878", 1_000))
    found = identify_payment(build_clues(references=["RF351OOOO11878OOO1"]), book)
    assert found.parts == ()
    assert [(each.account_id, each.invoice_ids) for each in found.candidates] == [("1000011878", ("1000011878-0001",))]


def test_nothing_to_go_by_abstains_and_would_be_changed_by_a_reference() -> None:
    found = identify_payment(build_clues(references=["NOTPROVIDED"], text="thank you"), household())
    assert found == Identification((), None, IDENTIFICATION_VERSION, (), (), "reference")
