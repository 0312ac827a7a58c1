"""`pawledger returns reasons`: what the reasons of returned payments mean, and what follows from them."""

from typing import TextIO

from pawledger.command_line.errors import ReturnReasonNotFoundError
from pawledger.command_line.tables import Column, write_table
from pawledger.domain.bank_returns.return_reasons import ReturnReason
from pawledger.rules.return_reasons import load_return_reasons

_FOLLOWS = (
    ("retry_allowed", "may be tried again"),
    ("stop_mandate", "stops the mandate"),
    ("correct_details", "details to be corrected"),
    ("charges_fee", "fee where rules know one"),
    ("forget_payer", "payer is not known any more"),
)


def show_reasons(code: str | None, out: TextIO) -> None:
    """Write every reason, or the one of a code. Raises `ReturnReasonNotFoundError`, `ReturnReasonsInvalidError`."""
    reasons = load_return_reasons()
    shown = list(reasons.by_code.values()) if code is None else [reasons.find(code)]
    if code is not None and code not in reasons.by_code:
        raise ReturnReasonNotFoundError(f"no table explains {code!r}; a return with it is booked, and nothing follows")
    columns = [
        Column("code"),
        Column("scheme"),
        Column("class"),
        Column("meaning", weight=3),
        Column("follows", weight=2),
    ]
    out.writelines(f"{line}\n" for line in write_table(columns, [_row(reason) for reason in shown]))


def _row(reason: ReturnReason) -> list[str]:
    follows = ", ".join(words for flag, words in _FOLLOWS if getattr(reason, flag))
    return [reason.code, reason.scheme, reason.reason_class.replace("_", " "), reason.meaning, follows or "-"]
