"""An account in Great Britain as the policy system tells it by messages, billed by the shipped rules."""

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from pawledger.rules.billing_rules import load_shipped_rules
from pawledger.services.billing.bill_accounts import bill_account
from pawledger.services.billing.record_policy_event import record_policy_event
from tests.builders.services import connect_policy_recording
from tests.fakes.memory import MemoryWorld

ACCOUNT_ID: Final = "ABCD1234"


@dataclass(slots=True)
class ToldAccount:
    """Tells events of policies of one account, and bills it."""

    world: MemoryWorld
    numbers: dict[str, int] = field(default_factory=dict)

    def message(self, schema: str, policy_id: str = "PAW-1", **fields: Any) -> dict[str, Any]:
        """The next message of a policy, not sent."""
        number = self.numbers.get(policy_id, 0) + 1
        return {
            "schema": schema,
            "event_id": f"evt-{policy_id}-{number}",
            "account_id": ACCOUNT_ID,
            "policy_id": policy_id,
            "transaction_number": number,
            **fields,
        }

    def tell(self, received_on: date, schema: str, policy_id: str = "PAW-1", **fields: Any) -> None:
        message = self.message(schema, policy_id, **fields)
        self.numbers[policy_id] = message["transaction_number"]
        ports = replace(connect_policy_recording(self.world), rulebook=load_shipped_rules())
        record_policy_event(message, message_id=message["event_id"], received_on=received_on, ports=ports)

    def issue(self, received_on: date, policy_id: str = "PAW-1", **fields: Any) -> None:
        """The year 2026 for 365.00 GBP, 1.00 a day, with a discount of 5 %, paid monthly, unless told otherwise."""
        told = {
            "effective_on": "2026-01-01",
            "expires_on": "2027-01-01",
            "currency": "GBP",
            "product": "accident",
            "plan": "monthly",
            "jurisdiction": "GB",
            "premium_minor": 36_500,
            "discounts": ["multi_pet"],
            **fields,
        }
        self.tell(received_on, "policy_issued.v2", policy_id, **told)

    def bill(self, *days: date) -> None:
        for day in days:
            bill_account(ACCOUNT_ID, day, ledger=self.world.ledger, pause=self.world.pause)


def tell_dear_february(world: MemoryWorld) -> ToldAccount:
    """From February on 1.20 a day; three invoices were issued; a renewal for 480.00 waits for the customer's yes."""
    account = ToldAccount(world)
    account.issue(date(2025, 12, 1))
    account.bill(date(2025, 12, 18), date(2026, 1, 18))
    account.tell(
        date(2026, 2, 1),
        "policy_endorsed.v1",
        effective_on="2026-02-01",
        premium_minor=43_800,
        discounts=["multi_pet"],
    )
    account.bill(date(2026, 2, 15))
    account.tell(
        date(2026, 2, 16),
        "renewal_offered.v1",
        effective_on="2027-01-01",
        expires_on="2028-01-01",
        premium_minor=48_000,
        discounts=["multi_pet"],
        notice_sent_on="2026-12-01",
        is_automatic=False,
    )
    return account
