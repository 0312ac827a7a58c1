"""The demonstration's book: twenty households, their policies, and what they will do about their first invoice."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from local_cloud.demonstration.bank_files import CardRow, Line
from pawledger.domain.calendar import add_months

EURO_ACCOUNTS: Final = tuple(f"10000000{number:02d}" for number in range(1, 13))
DOLLAR_ACCOUNTS: Final = tuple(f"20000000{number:02d}" for number in range(1, 9))
EARLY_ACCOUNT: Final = "1000000099"
"""Pays before its policy has arrived."""

MANDATE_ACCOUNT: Final = EURO_ACCOUNTS[10]
BUNDLED_ACCOUNTS: Final = (EURO_ACCOUNTS[5], EURO_ACCOUNTS[7])
"""Paid for by one transfer that names the references of both."""

MISTYPED_ACCOUNT: Final = EURO_ACCOUNTS[6]
"""Writes the letter O for a zero in its reference."""

NEW_ACCOUNT_PAYER: Final = EURO_ACCOUNTS[3]
"""Pays to a bank account that the bank's profile does not name yet."""

FORGETFUL_ACCOUNT: Final = EURO_ACCOUNTS[11]
"""Pays what it owes and names nothing by which anybody could be certain of that."""

SHORT_ACCOUNT: Final = EURO_ACCOUNTS[8]
OVERPAID_ACCOUNT: Final = EURO_ACCOUNTS[9]

STRAY_MINOR: Final = 3_100
"""Paid under a reference that no single correction proves."""

CARD_ACCOUNT: Final = DOLLAR_ACCOUNTS[7]
"""Pays by card, and has its bank take the money back."""

CARD_FEE_MINOR: Final = 320
DISPUTE_FEE_MINOR: Final = 1_500
EARLY_PAYMENT_MINOR: Final = 5_000
PLANS: Final = ("monthly", "quarterly", "annual", "semi_annual", "monthly")

NOTIFIED: Final = 3
"""Payments that the bank tells of at noon, before the statement does."""

LATE_DEPOSIT_MINOR: Final = 20_000
"""What came on the day before, whose statement is missing at first."""

COVER_STARTS_IN_DAYS: Final = 8
"""Inside the two weeks in which the first invoice is issued."""


@dataclass(frozen=True, slots=True)
class Invoice:
    """An issued invoice, as its ledger entry tells of it."""

    account_id: str
    amount_minor: int
    payment_reference: str


def policy_events(today: date) -> list[dict[str, object]]:
    """PolicyIssued events of the whole book; every third household has two pets."""
    return [
        policy_event(account_id, pet, index, today)
        for index, account_id in enumerate((*EURO_ACCOUNTS, *DOLLAR_ACCOUNTS))
        for pet in range(1, 3 if index % 3 == 0 else 2)
    ]


