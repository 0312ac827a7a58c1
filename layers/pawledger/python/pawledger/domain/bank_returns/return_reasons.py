"""Why payments are returned: what a bank's or provider's reason means, and what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

PROMPT_DAYS_MAX: Final = 10
"""Calendar days within which a return comes that no payer has to ask for: two banking days in ACH, three in Bacs and
five in SEPA direct debit, weekends and holidays included. Source: bank-files reference, windows of returns."""


class ReasonScheme(StrEnum):
    """Who gives a reason its meaning."""

    NACHA = "nacha"
    ISO = "iso"
    """The external codes of ISO 20022 for returns and reversals."""
    BACS = "bacs"
    """Codes of one sign behind the report that tells them: `ARUDD-0`, `ADDACS-3`, `DDICA-1`."""
    PROVIDERS = "providers"
    """Words of payment providers."""
    NONE = "none"
    """Of no scheme that we know."""


class ReasonClass(StrEnum):
    INSUFFICIENT_FUNDS = "insufficient_funds"
    ACCOUNT_CLOSED = "account_closed"
    ACCOUNT_CHANGED = "account_changed"
    """The account goes on elsewhere, or is written otherwise."""
    ACCOUNT_WRONG = "account_wrong"
    """There is no such account, or it cannot be debited."""
    ACCOUNT_BLOCKED = "account_blocked"
    UNAUTHORISED = "unauthorised"
    """The payer says that there was no mandate, or that this was not agreed."""
    MANDATE_ENDED = "mandate_ended"
    """The payer or the bank ended the mandate, or stopped its payments."""
    REFUND_CLAIMED = "refund_claimed"
    """The payer asked for the money back, which needs no reason."""
    DISPUTED = "disputed"
    """A card payment that its payer disputes."""
    DECEASED = "deceased"
    DUPLICATE = "duplicate"
    OWN_REQUEST = "own_request"
    """We, or our provider, gave the money back."""
    REGULATORY = "regulatory"
    TECHNICAL = "technical"
    """The file or message was wrong, or a bank could not process it."""
    UNSPECIFIED = "unspecified"
    """The bank does not say."""
    BETWEEN_BANKS = "between_banks"
    """About a return that was told before, or a notice of which a bank complains."""
    UNKNOWN = "unknown"
    """Nobody has told us what this code means."""


_LATE_CLASSES: Final = frozenset(
    {ReasonClass.UNAUTHORISED, ReasonClass.REFUND_CLAIMED, ReasonClass.DISPUTED, ReasonClass.OWN_REQUEST}
    | {ReasonClass.UNKNOWN, ReasonClass.UNSPECIFIED, ReasonClass.BETWEEN_BANKS, ReasonClass.DECEASED}
)
"""What may come weeks or months after the payment."""


@dataclass(frozen=True, slots=True)
class ReturnReason:
    """What a code means, and what is to be done because of it."""

    scheme: ReasonScheme
    code: str
    meaning: str
    reason_class: ReasonClass
    retry_allowed: bool = False
    """Whether the same collection may be tried again as it is."""
    stop_mandate: bool = False
    """Whether nothing may be collected under the mandate any more."""
    correct_details: bool = False
    """Whether the details of the payer, or of the mandate, have to be corrected first."""
    charges_fee: bool = False
    """Whether the payer may be charged for it, where the rules of the place know such a fee."""
    forget_payer: bool = False
    """Whether the holder of the bank account says that this was not theirs to pay: who they pay for is then unknown."""

    @property
    def days_max(self) -> int | None:
        """Within how many days of the payment it comes; None where it may come much later."""
        return None if self.reason_class in _LATE_CLASSES else PROMPT_DAYS_MAX


@dataclass(frozen=True, slots=True)
class ReturnReasons:
    """All reasons that are known, by their codes as movements carry them: `R01`, `AC04`, `ARUDD-0`, `fraudulent`."""

    by_code: Mapping[str, ReturnReason] = field(default_factory=lambda: MappingProxyType({}))

    def find(self, code: str | None) -> ReturnReason:
        """What a code means. One that is not listed is of the class unknown: nothing follows from it, never a stop."""
        if not code:
            return _NO_REASON
        return self.by_code.get(code) or replace(_UNLISTED, code=code)


_NO_REASON: Final = ReturnReason(ReasonScheme.NONE, "", "The bank gives no reason", ReasonClass.UNSPECIFIED)
_UNLISTED: Final = ReturnReason(ReasonScheme.NONE, "", "The code is in none of the tables", ReasonClass.UNKNOWN)
