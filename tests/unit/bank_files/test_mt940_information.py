"""Field 86 of MT940 in the dialects of banks, and which movements are returns."""

import pytest

from pawledger.bank_files.mt940.information import Information, read_information
from pawledger.bank_files.mt940.information_columns import read_fields
from pawledger.bank_files.records import StatementEntry
from tests.builders.mt940_file import Row, write_mt940
from tests.unit.bank_files.test_mt940 import read


def entry_of(amount_minor: int, information: str, **more: str) -> StatementEntry:
    (entry,), _ = read(write_mt940([Row(amount_minor, information, "B1", **more)]))  # type: ignore[arg-type]
    return entry


def test_identifiers_go_on_from_one_sub_field_to_the_next() -> None:
    field = "166?00GUTSCHRIFT?109310?20EREF+PL 22 004?2100001?22MREF+M-1?23CRED+DE98ZZZ?24SVWZ+Beitrag?25 November"
    found = read_information(f"{field}?30COBADEFF?31DE12 34?32ANNA?33 MUSTER?34992")
    assert found == Information(
        ("PL 22 00400001",), "M-1", "DE1234", "ANNA MUSTER", "Beitrag November", False, False, None
    )


def test_lines_may_break_anywhere_in_a_structured_field() -> None:
    field = "166?00GUTSCHRIFT?20EREF+E1?21SVWZ+Beitrag?31DE12?32ANNA"
    for place in range(1, len(field)):
        assert read_information(f"{field[:place]}\n{field[place:]}") == read_information(field)


@pytest.mark.parametrize("mark", ["/", "<", "+", "*"])
def test_sub_fields_have_other_delimiters_at_some_banks(mark: str) -> None:
    found = read_information("166?00X?20Policy 7?31DE12?32ANNA".replace("?", mark))
    assert (found.text, found.payer_account, found.payer_name) == ("Policy 7", "DE12", "ANNA")


def test_short_sub_fields_without_identifiers_are_words_of_their_own() -> None:
    assert read_information("166?00X?20Rechnung 4711?21Kunde 99").text == "Rechnung 4711 Kunde 99"
    assert read_information(f"166?00X?20{'A' * 27}?21B").text == "A" * 27 + "B"


def test_delimiter_in_a_purpose_is_kept() -> None:
    assert read_information("166?00X?20SVWZ+Why?not").text == "Why?not"


@pytest.mark.parametrize(
    ("field", "references", "text"),
    [
        ("166?00X?20EREF: E1?21SVWZ: Policy", ("E1",), "Policy"),
        ("166?00X?20EREF+E1?21SVWZ+ARABIC: 7", ("E1",), "ARABIC: 7"),
        ("166?00X?20EREF+NOTPROVIDED?21KREF+K1?22SVWZ+P", ("K1",), "P"),
        ("EREF+E1SVWZ+Policy 7", ("E1",), "Policy 7"),
        ("EREF+E1\nSVWZ+Policy 7", ("E1",), "Policy 7"),
    ],
)
def test_identifiers_are_found_in_both_writings(field: str, references: tuple[str, ...], text: str) -> None:
    found = read_information(field)
    assert (found.references, found.text) == (references, text)


def test_slash_codes() -> None:
    found = read_information(
        "/TRTP/SEPA OVERBOEKING/IBAN/NL12BANK/BIC/BANKNL2A/NAME/A. MUSTER\n/REMI/Policy 7/EREF/E1/MARF/M-1"
    )
    assert (found.references, found.mandate_id, found.payer_account) == (("E1",), "M-1", "NL12BANK")
    assert (found.payer_name, found.text, found.is_return) == ("A. MUSTER", "Policy 7", False)


def test_slash_code_of_the_other_party_holds_account_bank_and_name() -> None:
    found = read_information("/EREF/E1//CNTP/NL12BANK/BANKNL2A/A. MUSTER///REMI/USTD//Policy 7/")
    assert (found.payer_account, found.payer_name, found.text) == ("NL12BANK", "A. MUSTER", "Policy 7")
    assert found.references == ("E1",)


