"""Check digits modulo 97 read backwards: which one change to a text gives the remainder that is wanted.

ISO 7064 reads a letter as 10 to 35 and the whole as one number. What stands before and behind a place is worked out
once, so that each place costs a division and not a trial of every sign.
"""

from collections.abc import Iterator
from typing import Final

BASE: Final = 97
SIGNS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_VALUES: Final = {sign: value for value, sign in enumerate(SIGNS)}
_INVERSES: Final = (0, *(pow(number, -1, BASE) for number in range(1, BASE)))


def remainder_of(text: str) -> int:
    """What the digits and capital letters of a text leave modulo 97."""
    remainder = 0
    for sign in text:
        value = _VALUES[sign]
        remainder = (remainder * (10 if value < 10 else 100) + value) % BASE
    return remainder


def divide(number: int, divisor: int) -> int:
    """Division modulo 97; the divisor is none of its multiples."""
    return number * _INVERSES[divisor % BASE] % BASE


def change_one_sign(text: str, wanted: int, *, digits_only: bool) -> Iterator[str]:
    """Every text that leaves `wanted` and differs by one sign put in, taken out or replaced, or by two exchanged.

    Some may come twice, and the text itself where it leaves `wanted` already. Signs put in are digits, and letters
    unless `digits_only`.
    """
    before, behind, weight = _split(text)
    length = len(text)
    for place in range(length + 1):
        for rest in (place, place + 1) if place < length else (place,):
            needed = (wanted - behind[rest]) * _INVERSES[weight[rest]]
            digit = (needed - before[place] * 10) % BASE
            if digit < 10:
                yield f"{text[:place]}{digit}{text[rest:]}"
            letter = (needed - before[place] * 100) % BASE
            if not digits_only and 10 <= letter < 36:
                yield f"{text[:place]}{SIGNS[letter]}{text[rest:]}"
        if place < length and (before[place] * weight[place + 1] + behind[place + 1] - wanted) % BASE == 0:
            yield text[:place] + text[place + 1 :]
        if place + 1 < length and text[place] != text[place + 1]:
            exchanged = text[place + 1] + text[place]
            value = _VALUES[exchanged[0]] * (10 if exchanged[1].isdigit() else 100) + _VALUES[exchanged[1]]
            width = weight[place] * _INVERSES[weight[place + 2]]
            if ((before[place] * width + value) * weight[place + 2] + behind[place + 2] - wanted) % BASE == 0:
                yield text[:place] + exchanged + text[place + 2 :]


def _split(text: str) -> tuple[list[int], list[int], list[int]]:
    """For each place: what stands before it leaves, what begins with it leaves, and the power of ten before that."""
    before, behind, weight = [0], [0], [1]
    for sign in text:
        value = _VALUES[sign]
        before.append((before[-1] * (10 if value < 10 else 100) + value) % BASE)
    for sign in reversed(text):
        value = _VALUES[sign]
        behind.append((value * weight[-1] + behind[-1]) % BASE)
        weight.append(weight[-1] * (10 if value < 10 else 100) % BASE)
    return before, behind[::-1], weight[::-1]
