"""The reasons of returns that ship with the package: one file a scheme under `return_reasons/`."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from pawledger.domain.bank_returns.return_reasons import ReasonClass, ReasonScheme, ReturnReason, ReturnReasons
from pawledger.domain.errors import PawledgerError

CODE_PATTERN: Final = re.compile(r"[A-Z0-9]{3,4}|[A-Z]{5,6}-[A-Z0-9]|[a-z]+(_[a-z]+){0,6}")
"""Codes as movements carry them, see `payment_chunks`."""

MEANING_CHARACTERS_MAX: Final = 120
"""One line of a terminal beside the code and what follows from it."""

_FLAGS: Final = ("retry_allowed", "stop_mandate", "correct_details", "charges_fee", "forget_payer")
_KEYS: Final = frozenset({"code", "meaning", "class", *_FLAGS})

_MUST_STOP: Final = frozenset({ReasonClass.DECEASED})
"""Nobody is to debit the account of somebody who died."""

_NEVER_STOP: Final = frozenset(
    {ReasonClass.INSUFFICIENT_FUNDS, ReasonClass.TECHNICAL, ReasonClass.DUPLICATE, ReasonClass.UNSPECIFIED}
    | {ReasonClass.BETWEEN_BANKS, ReasonClass.OWN_REQUEST, ReasonClass.ACCOUNT_CHANGED}
)
"""What says nothing against the mandate."""

_MAY_CHARGE: Final = frozenset({ReasonClass.INSUFFICIENT_FUNDS})
"""Fees for a returned payment are allowed for want of funds alone. Source: Florida s. 627.4035, the strictest known."""

_MAY_FORGET: Final = frozenset({ReasonClass.UNAUTHORISED, ReasonClass.DISPUTED})
"""What speaks against the payment itself. That money was short, or an account closed, says nothing of whose it was."""


class ReturnReasonsInvalidError(PawledgerError):
    """A table of reasons does not have the form that it needs; the text names every fault with its file and code."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(f"return reasons: {'; '.join(faults)}")
        self.faults = tuple(faults)


def return_reasons_from_toml(texts: Mapping[str, str]) -> ReturnReasons:
    """The reasons in TOML texts, by the names of their files. Raises `ReturnReasonsInvalidError` with every fault."""
    faults: list[str] = []
    reasons: dict[str, ReturnReason] = {}
    for name, text in sorted(texts.items()):
        for reason in _read_file(name, text, faults):
            if reason.code in reasons:
                faults.append(f"{name}: {reason.code} is listed twice")
            reasons[reason.code] = reason
    if faults:
        raise ReturnReasonsInvalidError(faults)
    return ReturnReasons(MappingProxyType(reasons))


@cache
def load_return_reasons() -> ReturnReasons:
    """The reasons of the package. Raises `ReturnReasonsInvalidError`."""
    folder = resources.files("pawledger.rules").joinpath("return_reasons")
    files = (file for file in folder.iterdir() if file.name.endswith(".toml"))
    return return_reasons_from_toml({file.name: file.read_text("utf-8") for file in files})


def _read_file(name: str, text: str, faults: list[str]) -> list[ReturnReason]:
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        faults.append(f"{name}: not TOML: {error}")
        return []
    schemes = [scheme.value for scheme in ReasonScheme if scheme is not ReasonScheme.NONE]
    rows = table.get("reasons")
    if table.keys() != {"scheme", "reasons"} or table["scheme"] not in schemes or not isinstance(rows, list):
        faults.append(f"{name}: should hold scheme (one of {', '.join(schemes)}) and reasons")
        return []
    scheme = ReasonScheme(table["scheme"])
    found = (_read_reason(f"{name}: reason {place}", scheme, row, faults) for place, row in enumerate(rows, start=1))
    return [reason for reason in found if reason is not None]


def _read_reason(place: str, scheme: ReasonScheme, row: Any, faults: list[str]) -> ReturnReason | None:
    """One reason; None where it has faults, which are told."""
    if not isinstance(row, dict) or not {"code", "meaning", "class"} <= row.keys() <= _KEYS:
        faults.append(f"{place}: should hold code, meaning, class and, where they are true, {', '.join(_FLAGS)}")
        return None
    code, meaning, written_class = row["code"], row["meaning"], row["class"]
    classes = [each.value for each in ReasonClass if each is not ReasonClass.UNKNOWN]
    told = [
        (isinstance(code, str) and bool(CODE_PATTERN.fullmatch(code)), "code is not written as movements carry it"),
        (isinstance(meaning, str) and 0 < len(meaning) <= MEANING_CHARACTERS_MAX, "meaning is missing or too long"),
        (written_class in classes, f"class should be one of {', '.join(classes)}"),
        (all(row[flag] is True for flag in _FLAGS if flag in row), "what follows is true or left out"),
    ]
    wrong = [f"{place}: {what}" for is_right, what in told if not is_right]
    if wrong:
        faults += wrong
        return None
    flags = {flag: flag in row for flag in _FLAGS}
    reason = ReturnReason(scheme, code, meaning, ReasonClass(written_class), **flags)
    faults += [f"{place}: {code} {what}" for what in _contradictions(reason)]
    return reason


def _contradictions(reason: ReturnReason) -> list[str]:
    """What of a reason cannot be meant."""
    return [
        what
        for is_wrong, what in (
            (reason.stop_mandate and reason.retry_allowed, "stops the mandate and may be tried again"),
            (reason.stop_mandate and reason.reason_class in _NEVER_STOP, "stops the mandate for no fault of it"),
            (reason.reason_class in _MUST_STOP and not reason.stop_mandate, "has to stop the mandate"),
            (reason.charges_fee and reason.reason_class not in _MAY_CHARGE, "charges a fee without want of funds"),
            (reason.forget_payer and reason.reason_class not in _MAY_FORGET, "forgets a payer who denies nothing"),
        )
        if is_wrong
    ]
