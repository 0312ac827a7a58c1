"""Amounts as the reports of payment providers write them."""

from pawledger.domain.money import format_amount


def major(amount_minor: int, currency: str) -> str:
    """Minor units as a plain decimal in major units."""
    return format_amount(amount_minor, currency)


def sides(amount_minor: int, currency: str) -> tuple[str, str]:
    """Debit and credit column of a signed amount; the other one is empty."""
    text = major(abs(amount_minor), currency)
    return (text, "") if amount_minor < 0 else ("", text)
