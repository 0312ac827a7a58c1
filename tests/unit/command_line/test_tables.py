"""Plain text for people: aligned, 120 columns wide, and nothing in it does anything but be read."""

import pytest

from pawledger.command_line.tables import Column, escape_text, show_amount, write_fields, write_table


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("two\nlines", "two\\nlines"),
        ("abc\u202edef", "abc\\u202edef"),
        ("bell\x07", "bell\\x07"),
        ("lone\udc80", "lone\\udc80"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"),
        ("+49 30", "'+49 30"),
        ("-12.50 EUR", "-12.50 EUR"),
        ("-", "-"),
        ("Müller", "Müller"),
    ],
)
def test_text_of_others_is_shown_without_effect(written: str, shown: str) -> None:
    assert escape_text(written) == shown


@pytest.mark.parametrize(
    ("amount_minor", "currency", "shown"),
    [
        (1250, "EUR", "12.50 EUR"),
        (-5, "USD", "-0.05 USD"),
        (1250, "JPY", "1250 JPY"),
        (1250, "KWD", "1.250 KWD"),
        (1250, None, "1250 minor units"),
        (1250, "???", "1250 minor units"),
        (None, "EUR", "-"),
    ],
)
def test_amounts_have_the_decimals_of_their_currency(amount_minor: int | None, currency: str, shown: str) -> None:
    assert show_amount(amount_minor, currency) == shown


def test_a_table_is_aligned_and_its_numbers_stand_on_the_right() -> None:
    lines = write_table(
        (Column("name"), Column("amount", is_right=True)), [["a", "1.00 EUR"], ["long one", "22.00 EUR"]]
    )

    assert lines == [
        "name         amount",
        "--------  ---------",
        "a          1.00 EUR",
        "long one  22.00 EUR",
    ]


def test_no_line_is_wider_than_120_columns_and_no_word_is_lost() -> None:
    words = [f"word{number}" for number in range(60)]

    lines = write_table((Column("id"), Column("text", weight=1)), [["x" * 40, " ".join(words)]])

    assert max(map(len, lines)) <= 120
    assert " ".join(lines[2:]).replace("x" * 40, "").split() == words


def test_a_word_without_blanks_is_cut_to_fit() -> None:
    lines = write_fields([("key", "k" * 300)])

    assert max(map(len, lines)) <= 120
    assert "".join(lines).count("k") == 301


def test_wide_characters_count_as_two_columns() -> None:
    lines = write_table((Column("name"), Column("n")), [["保険", "1"], ["abcd", "2"]])

    assert lines[2:] == ["保険  1", "abcd  2"]