def test_plain_text_is_joined_by_blanks() -> None:
    assert read_information("Policy  7\nNovember").text == "Policy 7 November"


@pytest.mark.parametrize("code", ["108", "109", "159", "181", "184"])
def test_codes_of_returns(code: str) -> None:
    entry = entry_of(-500, f"{code}?00X?20EREF+E1?21SVWZ+AC04 closed")
    assert (entry.is_return, entry.return_reason, entry.references) == (True, "AC04", ("E1",))


@pytest.mark.parametrize(
    ("information", "reason"),
    [
        ("177?00RUECKLASTSCHRIFT?20SVWZ+MD06", "MD06"),
        ("177?00R\xdcCKLASTSCHRIFT", None),
        ("/TRTP/SEPA Incasso/MARF/M1/RTRN/MS02/IBAN/NL1/NAME/X/REMI/y/EREF/E1", "MS02"),
        ("/RTYP/SEPA Incasso Terugboeking/MARF/M1/REMI/y/EREF/E1", None),
        ("Retoure SEPA AM04", "AM04"),
        ("EREF+E1SVWZ+RETURN/REFUND", None),
    ],
)
def test_returns_in_every_dialect(information: str, reason: str | None) -> None:
    entry = entry_of(-500, information)
    assert (entry.is_return, entry.return_reason) == (True, reason)


def test_type_of_a_returned_item_is_a_return() -> None:
    assert entry_of(-500, "x", type_code="NRTI").is_return


@pytest.mark.parametrize(
    "information",
    [
        "166?00GUTSCHRIFT?20SVWZ+Ausgleich Ruecklastschrift",
        "Ausgleich Ruecklastschrift Oktober",
        "/TRTP/SEPA OVERBOEKING/IBAN/NL1/NAME/X/REMI/retoure premie/EREF/E1",
        "EREF+E1SVWZ+Retoure Oktober AC04",
    ],
)
def test_words_of_a_payer_make_no_return_of_a_payment(information: str) -> None:
    entry = entry_of(500, information)
    assert (entry.is_return, entry.return_reason) == (False, None)


@pytest.mark.parametrize(
    ("information", "type_code"),
    [
        ("808?00RUECKLASTSCHRIFTGEBUEHR?20SVWZ+x", "NTRF"),
        ("Ruecklastschrift", "NCHG"),
        ("Retoure-Entgelt", "NTRF"),
        ("R\xfccklastschrift Geb\xfchr", "NTRF"),
    ],
)
def test_fee_for_a_return_is_no_return(information: str, type_code: str) -> None:
    assert not entry_of(-50, information, type_code=type_code).is_return


ALIKE = [
    f"166?00GUTSCHRIFT?20EREF+E{n}?21SVWZ+words {n}?22more?30BANK?31ACCOUNT{n}?32PAYER {n}?34K{n}" for n in range(4)
]


@pytest.mark.parametrize(
    ("alike", "odd"),
    [
        ("?32PAYER 2", "?33PAYER 2"),
        ("?34K2", "?33 SENIOR"),
        ("?31ACCOUNT2", "?30ACCOUNT2"),
        ("?20EREF+", "?20KREF+"),
        ("?21SVWZ+words 2", "?21words 2"),
        ("?22more", "?22KREF+K2"),
        ("?22more", "?22KREF: K2"),
        ("?22more", "?23more"),
    ],
)
def test_one_field_unlike_the_others_beside_it_says_the_same_as_by_itself(alike: str, odd: str) -> None:
    fields = [ALIKE[0], ALIKE[1], ALIKE[2].replace(alike, odd), ALIKE[3]]
    assert fields != ALIKE
    columns = read_fields([f":86:{field}" for field in fields])
    assert columns is not None
    assert [row[:5] for row in zip(*columns, strict=False)] == [read_information(field)[:5] for field in fields]
