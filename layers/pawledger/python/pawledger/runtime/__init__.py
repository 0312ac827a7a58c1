"""Settings, observability and wiring: the only place that reads the environment."""

import gc
from typing import Final

GARBAGE_COLLECTION_THRESHOLD: Final = 50_000
"""How many new objects wait for a collection. A start makes some hundred thousand, nearly all of which stay: looking
through them at every 700, as Python does by itself, is a tenth of a cold start."""

gc.set_threshold(GARBAGE_COLLECTION_THRESHOLD)
