"""A year in the life of one household: two pets, a dearer cover, a death, another plan and a renewal."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from local_cloud.demonstration.bank_files import Line, write_camt054
from local_cloud.demonstration.cloud import Cloud, wait_until
from local_cloud.demonstration.steps import show_step
from pawledger.domain.calendar import add_months
from pawledger.domain.money import format_amount

HOUSEHOLD: Final = "3000000001"
DOG, CAT = "REX", "MIA"
CURRENCY: Final = "EUR"
COVER_STARTS_IN_DAYS: Final = 8
LEAD_DAYS: Final = 14
NOTICE_DAYS: Final = 75
"""How long before the term ends the renewal is told: earlier than the law asks for."""

DOCUMENTS_PER_INVOICE: Final = 4
"""The invoice and the statement of account up to it, each as JSON and as PDF."""


@dataclass(frozen=True, slots=True)
class HouseholdInvoice:
    """An invoice of the household, as its ledger entry tells of it."""

    issued_on: date
    invoice_number: int
    due_on: date
    lines: tuple[tuple[str, int], ...]
    """Policy and amount in minor units."""

    @property
    def amount_minor(self) -> int:
        return sum(amount_minor for _, amount_minor in self.lines)


@dataclass(slots=True)
class _Household:
    """The household while its year goes by."""

    cloud: Cloud
    today: date

    @property
    def effective_on(self) -> date:
        return self.today + timedelta(days=COVER_STARTS_IN_DAYS)

    @property
    def expires_on(self) -> date:
        return add_months(self.effective_on, 12)

    def tell(self, schema: str, policy_id: str, transaction_number: int, **fields: object) -> None:
        """Send an event, twice as queues do, and wait until its entry stands."""
        message: dict[str, object] = {
            "schema": schema,
            "event_id": f"{HOUSEHOLD}-{policy_id}-{transaction_number}",
            "account_id": HOUSEHOLD,
            "policy_id": policy_id,
            "transaction_number": transaction_number,
            **fields,
        }
        self.cloud.send_policy_events([message, message])
        entry_id = f"policy#{policy_id}#{transaction_number:05d}"
        wait_until(f"{schema} is recorded", lambda: any(e["entry_id"] == entry_id for e in self.entries()))

    def issue(self, policy_id: str, premium_minor: int) -> None:
        self.tell(
            "policy_issued.v2",
            policy_id,
            1,
            effective_on=self.effective_on.isoformat(),
            expires_on=self.expires_on.isoformat(),
            currency=CURRENCY,
            product="accident_and_illness",
            jurisdiction="DE",
            plan="monthly",
            premium_minor=premium_minor,
            discounts=["multi_pet"],
        )

    def bill(self, month: int) -> None:
        """Bill the household as the schedule does on the day on which the month's invoices are due to be issued."""
        day = max(self.today, add_months(self.effective_on, month) - timedelta(days=LEAD_DAYS))
        self.cloud.bill_account(HOUSEHOLD, day)
        wait_until(f"{day} is billed", lambda: not self.is_due(day))

    def is_due(self, day: date) -> bool:
        """Whether the account still has something to invoice on a day."""
        (head,) = (item for item in self.cloud.scan("AccountsTableName") if item["account_id"]["S"] == HOUSEHOLD)
        agenda_key = head.get("agenda_key")
        return agenda_key is not None and agenda_key["S"][:10] <= day.isoformat()

    def entries(self) -> list[dict[str, Any]]:
        """Entries of the household in their order."""
        found = [body for body in self.cloud.bodies("EntriesTableName") if body["account_id"] == HOUSEHOLD]
        return sorted(found, key=lambda entry: int(entry["sequence"]))

    def invoices(self) -> list[HouseholdInvoice]:
        return [
            HouseholdInvoice(
                issued_on=date.fromisoformat(entry["occurred_on"]),
                invoice_number=entry["invoice_number"],
                due_on=date.fromisoformat(entry["facts"]["due_on"]),
                lines=tuple(
                    (term_id.partition("#")[0], sum(minor for _, minor in charges))
                    for term_id, _, charges in entry["facts"]["lines"]
                ),
            )
            for entry in self.entries()
            if entry["kind"] == "invoice_issued"
        ]


