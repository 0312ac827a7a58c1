"""How references and names look on a bank statement."""

import random
from typing import Final

from benchmarks.matching.drawing import draw
from benchmarks.matching.names import Name

WORDS: Final = (
    "insurance premium", "pet insurance", "Beitrag", "Versicherung Hund", "assurance chat", "invoice", "Rechnung",
    "policy", "Luna", "Bella", "Max", "thank you", "November", "11/2026", "monthly", "DANKE", "Kd-Nr 48213",
    "Tel 0171 5550199", "2 dogs", "EREF+NOTPROVIDED", "payment", "SVWZ+", "fuer den Hund", "Bank ref 20261126", "cover",
)  # fmt: skip
"""What stands beside a reference. Some of it has digits, which a reader must not take for one."""

PARTNERS: Final = ("Anna", "Belra", "Jola", "Kamir", "Leto", "Nisin", "Rona", "Tira")
"""Given names of people who share a bank account with a payer, and whose own payments nobody has seen."""

STYLES: Final = {
    "plain": 50,
    "grouped": 24,
    "lower": 12,
    "lower grouped": 3,
    "in brackets": 3,
    "glued": 2,
    "hyphens": 3,
    "wrapped": 3,
}
"""How a reference is written into a text, and how many of a hundred do so; `wrapped` is a bank that breaks lines."""


def write_style(reference: str, style: str, chance: random.Random) -> str:
    """A reference in one of the styles."""
    grouped = [reference[start : start + 4] for start in range(0, len(reference), 4)]
    if style == "wrapped":
        place = chance.randrange(1, len(reference))
        return f"{reference[:place]} {reference[place:]}"
    return {
        "plain": reference,
        "grouped": " ".join(grouped),
        "lower": reference.lower(),
        "lower grouped": " ".join(grouped).lower(),
        "in brackets": f"({reference}).",
        "glued": f"REF:{reference}/",
        "hyphens": "-".join(grouped),
    }[style]


def write_text(chance: random.Random, *references: str) -> str:
    """References among other words, each in the same style."""
    style = draw(chance, STYLES)
    written = [write_style(reference, style, chance) for reference in references]
    words = chance.sample(WORDS, chance.choice((0, 0, 1, 1, 2, 3)))
    before = chance.randint(0, len(words))
    separator = chance.choice((" ", ", ", " + ", " and ")) if len(written) > 1 else ""
    return " ".join((*words[:before], separator.join(written), *words[before:]))


def write_words(chance: random.Random) -> str:
    """A text without any reference, sometimes empty."""
    return " ".join(chance.sample(WORDS, chance.choice((0, 1, 1, 2, 3))))


def write_name(name: Name, chance: random.Random) -> str:
    """A name as banks pass it on."""
    return chance.choice(
        (
            str(name),
            str(name),
            f"{name.surname} {name.given}".upper(),
            f"Dr {name}",
            f"{name.given} & {chance.choice(PARTNERS)} {name.surname}",
        )
    )
