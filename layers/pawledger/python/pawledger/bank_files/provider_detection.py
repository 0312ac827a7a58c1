"""Which provider's report a file is, told from its first bytes: the names of its columns or keys."""

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from re import compile as compile_pattern
from typing import Final

_COLUMNS: Final = (
    ("adyen.settlement", "Adyen settlement detail report", ("Psp Reference", "Net Currency", "Net Debit (NC)", "Type")),
    (
        "adyen.accounting",
        "Adyen payment accounting report",
        ("Psp Reference", "Record Type", "Settlement Currency", "Payable (SC)"),
    ),
    ("stripe", "Stripe report", ("balance_transaction_id", "reporting_category", "gross", "fee", "net")),
    ("gocardless.payout_items", "GoCardless payout transactions", ("payouts.id", "gross_amount", "net_amount")),
    ("gocardless.payouts", "GoCardless payouts", ("id", "amount", "arrival_date", "transaction_fee_debit")),
)
"""Format, description, and the columns that only this report has together."""
_PAYPAL_START: Final = compile_pattern(r'"?(?:RH|FH|SH|CH)"?,')
_PAYPAL_DATE: Final = compile_pattern(r'"?[SR]H"?,"?[0-9]{4}/[0-9]{2}/[0-9]{2} ')
_EVENT_STARTS: Final = (
    ("stripe.events", "Stripe event", compile_pattern(r'\{\s*"id"\s*:\s*"evt_')),
    (
        "adyen.events",
        "Adyen notification",
        compile_pattern(r'\{\s*(?:"live"\s*:[^,{}]{0,20},\s*)?"notificationItems"\s*:'),
    ),
    (
        "gocardless.events",
        "GoCardless events",
        compile_pattern(r'\{\s*(?:"meta"\s*:\s*\{[^{}]*\}\s*,\s*)?"events"\s*:\s*\['),
    ),
)
"""Format, description, and how the body of a webhook begins."""
_JSON_KEY: Final = compile_pattern(r'"(payout_items|payouts)"\s*:\s*[\[{]')


def detect_provider_report(head: bytes) -> tuple[str, str] | None:
    """Format and description of a provider's report whose file begins with `head`; None for any other file."""
    if head.startswith((BOM_UTF16_BE, BOM_UTF16_LE)):
        text = head.decode("utf-16", "ignore").lstrip()
    else:
        text = head.removeprefix(BOM_UTF8).lstrip(b" \t\r\n").decode("latin-1")
    if text.startswith("{"):
        return _detect_json(text)
    first_line = text.partition("\n")[0].partition("\r")[0]
    if _PAYPAL_START.match(first_line) and ("Transaction Event Code" in text or _PAYPAL_DATE.search(text)):
        return "paypal.stl", "PayPal settlement report"
    names = {name.strip().strip('"').strip() for name in first_line.split(",")}
    for format_name, description, columns in _COLUMNS:
        if names.issuperset(columns):
            return format_name, description
    return None


def _detect_json(text: str) -> tuple[str, str] | None:
    for format_name, description, start in _EVENT_STARTS:
        if start.match(text):
            return format_name, description
    keys = set(_JSON_KEY.findall(text))
    if "payout_items" in keys:
        return "gocardless.payout_items", "GoCardless payout items"
    return ("gocardless.payouts", "GoCardless payouts") if keys else None