def policy_event(account_id: str, pet: int, index: int, today: date) -> dict[str, object]:
    """One PolicyIssued event; premiums differ from household to household."""
    effective_on = today + timedelta(days=COVER_STARTS_IN_DAYS)
    premium_minor = 24_000 + 1_357 * index + 5_000 * pet
    charges = [
        {"kind": "premium", "amount_minor": premium_minor},
        {"kind": "tax", "amount_minor": premium_minor * 12 // 100},
    ]
    if pet > 1:
        charges.append({"kind": "discount", "amount_minor": -(premium_minor // 10)})
    event: dict[str, object] = {
        "schema": "policy_issued.v1",
        "event_id": f"issue-{account_id}-{pet}",
        "account_id": account_id,
        "policy_id": f"PET-{account_id}-{pet}",
        "currency": "USD" if account_id in DOLLAR_ACCOUNTS else "EUR",
        "effective_on": effective_on.isoformat(),
        "expires_on": add_months(effective_on, 12).isoformat(),
        "plan": PLANS[index % len(PLANS)],
        "charges": charges,
    }
    if account_id == MANDATE_ACCOUNT:
        event["mandate_id"] = "MANDATE-0011"
    return event


def refused_policy_events(today: date) -> list[dict[str, object]]:
    """Events that cannot be billed: a currency that does not exist, charges that sum to nothing, a missing field."""
    strange = policy_event("1000000090", 1, 1, today) | {"event_id": "issue-strange-currency", "currency": "ZZZ"}
    nothing = policy_event("1000000091", 1, 1, today) | {"event_id": "issue-nothing", "charges": []}
    nameless = policy_event("1000000092", 1, 1, today)
    del nameless["policy_id"]
    return [strange, nothing, nameless]


def euro_lines(invoices: Mapping[str, Invoice], early_reference: str) -> list[Line]:
    """What the households that pay in EUR do: most pay exactly, some do what people do."""
    others = {NEW_ACCOUNT_PAYER, FORGETFUL_ACCOUNT, *BUNDLED_ACCOUNTS}
    lines = [
        _euro_line(number, account_id, invoices[account_id])
        for number, account_id in enumerate(EURO_ACCOUNTS, start=1)
        if account_id not in others
    ]
    bundled = [invoices[account_id] for account_id in BUNDLED_ACCOUNTS]
    lines += [
        Line(
            "NB-0100",
            sum(invoice.amount_minor for invoice in bundled),
            "For both of you " + " and ".join(invoice.payment_reference for invoice in bundled),
        ),
        Line("NB-0101", invoices[FORGETFUL_ACCOUNT].amount_minor, "Premium for Rex, sorry, I lost the letter"),
        Line(
            "NB-0102",
            STRAY_MINOR,
            "dog insurance",
            creditor_reference=invoices[EURO_ACCOUNTS[0]].payment_reference[:-1] + "7",
        ),
        Line("NB-0103", -1_250, "Account fee"),
        Line("NB-0104", 9_900, "Announced only", is_pending=True),
        Line("NB-0105", EARLY_PAYMENT_MINOR, "Paid before the policy came", creditor_reference=early_reference),
    ]
    return lines


def notified_lines(invoices: Mapping[str, Invoice]) -> list[Line]:
    """The payments of the first households, of which the bank tells at noon; the statement tells them again."""
    return [
        _euro_line(number, account_id, invoices[account_id])
        for number, account_id in enumerate(EURO_ACCOUNTS[:NOTIFIED], start=1)
    ]


def lines_of_the_day_before() -> list[Line]:
    """What came on the day whose statement is missing at first."""
    return [Line("NB-0090", LATE_DEPOSIT_MINOR, "cheque, no reference")]


def lines_missing_overnight(invoices: Mapping[str, Invoice]) -> list[Line]:
    """What came on the day whose statement is missing overnight: the rest of the early household's first invoice."""
    invoice = invoices[EARLY_ACCOUNT]
    rest_minor = invoice.amount_minor - EARLY_PAYMENT_MINOR
    return [Line("NB-0080", rest_minor, "The rest", creditor_reference=invoice.payment_reference)]


def new_account_lines(invoices: Mapping[str, Invoice]) -> list[Line]:
    """What came to the bank account that the bank's profile does not name yet."""
    invoice = invoices[NEW_ACCOUNT_PAYER]
    return [Line("NB-0900", invoice.amount_minor, "Pet insurance", creditor_reference=invoice.payment_reference)]


def card_charge(invoices: Mapping[str, Invoice]) -> CardRow:
    """The payment by card."""
    invoice = invoices[CARD_ACCOUNT]
    reference = invoice.payment_reference
    return CardRow("txn_charge0001", "charge", invoice.amount_minor, CARD_FEE_MINOR, "pi_card0001", reference)


def card_dispute(invoices: Mapping[str, Invoice]) -> CardRow:
    """The chargeback of the payment by card; the provider keeps its fee and asks for another."""
    invoice = invoices[CARD_ACCOUNT]
    return CardRow(
        "txn_dispute0001",
        "dispute",
        -invoice.amount_minor,
        DISPUTE_FEE_MINOR,
        "pi_card0001",
        invoice.payment_reference,
        "general",
    )


def _euro_line(number: int, account_id: str, invoice: Invoice) -> Line:
    bank_reference = f"NB-{number:04d}"
    if account_id == MANDATE_ACCOUNT:
        return Line(bank_reference, invoice.amount_minor, "Direct debit collected", mandate_id="MANDATE-0011")
    if account_id == SHORT_ACCOUNT:
        return Line(bank_reference, invoice.amount_minor - 500, "Short by five", invoice.payment_reference)
    if account_id == OVERPAID_ACCOUNT:
        return Line(bank_reference, invoice.amount_minor + 1_000, "Ten too many", invoice.payment_reference)
    if account_id == MISTYPED_ACCOUNT:
        return Line(bank_reference, invoice.amount_minor, f"Pet insurance {mistype(invoice.payment_reference)}")
    if number % 2:
        return Line(bank_reference, invoice.amount_minor, "Pet insurance", invoice.payment_reference)
    reference = invoice.payment_reference
    grouped = " ".join(reference[start : start + 4] for start in range(0, len(reference), 4))
    return Line(bank_reference, invoice.amount_minor, f"Pet insurance {grouped} thank you")


def mistype(reference: str) -> str:
    """A reference with the letter O for its last zero."""
    head, _, tail = reference.rpartition("0")
    return f"{head}O{tail}"


def dollar_lines(invoices: Mapping[str, Invoice]) -> list[Line]:
    """What the households that pay in USD do; the first one's payment comes back."""
    lines = [
        Line(
            f"FB{number:06d}", invoices[account_id].amount_minor, "PET PREMIUM", invoices[account_id].payment_reference
        )
        for number, account_id in enumerate(DOLLAR_ACCOUNTS, start=1)
        if account_id != CARD_ACCOUNT
    ]
    first = invoices[DOLLAR_ACCOUNTS[0]]
    returned = Line("FB000091", -first.amount_minor, "RETURNED ITEM", first.payment_reference, is_return=True)
    return [*lines, returned, Line("FB000092", 7_700, "NO REFERENCE")]
