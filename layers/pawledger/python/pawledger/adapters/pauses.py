"""Waiting between attempts, so that writers who met once do not meet again."""

import random
import time
from typing import Final

FIRST_PAUSE_SECONDS: Final = 0.02
"""About as long as one transaction takes."""

LONGEST_PAUSE_SECONDS: Final = 1.0
"""Twelve attempts then wait seven seconds at the very most, inside every function's timeout."""


class JitteredPause:
    """Fulfils `Pause`: full jitter under a limit that doubles with every attempt."""

    def __init__(self) -> None:
        self._random = random.SystemRandom()

    def wait(self, attempt: int) -> None:
        time.sleep(self._random.uniform(0, limit_seconds(attempt)))


def limit_seconds(attempt: int) -> float:
    """The longest wait after an attempt, counted from 0: 20 ms, 40 ms, 80 ms, ... up to `LONGEST_PAUSE_SECONDS`."""
    doublings = min(attempt, 10)
    return min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0**doublings)
