"""The mistakes people make with a reference."""

import random
import string
from collections.abc import Callable
from typing import Final

CONFUSED: Final = {"0": "O", "1": "IL", "2": "Z", "5": "S", "6": "G", "8": "B"}
"""Digits, and the letters that they are read as."""

NEIGHBOUR_SHARE: Final = 0.5
"""How often a wrong sign is one from beside the right one on the keyboard; otherwise it is any."""
REPEATED_SHARE: Final = 0.7
"""How often a sign too many is the one before it again."""
ALL_CONFUSED_SHARE: Final = 0.4
"""How often who reads a 0 as an O does so throughout."""
CUT_SIGNS_MAX: Final = 6
"""What a field of 18 characters cuts off a reference of 18 that has a short word before it."""

_KEYBOARD_ROWS: Final = ("1234567890", "QWERTYUIOP", "ASDFGHJKL", "ZXCVBNM")
_NEIGHBOURS: Final = {
    sign: row[max(0, place - 1) : place] + row[place + 1 : place + 2]
    for row in _KEYBOARD_ROWS
    for place, sign in enumerate(row)
}

Mistake = Callable[[str, random.Random], str]


def mistake_sign(text: str, chance: random.Random) -> str:
    """One sign is another of its kind, letter or digit."""
    place = chance.randrange(len(text))
    right = text[place]
    if chance.random() < NEIGHBOUR_SHARE:
        wrong = chance.choice(_NEIGHBOURS[right])
    else:
        kind = string.digits if right.isdigit() else _CAPITALS
        wrong = chance.choice(kind.replace(right, ""))
    return text[:place] + wrong + text[place + 1 :]


def exchange_signs(text: str, chance: random.Random) -> str:
    """Two signs beside each other, which differ, change places."""
    places = [place for place in range(len(text) - 1) if text[place] != text[place + 1]]
    place = chance.choice(places)
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


def miss_sign(text: str, chance: random.Random) -> str:
    """One sign is left out."""
    place = chance.randrange(len(text))
    return text[:place] + text[place + 1 :]


def add_sign(text: str, chance: random.Random) -> str:
    """One sign comes twice, or any sign is added."""
    place = chance.randrange(len(text))
    repeats = chance.random() < REPEATED_SHARE
    added = text[place] if repeats else chance.choice(string.digits if text[place].isdigit() else _CAPITALS)
    return text[: place + 1] + added + text[place + 1 :]


def confuse_signs(text: str, chance: random.Random) -> str:
    """A digit is read as the letter that looks like it, once or throughout."""
    digit = chance.choice([sign for sign in dict.fromkeys(text) if sign in CONFUSED])
    letter = chance.choice(CONFUSED[digit])
    if chance.random() < ALL_CONFUSED_SHARE:
        return text.replace(digit, letter)
    place = chance.choice([place for place, sign in enumerate(text) if sign == digit])
    return text[:place] + letter + text[place + 1 :]


def err_twice(text: str, chance: random.Random) -> str:
    """Two of the mistakes of one sign."""
    first, second = chance.choices(ONE_ERROR, k=2)
    return second(first(text, chance), chance)


def cut_off(text: str, chance: random.Random) -> str:
    """The end is lost."""
    return text[: -chance.randint(1, CUT_SIGNS_MAX)]


_CAPITALS: Final = string.ascii_uppercase
ONE_ERROR: Final[tuple[Mistake, ...]] = (mistake_sign, exchange_signs, miss_sign, add_sign)