def live_household_year(cloud: Cloud, today: date) -> dict[str, Any]:
    """Play the year that begins today, ahead of time, against a deployed app; return what it came to.

    Raises `DemonstrationStuckError`.
    """
    household = _Household(cloud, today)
    print("\n  A year in the life of one household: a dog, a cat, 19 % insurance tax, 5 % less for several pets")
    with show_step("the dog's dearer cover from the third month on is told before the dog's policy is: it waits"):
        dearer_from = add_months(household.effective_on, 3).isoformat()
        household.tell(
            "policy_endorsed.v1", DOG, 2, effective_on=dearer_from, premium_minor=30_000, discounts=["multi_pet"]
        )
    with show_step("both policies arrive; what waited counts, and its discrepancy heals"):
        household.issue(DOG, 24_000)
        household.issue(CAT, 18_000)
    with show_step("the first month is invoiced and paid; four more are invoiced"):
        household.bill(0)
        _pay_first_invoice(household)
        for month in range(1, 5):
            household.bill(month)
    with show_step("the cat dies: nothing changes until the veterinary's record is there, then the rest is given back"):
        died_on = (add_months(household.effective_on, 4) + timedelta(days=9)).isoformat()
        household.tell("pet_died.v1", CAT, 2, died_on=died_on)
        household.tell("pet_died.v1", CAT, 3, died_on=died_on, evidence="VET-2031")
    with show_step("two more months, then the dog is paid by the quarter"):
        household.bill(5)
        household.bill(6)
        from_quarter = add_months(household.effective_on, 7).isoformat()
        household.tell("plan_changed.v1", DOG, 3, effective_on=from_quarter, plan="quarterly")
        for month in range(7, 12):
            household.bill(month)
    with show_step("the renewal is told in time at a new price, and the new term's first quarter is invoiced"):
        notice_on = household.expires_on - timedelta(days=NOTICE_DAYS)
        household.tell(
            "renewal_offered.v1",
            DOG,
            4,
            effective_on=household.expires_on.isoformat(),
            expires_on=add_months(household.expires_on, 12).isoformat(),
            notice_sent_on=notice_on.isoformat(),
            is_automatic=True,
            premium_minor=31_500,
        )
        household.bill(12)
    invoices = household.invoices()
    with show_step(f"{len(invoices)} invoices, each with its statement, are set as PDF and JSON"):
        expected = DOCUMENTS_PER_INVOICE * len(invoices)
        wait_until("all documents are there", lambda: cloud.count_documents(HOUSEHOLD) == expected)
    return {"invoices": invoices, "entries": household.entries(), "documents": cloud.count_documents(HOUSEHOLD)}


def print_household_year(year: dict[str, Any]) -> None:
    """Show every invoice of the year, and where to read more."""
    print(f"\n  {'issued':<12}{'due':<12}{'invoice':<18}{'dog':>10}{'cat':>10}{'total':>12}")
    print(f"  {'-' * 74}")
    for invoice in year["invoices"]:
        by_policy = dict(invoice.lines)
        dog, cat = (
            format_amount(by_policy[policy_id], CURRENCY) if policy_id in by_policy else "-" for policy_id in (DOG, CAT)
        )
        invoice_id = f"{HOUSEHOLD}-{invoice.invoice_number:04d}"
        total = format_amount(invoice.amount_minor, CURRENCY)
        print(f"  {invoice.issued_on!s:<12}{invoice.due_on!s:<12}{invoice_id:<18}{dog:>10}{cat:>10}{total:>12}")
    print(f"  {'-' * 74}\n  {year['documents']} documents were written; why each invoice is what it is:")
    print(f"""
    .venv/bin/pawledger account show {HOUSEHOLD}
    .venv/bin/pawledger invoice explain {HOUSEHOLD}-0004
    .venv/bin/pawledger invoice document {HOUSEHOLD}-0004 --pdf invoice.pdf
    .venv/bin/pawledger preview {HOUSEHOLD} --until {year["invoices"][-1].due_on + timedelta(days=300)}""")


def _pay_first_invoice(household: _Household) -> None:
    (first, *_) = [entry for entry in household.entries() if entry["kind"] == "invoice_issued"]
    amount_minor = sum(minor for _, _, charges in first["facts"]["lines"] for _, minor in charges)
    line = Line("HH-0001", amount_minor, "Rex and Mia", creditor_reference=first["payment_reference"])
    household.cloud.drop_file("incoming/northbank/household.xml", write_camt054("HH0", household.today, [line]))
    wait_until("the payment is posted", lambda: any(entry["kind"] == "payment_posted" for entry in household.entries()))
