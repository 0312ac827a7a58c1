"""Settings, observability and wiring: the only place that reads the environment."""

import gc
from typing import Final

GARBAGE_COLLECTION_THRESHOLD: Final = 100_000
"""How many new objects wait for a collection. A start leaves some 75,000 that stay, and to look through them even once
takes a twentieth of it; at every 700, as Python does by itself, a tenth."""

gc.set_threshold(GARBAGE_COLLECTION_THRESHOLD)
