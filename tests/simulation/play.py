"""Playing seeds: how rough the history of a seed is, and what was found in it."""

from collections import Counter
from dataclasses import dataclass

from tests.simulation.checks import find_violations
from tests.simulation.history import CALM, Disturbance, History
from tests.simulation.scenario import build_scenario, seeded_random


@dataclass(frozen=True, slots=True)
class Played:
    """What happened in the history of a seed, and which promises it broke."""

    seed: int
    violations: list[str]
    happened: Counter[str]


def disturbance_of(seed: int) -> Disturbance:
    """From calm to very rough, and different in kind from seed to seed."""
    chance = seeded_random(seed + 2)
    return Disturbance(
        workers=chance.choice((1, 2, 4, 8)),
        kill=chance.choice((0.0, 0.005, 0.02)),
        throttle=chance.choice((0.0, 0.01, 0.03)),
        lost_answer=chance.choice((0.0, 0.01, 0.03)),
        stale=chance.choice((0.0, 0.3, 0.8)),
        duplicate=chance.choice((0.0, 0.1, 0.3)),
        shuffles=chance.random() < 0.8,
    )


def play_seed(seed: int) -> Played:
    """Play one seed twice, undisturbed and disturbed, and compare."""
    scenario = build_scenario(seed)
    calm = History(scenario, CALM).play()
    rough = History(scenario, disturbance_of(seed)).play()
    found = [f"undisturbed: {violation}" for violation in find_violations(calm, calm)]
    return Played(seed, found + find_violations(rough, calm), rough.happened)
