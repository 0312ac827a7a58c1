"""What a profile says of a provider's webhooks, and which faults are named."""

from datetime import date

import pytest

from pawledger.bank_files.webhook_terms import WebhookTerms
from pawledger.rules.provider_profiles import ProviderProfileError, profile_from_toml
from pawledger.services.receiving.expectations import reading_options_of

BASE = 'provider = "stripe"\ntitle = "Stripe"\nformats = ["stripe", "stripe.events"]\n'
GOOD = BASE + '[webhooks]\nsince = 2026-12-01\ncurrencies = ["USD", "EUR"]\n'


def faults_of(text: str) -> tuple[str, ...]:
    with pytest.raises(ProviderProfileError) as raised:
        profile_from_toml("stripe", text)
    return raised.value.faults


def test_terms_are_read_and_reach_the_reader() -> None:
    profile = profile_from_toml("stripe", GOOD + "takes_test_events = true\n")
    terms = WebhookTerms(date(2026, 12, 1), frozenset({"USD", "EUR"}), takes_test_events=True)
    assert profile.webhooks == terms
    assert reading_options_of(profile).webhook_terms == terms


def test_test_events_are_not_taken_unless_it_says_so() -> None:
    webhooks = profile_from_toml("stripe", GOOD).webhooks
    assert webhooks is not None
    assert not webhooks.takes_test_events


def test_events_that_post_nothing_need_no_terms() -> None:
    assert profile_from_toml("stripe", BASE + 'posts = ["stripe"]\n').webhooks is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (BASE, "webhooks: missing, since `posts` names stripe.events"),
        (GOOD.replace("since = 2026-12-01\n", ""), "webhooks.since: missing"),
        (GOOD.replace("2026-12-01", '"December"'), "webhooks.since: 'December' is not a day"),
        (GOOD.replace('currencies = ["USD", "EUR"]\n', ""), "webhooks.currencies: missing"),
        (GOOD.replace('"EUR"', '"EURO"'), "webhooks.currencies: 'EURO' is not a currency of ISO 4217"),
        (GOOD + 'takes_test_events = "yes"\n', "webhooks.takes_test_events: 'yes' is not true or false"),
        (GOOD + "secret = 1\n", "webhooks.secret: unknown"),
    ],
)
def test_a_fault_is_named_with_its_path(text: str, fault: str) -> None:
    assert [each for each in faults_of(text) if each.startswith(fault)]
