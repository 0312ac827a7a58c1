"""Keys of payers: the same for one payer however a bank writes it, and nothing to anybody without the secret."""

import base64
import hashlib
import hmac

import pytest

from pawledger.services.receiving.payer_keys import NAME_KEYS_MAX, NAME_PARTS_MAX, PayerKeys, split_name
from tests.fakes.secrets import MemoryPayerSecret


def test_a_key_is_a_truncated_hmac_of_the_account_as_banks_exchange_it() -> None:
    digest = hmac.new(b"secret", b"account DE89370400440532013000", hashlib.sha256).digest()
    key = PayerKeys(MemoryPayerSecret(b"secret")).payer_key_of("de89 3704 0044 0532 0130 00")
    assert key == base64.urlsafe_b64encode(digest).decode()[:12]


def test_another_secret_makes_other_keys() -> None:
    one, other = (PayerKeys(MemoryPayerSecret(secret)) for secret in (b"one", b"other"))
    assert one.payer_key_of("DE89370400440532013000") != other.payer_key_of("DE89370400440532013000")
    assert set(one.name_keys_of("Anna Berg")).isdisjoint(other.name_keys_of("Anna Berg"))


@pytest.mark.parametrize(
    "account",
    [
        None,
        "",
        "4242",
        "**** **** 4242",
        pytest.param("XXXXXXXXXXXX4242", id="hidden but for its end"),
        pytest.param("1" * 65, id="longer than any account number"),
    ],
)
def test_what_does_not_tell_one_account_apart_has_no_key(account: str | None) -> None:
    assert PayerKeys(MemoryPayerSecret()).payer_key_of(account) is None


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Anna Berg", {"anna", "berg"}),
        ("BERG, ANNA", {"anna", "berg"}),
        ("Herr Dr. Jürgen von der Müller-Lüdenscheidt", {"juergen", "mueller", "luedenscheidt"}),
        ("JUERGEN MUELLER LUEDENSCHEIDT", {"juergen", "mueller", "luedenscheidt"}),
        pytest.param("Ju\u0308rgen", {"juergen"}, id="a letter and its dots apart"),
        ("José Nuñez", {"jose", "nunez"}),
        ("Weiß oder Strauß", {"weiss", "strauss"}),
        ("Mr J K Łuczak", {"luczak"}),
        ("Søren Ærø", {"soeren", "aeroe"}),
        pytest.param("王小明", {"王小明"}, id="a name that is one word"),
        ("A B", set()),
        ("", set()),
        ("4711 GmbH 0815", {"gmbh"}),
    ],
)
def test_names_are_the_same_parts_however_a_bank_writes_them(name: str, parts: set[str]) -> None:
    assert set(split_name(name)) == parts


def test_of_many_parts_the_longest_are_kept() -> None:
    assert split_name("Eva Anna-Maria Schmidt-Hohenstein") == ("hohenstein", "schmidt", "maria", "anna")
    assert NAME_PARTS_MAX == 4


def test_a_whole_name_has_a_key_before_those_of_its_parts_in_whatever_order_it_is_written() -> None:
    keys = PayerKeys(MemoryPayerSecret(b"secret"))
    whole, *parts = keys.name_keys_of("Anna Berg")
    assert keys.name_keys_of("Frau Berg, Anna") == (whole, *parts)
    digest = hmac.new(b"secret", b"name anna berg", hashlib.sha256).digest()
    assert whole == base64.urlsafe_b64encode(digest).decode()[:8]
    assert {*parts} == {*keys.name_keys_of("Anna"), *keys.name_keys_of("Berg")}
    assert len(keys.name_keys_of("Anna")) == 1
    assert keys.name_keys_of(None) == keys.name_keys_of("A B") == ()
    assert len(keys.name_keys_of("Eva Anna-Maria Schmidt-Hohenstein")) == NAME_KEYS_MAX


def test_two_people_on_one_account_share_a_key_with_the_whole_name_of_each() -> None:
    keys = PayerKeys(MemoryPayerSecret())
    both = keys.name_keys_of("Jonas & Anna Berg")
    # The whole; Anna Berg, Anna Jonas, Berg Jonas; Anna, Berg, Jonas.
    assert len(both) == 7
    assert keys.name_keys_of("Berg, Anna")[0] in both[1:4]
    assert keys.name_keys_of("Jonas Berg")[0] in both[1:4]
    assert both[4:] == (*keys.name_keys_of("Anna"), *keys.name_keys_of("Berg"), *keys.name_keys_of("Jonas"))


def test_the_secret_is_read_with_the_first_key_and_once() -> None:
    secret = MemoryPayerSecret()
    keys = PayerKeys(secret)
    keys.payer_key_of(None)
    keys.name_keys_of("A B")
    assert secret.read_count == 0
    keys.payer_key_of("DE89370400440532013000")
    keys.name_keys_of("Anna Berg")
    assert secret.read_count == 1
