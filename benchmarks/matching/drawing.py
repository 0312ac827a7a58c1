"""Drawing by weight."""

import random
from collections.abc import Mapping
from typing import TypeVar

Choice = TypeVar("Choice")


def draw(chance: random.Random, weights: Mapping[Choice, int]) -> Choice:
    """One of the keys, as often as its weight says."""
    (drawn,) = chance.choices(list(weights), weights=list(weights.values()))
    return drawn
