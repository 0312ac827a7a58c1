"""Ids of accounts and policies, and the shards and suspense ledgers that follow from them."""

from collections import Counter
from datetime import date

import pytest

from pawledger.domain.identifiers import (
    ACCOUNT_ID_PATTERN,
    AGENDA_SHARD_COUNT,
    SUSPENSE_LEDGER_COUNT,
    IdentifierError,
    agenda_key_of,
    agenda_key_of_shard,
    check_account_id,
    check_policy_id,
    is_suspense_ledger,
    suspense_ledger_of,
)


@pytest.mark.parametrize("account_id", ["0000", "HOME", "A1B2C3D4E5F6"])
def test_an_account_id_of_4_to_12_capitals_and_digits_is_accepted(account_id: str) -> None:
    assert check_account_id(account_id) == account_id


@pytest.mark.parametrize(
    "account_id", ["", "ABC", "A1B2C3D4E5F67", "home", "HO-ME", "HOME\n", " HOME", "ÄÖÜÄ", "١٢٣٤", "SUSPENSE-01"]
)
def test_any_other_account_id_is_refused(account_id: str) -> None:
    with pytest.raises(IdentifierError):
        check_account_id(account_id)


@pytest.mark.parametrize("policy_id", ["1", "PAW-2026_01.a", "x" * 32])
def test_a_policy_id_of_1_to_32_plain_characters_is_accepted(policy_id: str) -> None:
    assert check_policy_id(policy_id) == policy_id


@pytest.mark.parametrize("policy_id", ["", "x" * 33, "-PAW", "PAW#1", "PAW 1", "PAW/1", "PAW\n", "PÄW"])
def test_any_other_policy_id_is_refused(policy_id: str) -> None:
    with pytest.raises(IdentifierError):
        check_policy_id(policy_id)


def test_a_refused_account_id_is_not_quoted_and_its_length_and_the_accepted_form_are_told() -> None:
    with pytest.raises(IdentifierError) as refusal:
        check_account_id("Jane Doe, 1 Home Street")
    assert str(refusal.value) == "the account id has 23 characters, not 4 to 12 capital letters and digits"


@pytest.mark.parametrize(("policy_id", "length"), [("+49 30 5550100", 14), ("#" * 100_000, 100_000)])
def test_a_refused_policy_id_is_not_quoted_and_its_length_and_the_accepted_form_are_told(
    policy_id: str, length: int
) -> None:
    with pytest.raises(IdentifierError) as refusal:
        check_policy_id(policy_id)
    assert str(refusal.value) == (
        f"the policy id, of {length} characters, is not 1 to 32 letters, digits, dots, hyphens, underscores"
    )


def test_the_key_of_a_shard_sorts_by_day_and_has_two_digits() -> None:
    assert agenda_key_of_shard(date(2026, 11, 3), 7) == "2026-11-03#07"


def test_accounts_spread_over_all_shards_of_a_day_evenly() -> None:
    day = date(2026, 11, 23)
    counts = Counter(agenda_key_of(f"HOME{number:04d}", day) for number in range(1_600))
    assert counts.keys() == {agenda_key_of_shard(day, shard) for shard in range(AGENDA_SHARD_COUNT)}
    # 1,600 accounts over 16 shards are 100 each; five standard deviations (9.7 each) are 52 to 148.
    assert min(counts.values()) >= 52
    assert max(counts.values()) <= 148


def test_an_account_keeps_its_shard_from_day_to_day() -> None:
    first, second = (agenda_key_of("HOME0001", date(2026, 1, day)) for day in (1, 2))
    assert first[-3:] == second[-3:]


def test_a_payment_always_waits_in_the_same_suspense_ledger_and_payments_spread_over_all() -> None:
    payment_ids = [f"payment-{number}" for number in range(2_000)]
    ledgers = [suspense_ledger_of(payment_id) for payment_id in payment_ids]
    assert ledgers == [suspense_ledger_of(payment_id) for payment_id in payment_ids]
    assert set(ledgers) == {f"SUSPENSE-{number:02d}" for number in range(SUSPENSE_LEDGER_COUNT)}


def test_no_account_id_can_be_mistaken_for_a_suspense_ledger() -> None:
    ledger_id = suspense_ledger_of("any")
    assert is_suspense_ledger(ledger_id)
    assert not ACCOUNT_ID_PATTERN.fullmatch(ledger_id)
    assert not is_suspense_ledger("SUSPENSE01")
