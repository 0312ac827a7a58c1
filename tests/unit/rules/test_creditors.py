"""Creditors: what ships is whole, and what is wrong is told all at once."""

import pytest

from pawledger.rules.creditors import (
    CreditorMissingError,
    CreditorsInvalidError,
    creditor_of,
    creditors_from_toml,
    load_creditors,
)

GOOD = """
[EUR]
name = "Sample"
address = ["1 Example Street"]
iban = "DE89370400440532013000"
"""


def faults_of(text: str) -> tuple[str, ...]:
    with pytest.raises(CreditorsInvalidError) as caught:
        creditors_from_toml(text)
    return caught.value.faults


def test_the_creditors_of_the_package_are_valid_and_say_that_they_are_samples() -> None:
    creditors = load_creditors()

    assert {"EUR", "GBP", "USD"} <= set(creditors)
    assert all(creditor.currency == currency for currency, creditor in creditors.items())
    assert all("replace me" in creditor.name for creditor in creditors.values())
    assert all("not a demand for payment" in " ".join(creditor.notes) for creditor in creditors.values())


def test_a_currency_without_a_creditor_is_named() -> None:
    with pytest.raises(CreditorMissingError, match=r"no creditor for JPY; add a table \[JPY\]"):
        creditor_of("JPY")


def test_what_is_written_is_what_is_read() -> None:
    text = GOOD + 'bic = "BANKDEXXXXX"\nbank_details = [["Sort code", "00-00-00"]]\nnotes = ["A note."]\n'

    creditor = creditors_from_toml(text)["EUR"]

    assert (creditor.name, creditor.address, creditor.iban) == (
        "Sample",
        ("1 Example Street",),
        "DE89370400440532013000",
    )
    assert (creditor.bic, creditor.bank_details, creditor.notes) == (
        "BANKDEXXXXX",
        (("Sort code", "00-00-00"),),
        ("A note.",),
    )


def test_every_fault_is_told_at_once() -> None:
    faults = faults_of(
        """
        [EUR]
        name = "x\\u0007"
        address = []
        iban = "DE00370400440532013000"
        bic = "BANK"
        colour = "blue"

        [XYZ]
        name = "Sample"
        address = ["1 Example Street"]
        bank_details = [["Account"]]
        """
    )

    assert faults == (
        "[EUR] colour is not a key; there are address, bank_details, bic, iban, name, notes",
        "[EUR] name is not a line of 1 to 70 printable characters",
        "[EUR] address is not a list of 1 to 6 lines",
        "[EUR] iban is not an IBAN without blanks and with right check digits",
        "[EUR] bic is not a BIC of 8 or 11 capital letters and digits",
        "[XYZ] is no ISO 4217 currency",
        "[XYZ] bank_details[0] is not a pair of name and value",
        "[XYZ] has neither iban nor bank_details: nobody could pay",
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("EUR = 5", "[EUR] is not a table"),
        ("[EUR", "not TOML"),
        ('[EUR]\naddress = ["a"]\niban = "DE89370400440532013000"', "[EUR] name is missing"),
        (GOOD.replace('"Sample"', f'"{"x" * 71}"'), "[EUR] name is not a line of 1 to 70"),
        (GOOD.replace("DE89370400440532013000", "CH9300762011623852957"), "[EUR] bic is missing"),
        (GOOD + "bank_details = 5", "[EUR] bank_details is not a list of at most 6"),
        (GOOD + f"notes = {['x'] * 7}", "[EUR] notes is not a list of 0 to 6 lines"),
        (GOOD + "notes = [5]", "[EUR] notes[0] is not a line"),
    ],
)
def test_a_fault_is_named_with_its_table_and_key(text: str, fault: str) -> None:
    assert any(told.startswith(fault) for told in faults_of(text))
