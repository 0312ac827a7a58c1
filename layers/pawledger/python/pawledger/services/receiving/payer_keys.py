"""Keys of payers: keyed hashes by which a payer is known again, made while a file is cut into chunks.

Behind this point nothing holds the name or the account number of a payer. Without the secret a key can be made of no
name, so that nobody finds out by trying who is meant; where the secret is shredded, all keys mean nothing.
"""

import base64
import hmac
import re
import unicodedata
from itertools import combinations
from typing import Final

from pawledger.ports import PayerSecret

PAYER_KEY_CHARACTERS: Final = 12
"""72 bits: two of 10**8 bank accounts share a key with odds of one in a million."""

NAME_KEY_CHARACTERS: Final = 8
"""48 bits: names only suggest, and an entry stays under 1 KB."""

NAME_PARTS_MAX: Final = 4
"""The longest parts of a name, which are the rarest: two people with one surname have three."""

NAME_KEYS_MAX: Final = 1 + NAME_PARTS_MAX * (NAME_PARTS_MAX - 1) // 2 + NAME_PARTS_MAX
"""One for the whole name, one for each two parts, one for each part."""

ACCOUNT_CHARACTERS_MIN: Final = 6
"""A shorter number is the end of one, as providers show cards, and many payers share it."""

ACCOUNT_CHARACTERS_MAX: Final = 64
"""An IBAN has 34; longer than this is no account number."""

NAME_CHARACTERS_MAX: Final = 200
"""ISO 20022 allows 140."""

_LETTERS_OF_OTHERS: Final = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe", "æ": "ae", "œ": "oe"} | dict(zip("łđð", "ldd", strict=True))
)
"""How banks write letters that they cannot send; what is a letter with a sign on it is taken apart by Unicode."""

_TITLES: Final = "mr mrs miss mister herr herrn frau familie fam eheleute madame monsieur dr prof dipl ing med jr"
_SMALL_WORDS: Final = "und and oder von vom van zum zur der den dem des die das del della dos las los ten ter the"
_LEFT_OUT: Final = frozenset((*_TITLES.split(), *_SMALL_WORDS.split()))
"""What stands beside names and between them; words of one and two letters are left out anyhow."""

_ACCOUNT_SIGNS: Final = re.compile(r"[^A-Z0-9]")
_MASKED: Final = re.compile(r"[*•#]|X{3}")
"""How providers hide the most part of an account number: what is left is shared by many."""
_WORD: Final = re.compile(r"[^\W\d_]{3,}")


class PayerKeys:
    """Makes keys under one secret, which is read when the first key is made."""

    def __init__(self, secret: PayerSecret) -> None:
        self._secret = secret
        self._bytes: bytes | None = None

    def payer_key_of(self, account: str | None) -> str | None:
        """The key of a payer's bank account, however it is grouped; None where it does not tell one payer apart."""
        if not account or len(account) > ACCOUNT_CHARACTERS_MAX or _MASKED.search(account.upper()):
            return None
        written = _ACCOUNT_SIGNS.sub("", account.upper())
        if len(written) < ACCOUNT_CHARACTERS_MIN:
            return None
        return self._key("account", written, PAYER_KEY_CHARACTERS)

    def name_keys_of(self, name: str | None) -> tuple[str, ...]:
        """The key of a whole name, then those of each two parts, then those of single ones.

        Order and titles do not count. A part is shared by many, so that a whole name tells far more; and two parts of
        the name of two people who share a bank account are the whole name of one of them.
        """
        parts = sorted(split_name(name)) if name else []
        texts = dict.fromkeys((" ".join(parts), *map(" ".join, combinations(parts, 2)), *parts))
        keys = [self._key("name", text, NAME_KEY_CHARACTERS) for text in texts if text]
        return tuple(dict.fromkeys(keys))

    def _key(self, kind: str, text: str, characters: int) -> str:
        if self._bytes is None:
            self._bytes = self._secret.read()
        digest = hmac.digest(self._bytes, f"{kind} {text}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest)[:characters].decode()


def split_name(name: str) -> tuple[str, ...]:
    """The parts of a name that tell it apart, normalised: at most `NAME_PARTS_MAX`, the longest first."""
    written = unicodedata.normalize("NFC", name[:NAME_CHARACTERS_MAX]).casefold().translate(_LETTERS_OF_OTHERS)
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", written) if not unicodedata.combining(sign))
    parts = {part for part in _WORD.findall(plain) if part not in _LEFT_OUT}
    return tuple(sorted(parts, key=lambda part: (-len(part), part))[:NAME_PARTS_MAX])
