"""Showing the steps of a demonstration as they go."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def show_step(what: str) -> Iterator[None]:
    """Say what is being done, and afterwards how long it took."""
    print(f"* {what} ...", end="", flush=True)
    started = time.monotonic()
    yield
    print(f" done in {time.monotonic() - started:.1f} s", flush=True)
