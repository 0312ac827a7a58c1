"""Account ids as three systems give them out, one after the other."""

import random
from typing import Final

SCHEMES: Final = {"digits": 60, "prefix": 25, "base 36": 15}
"""How many of a hundred households came with each system."""

GAP_SHARE: Final = 0.02
"""Ids that were never given out, or whose account is gone."""

_FIRST_DIGITS: Final = 1_000_000_000
_FIRST_BASE_36: Final = int("K00000", 36)


class AccountIds:
    """Counts on in each scheme."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._given_out = dict.fromkeys(SCHEMES, 0)

    def next_of(self, scheme: str) -> str:
        """The next id of a scheme; now and then one is left out."""
        self._given_out[scheme] += 2 if self._chance.random() < GAP_SHARE else 1
        number = self._given_out[scheme]
        if scheme == "digits":
            return str(_FIRST_DIGITS + number)
        return f"PAW{number:07d}" if scheme == "prefix" else _write_base_36(_FIRST_BASE_36 + number)


def _write_base_36(number: int) -> str:
    digits = ""
    while number:  # six rounds: ids have six signs
        number, remainder = divmod(number, 36)
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[remainder] + digits
    return digits
