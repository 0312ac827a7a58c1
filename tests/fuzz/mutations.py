"""Bank files made wrong in ways that know their structure: lines, fields, digits and delimiters, and raw bytes."""

import random
import re
from collections.abc import Callable
from typing import Final

TOKENS: Final = (
    b"",
    b"0",
    b"-1",
    b"9" * 30,
    b"1.005",
    b"1,005",
    b"1e9",
    b"NaN",
    b"\xc2\xb2",
    b"\x00",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"\r",
    b"\r\n",
    b"\n\n\n",
    b"/",
    b",",
    b'"',
    b";",
    b"\t",
    b":20:",
    b"-}",
    b"<",
    b"</",
    b"<!--",
    b"<![CDATA[",
    b"]]>",
    b"&amp;",
    b"&#0;",
    b"88,",
    b"16,",
    b"RC",
    b"=cmd()",
    b"20261332",
    b"000000",
    b"A" * 300,
)
COPIES_MAX: Final = 40
"""How often a piece is repeated: enough to pass every small limit, and quick to read."""

_NUMBERS: Final = re.compile(rb"[0-9]+")
_FIELDS: Final = re.compile(rb"[,;|<>:/=\"\t]")

Mutation = Callable[[random.Random, bytes], bytes]


def _lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True) or [b""]


def drop_line(chance: random.Random, data: bytes) -> bytes:
    lines = _lines(data)
    del lines[chance.randrange(len(lines))]
    return b"".join(lines)


def repeat_line(chance: random.Random, data: bytes) -> bytes:
    lines = _lines(data)
    place = chance.randrange(len(lines))
    lines[place] *= chance.randint(2, COPIES_MAX)
    return b"".join(lines)


def swap_lines(chance: random.Random, data: bytes) -> bytes:
    lines = _lines(data)
    first, second = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]
    return b"".join(lines)


def cut(chance: random.Random, data: bytes) -> bytes:
    return data[: chance.randrange(len(data) + 1)]


def cut_out(chance: random.Random, data: bytes) -> bytes:
    start = chance.randrange(len(data) + 1)
    return data[:start] + data[start + chance.randint(1, 60) :]


def repeat_piece(chance: random.Random, data: bytes) -> bytes:
    start = chance.randrange(len(data) + 1)
    piece = data[start : start + chance.randint(1, 200)]
    return data[:start] + piece * chance.randint(2, COPIES_MAX) + data[start:]


def flip_bytes(chance: random.Random, data: bytes) -> bytes:
    flipped = bytearray(data)
    for _ in range(chance.randint(1, 4) if flipped else 0):
        flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
    return bytes(flipped)


def change_number(chance: random.Random, data: bytes) -> bytes:
    numbers = list(_NUMBERS.finditer(data))
    if not numbers:
        return data
    found = chance.choice(numbers)
    value = int(found[0][:40])
    changed = chance.choice((value + 1, max(value - 1, 0), value * 10, 0, 10 ** (len(found[0]) + 1) - 1))
    text = str(changed).encode()
    return data[: found.start()] + chance.choice((text, text.zfill(len(found[0])))) + data[found.end() :]


def put_token(chance: random.Random, data: bytes) -> bytes:
    marks = [found.end() for found in _FIELDS.finditer(data)] or [0]
    place = chance.choice((chance.choice(marks), chance.randrange(len(data) + 1)))
    return data[:place] + chance.choice(TOKENS) + data[place:]


def replace_field(chance: random.Random, data: bytes) -> bytes:
    marks = [found.start() for found in _FIELDS.finditer(data)]
    if len(marks) < 2:
        return data
    place = chance.randrange(len(marks) - 1)
    return data[: marks[place] + 1] + chance.choice(TOKENS) + data[marks[place + 1] :]


def change_line_ends(chance: random.Random, data: bytes) -> bytes:
    ends = chance.choice((b"\r", b"\r\n", b"", b"\n\r"))
    return data.replace(b"\r\n", b"\n").replace(b"\n", ends)


def mix_line_ends(chance: random.Random, data: bytes) -> bytes:
    return b"".join(line.rstrip(b"\r\n") + chance.choice((b"\r", b"\n", b"\r\n")) for line in _lines(data))


MUTATIONS: Final[tuple[Mutation, ...]] = (
    drop_line,
    repeat_line,
    swap_lines,
    cut,
    cut_out,
    repeat_piece,
    flip_bytes,
    change_number,
    change_number,
    put_token,
    replace_field,
    change_line_ends,
    mix_line_ends,
)
MUTATIONS_PER_FILE_MAX: Final = 4


def mutate(chance: random.Random, data: bytes, others: list[bytes]) -> bytes:
    """A file with one to some faults; now and then with a piece of another file behind it or inside."""
    if others and chance.random() < 0.05:
        other = chance.choice(others)
        place = chance.choice((len(data), chance.randrange(len(data) + 1)))
        data = data[:place] + other + data[place:]
    for _ in range(chance.randint(1, MUTATIONS_PER_FILE_MAX)):
        data = chance.choice(MUTATIONS)(chance, data)
    return data
