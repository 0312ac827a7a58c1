"""What stands on the page: a document's JSON with every amount and sentence written out as text."""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from pawledger.domain.bank_returns.taking_back import RETURN_ITEMS
from pawledger.domain.currencies import decimals_of
from pawledger.domain.matching.creditors import group_by_four

LANGUAGE: Final = "en"

_LETTER_CURRENCIES: Final = frozenset({"CAD", "MXN", "USD"})
"""Where sheets are cut to US letter; elsewhere to ISO 216 A4."""
_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def invoice_view(document: Mapping[str, Any]) -> dict[str, Any]:
    """An `invoice_document.v1` as its template prints it."""
    currency = document["currency"]
    return {
        **_sheet(document, f"Invoice {document['invoice_id']}", document["issued_on"]),
        "facts": [
            ["Number", document["invoice_id"]],
            ["Account", document["account_id"]],
            ["Issued on", write_day(document["issued_on"])],
            ["Due on", write_day(document["due_on"])],
        ],
        "lines": [
            {
                "what": f"Policy {line['policy_id']}, installment {line['installment_number']}",
                "charges": _amounts(line["charges"], currency),
            }
            for line in document["lines"]
        ],
        "totals": _invoice_totals(document),
        "payable": {
            "what": "To be paid",
            "amount": write_amount(document["payable_minor"], currency),
        },
        "payment": _payment(document) if document["payable_minor"] > 0 else None,
    }


def statement_view(document: Mapping[str, Any]) -> dict[str, Any]:
    """A `statement_document.v1` as its template prints it."""
    currency = document["currency"]
    first_day, last_day = write_day(document["first_day"]), write_day(document["last_day"])
    return {
        **_sheet(document, f"Statement of account {document['account_id']}", document["last_day"]),
        "facts": [
            ["Account", document["account_id"]],
            ["From", first_day],
            ["Until", last_day],
            ["Entries in the ledger", str(document["entry_count"])],
        ],
        "opening": _balance(first_day, "Before these days", document["opening_minor"], currency),
        "lines": [
            {
                "day": write_day(line["occurred_on"]),
                "what": line["what"],
                "details": _details(line, currency),
                "amount": write_amount(line["amount_minor"], currency),
                "balance": write_amount(line["balance_minor"], currency),
            }
            for line in document["lines"]
        ],
        "closing": _balance(last_day, "After these days", document["closing_minor"], currency),
        "open": [
            {
                "what": name_what_is_open(invoice["invoice_id"]),
                "due_on": write_day(invoice["due_on"]),
                "remaining": write_amount(invoice["remaining_minor"], currency),
            }
            for invoice in document["open_invoices"]
        ],
        "open_totals": _open_totals(document),
        "sentences": [_closing_sentence(document)],
    }


def write_amount(amount_minor: int, currency: str) -> str:
    """An amount for people, thousands apart and with the decimals of its currency: `1,234.50`, `1,235`, `1.250`."""
    decimals = decimals_of(currency)
    written = f"{Decimal(abs(amount_minor)).scaleb(-decimals):,.{decimals}f}"
    return f"\N{MINUS SIGN}{written}" if amount_minor < 0 else written


def name_what_is_open(invoice_id: str) -> str:
    """An open invoice by its number. What a bank took back is open as well, under an id that tells a payer nothing."""
    return "Payment taken back" if invoice_id.startswith(RETURN_ITEMS) else invoice_id


def write_day(text: str) -> str:
    """A day for people, its month in letters because numbers are read in two orders: `5 March 2026`."""
    day = date.fromisoformat(text)
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _sheet(document: Mapping[str, Any], title: str, day: str) -> dict[str, Any]:
    creditor = document["creditor"]
    return {
        "title": title,
        "language": LANGUAGE,
        "day": day,
        "paper": "us-letter" if document["currency"] in _LETTER_CURRENCIES else "a4",
        "currency": document["currency"],
        "creditor": {"name": creditor["name"], "address": creditor["address"], "notes": creditor["notes"]},
    }


def _amounts(charges: Iterable[Mapping[str, Any]], currency: str) -> list[dict[str, str]]:
    return [{"what": each["what"], "amount": write_amount(each["amount_minor"], currency)} for each in charges]


def _invoice_totals(document: Mapping[str, Any]) -> list[dict[str, str]]:
    """What is billed by code where there are several policies, then the sum, then what money on the account paid."""
    currency = document["currency"]
    totals = []
    if len(document["lines"]) > 1:
        totals += [{**total, "what": f"{total['what']}, together"} for total in _amounts(document["totals"], currency)]
    totals.append({"what": "Billed", "amount": write_amount(document["amount_minor"], currency)})
    if document["settled_minor"]:
        settled = write_amount(-document["settled_minor"], currency)
        totals.append({"what": "Paid by money on your account", "amount": settled})
    return totals


def _payment(document: Mapping[str, Any]) -> dict[str, Any]:
    creditor, currency = document["creditor"], document["currency"]
    amount = f"{write_amount(document['payable_minor'], currency)} {currency}"
    reference = group_by_four(document["payment_reference"])
    facts = [["Pay to", creditor["name"]]]
    facts += [["IBAN", group_by_four(creditor["iban"])]] if creditor["iban"] else []
    facts += [["BIC", creditor["bic"]]] if creditor["bic"] else []
    facts += [[each["name"], each["value"]] for each in creditor["bank_details"]]
    facts += [["Reference", reference], ["Reference in digits", group_by_four(document["numeric_reference"])]]
    facts += [["Amount", amount]]
    due_on = write_day(document["due_on"])
    return {
        "sentence": f"Please pay {amount} by {due_on} and give one of the two references: it leads to your account.",
        "facts": facts,
        "code": None,
        "code_in_words": f"QR code for a SEPA credit transfer: {amount} to {creditor['name']}, "
        f"IBAN {group_by_four(creditor['iban'] or '')}, reference {reference}.",
    }


def _details(line: Mapping[str, Any], currency: str) -> list[str]:
    """What stands in small under a line of a statement."""
    due, verb = ([f"due {write_day(line['due_on'])}"], "of your money settles") if line["due_on"] else ([], "settles")
    settled = [
        f"{write_amount(part['amount_minor'], currency)} {verb} {name_what_is_open(part['invoice_id'])}"
        for part in line["settles"]
    ]
    return [*due, *settled]


def _balance(day: str, what: str, amount_minor: int, currency: str) -> dict[str, str]:
    return {"day": day, "what": what, "balance": write_amount(amount_minor, currency)}


def _open_totals(document: Mapping[str, Any]) -> list[dict[str, str]]:
    """The steps from the open invoices to the closing balance."""
    currency = document["currency"]
    open_minor = sum(invoice["remaining_minor"] for invoice in document["open_invoices"])
    totals = [{"what": "Open", "amount": write_amount(open_minor, currency)}]
    unallocated_minor = document["unallocated_minor"]
    if unallocated_minor:
        what = "Money on your account" if unallocated_minor > 0 else "Settled with money booked after these days"
        totals.append({"what": what, "amount": write_amount(-unallocated_minor, currency)})
        totals.append({"what": "You owe", "amount": write_amount(document["closing_minor"], currency)})
    return totals


def _closing_sentence(document: Mapping[str, Any]) -> str:
    amount = f"{write_amount(abs(document['closing_minor']), document['currency'])} {document['currency']}"
    last_day = write_day(document["last_day"])
    if document["closing_minor"] > 0:
        return f"On {last_day} you owe {amount}."
    if document["closing_minor"] < 0:
        return f"On {last_day} {amount} of your money is on your account."
    return f"On {last_day} nothing is owed."
