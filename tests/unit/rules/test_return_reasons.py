"""The tables of return reasons: what ships is sound, and every fault is told with its place."""

import pytest

from pawledger.domain.bank_returns.return_reasons import PROMPT_DAYS_MAX, ReasonClass, ReasonScheme, ReturnReason
from pawledger.rules.return_reasons import (
    ReturnReasonsInvalidError,
    load_return_reasons,
    return_reasons_from_toml,
)
from pawledger.services.receiving.payment_chunks import REASON_CODE_PATTERN, REASON_WORDS_PATTERN

GOOD = """
scheme = "iso"

[[reasons]]
code = "AC04"
meaning = "The account was closed"
class = "account_closed"
stop_mandate = true
"""


def faults_of(text: str, **others: str) -> tuple[str, ...]:
    with pytest.raises(ReturnReasonsInvalidError) as caught:
        return_reasons_from_toml({"iso.toml": text, **others})
    return caught.value.faults


def test_a_table_is_read_as_it_stands() -> None:
    reasons = return_reasons_from_toml({"iso.toml": GOOD})
    expected = ReturnReason(
        ReasonScheme.ISO, "AC04", "The account was closed", ReasonClass.ACCOUNT_CLOSED, stop_mandate=True
    )
    assert reasons.find("AC04") == expected
    assert list(reasons.by_code) == ["AC04"]


@pytest.mark.parametrize(
    ("code", "scheme", "reason_class", "follows"),
    [
        ("R01", "nacha", "insufficient_funds", {"retry_allowed", "charges_fee"}),
        ("R02", "nacha", "account_closed", {"stop_mandate", "correct_details"}),
        ("R07", "nacha", "unauthorised", {"stop_mandate", "forget_payer"}),
        ("R11", "nacha", "unauthorised", {"correct_details"}),
        ("R15", "nacha", "deceased", {"stop_mandate"}),
        ("C01", "nacha", "account_changed", {"correct_details"}),
        ("AM04", "iso", "insufficient_funds", {"retry_allowed", "charges_fee"}),
        ("MD01", "iso", "unauthorised", {"stop_mandate", "forget_payer"}),
        ("MD06", "iso", "refund_claimed", set()),
        ("MD07", "iso", "deceased", {"stop_mandate"}),
        ("ARUDD-0", "bacs", "insufficient_funds", {"retry_allowed", "charges_fee"}),
        ("ADDACS-3", "bacs", "account_changed", {"correct_details"}),
        ("DDICA-7", "bacs", "own_request", set()),
        ("fraudulent", "providers", "unauthorised", {"stop_mandate", "forget_payer"}),
    ],
)
def test_what_ships_says_what_follows(code: str, scheme: str, reason_class: str, follows: set[str]) -> None:
    reason = load_return_reasons().find(code)
    assert (reason.scheme, reason.reason_class) == (scheme, reason_class)
    flags = ("retry_allowed", "stop_mandate", "correct_details", "charges_fee", "forget_payer")
    assert {flag for flag in flags if getattr(reason, flag)} == follows


def test_who_denies_a_payment_is_known_no_more_unless_only_amount_or_day_were_wrong() -> None:
    """Notices (ADDACS, AUDDIS) are left out: they come without a payment."""
    denying = (ReasonClass.UNAUTHORISED, ReasonClass.DISPUTED)
    kept = {
        code
        for code, reason in load_return_reasons().by_code.items()
        if reason.reason_class in denying and not reason.forget_payer and not code.startswith(("ADDACS", "AUDDIS"))
    }
    assert kept == {"AM09", "MD05", "R11", "ARUDD-4", "ARUDD-7", "ARUDD-8", "DDICA-1", "DDICA-2"}


def test_every_code_that_ships_can_come_with_a_movement() -> None:
    reasons = load_return_reasons().by_code
    assert all(REASON_CODE_PATTERN.fullmatch(code) or REASON_WORDS_PATTERN.fullmatch(code) for code in reasons)
    # 71 returns and 20 changes of Nacha, 104 codes of ISO 20022, 47 of Bacs by report, 17 words of providers and 8
    # actions of mandates.
    schemes = [reason.scheme for reason in reasons.values()]
    assert [schemes.count(scheme) for scheme in ReasonScheme] == [91, 104, 47, 25, 0]


def test_a_code_that_is_not_listed_is_kept_and_nothing_follows_from_it() -> None:
    unknown, none = load_return_reasons().find("ZZ99"), load_return_reasons().find(None)
    assert (unknown.code, unknown.reason_class) == ("ZZ99", ReasonClass.UNKNOWN)
    assert none.reason_class is ReasonClass.UNSPECIFIED
    for reason in (unknown, none):
        follows = (reason.stop_mandate, reason.retry_allowed, reason.correct_details, reason.charges_fee)
        assert (*follows, reason.forget_payer) == (False, False, False, False, False)
        assert reason.days_max is None


def test_what_a_payer_may_ask_for_late_comes_within_no_time() -> None:
    reasons = load_return_reasons()
    assert [reasons.find(code).days_max for code in ("R01", "ARUDD-B")] == [PROMPT_DAYS_MAX] * 2
    assert [reasons.find(code).days_max for code in ("R10", "MD06", "DDICA-5")] == [None] * 3


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (('scheme = "iso"', 'scheme = "none"'), "should hold scheme"),
        (("[[reasons]]", "[[codes]]"), "should hold scheme"),
        (('code = "AC04"', 'code = "AC 04"'), "code is not written as movements carry it"),
        (('meaning = "The account was closed"', 'meaning = ""'), "meaning is missing or too long"),
        (('class = "account_closed"', 'class = "unknown"'), "class should be one of"),
        (("stop_mandate = true", "stop_mandate = false"), "true or left out"),
        (("stop_mandate = true", "stops = true"), "should hold code, meaning, class"),
        (("stop_mandate = true", "stop_mandate = true\nretry_allowed = true"), "stops the mandate and may be tried"),
        (('"account_closed"', '"technical"'), "stops the mandate for no fault of it"),
        (("stop_mandate = true", "charges_fee = true"), "charges a fee without want of funds"),
        (('class = "account_closed"\nstop_mandate = true', 'class = "deceased"'), "has to stop the mandate"),
        (("stop_mandate = true", "forget_payer = true"), "forgets a payer who denies nothing"),
    ],
)
def test_each_fault_of_a_table_is_told_by_name(change: tuple[str, str], fault: str) -> None:
    broken = GOOD.replace(*change)
    assert broken != GOOD
    (told,) = faults_of(broken)
    assert told.startswith("iso.toml")
    assert fault in told


def test_a_code_stands_once_in_all_tables_and_what_is_no_toml_is_said() -> None:
    assert faults_of(GOOD, **{"other.toml": GOOD}) == ("other.toml: AC04 is listed twice",)
    (told,) = faults_of("scheme =")
    assert told.startswith("iso.toml: not TOML")
