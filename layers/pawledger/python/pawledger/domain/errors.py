"""The root of every error that Pawledger raises on purpose, and the guard for its invariants."""


class PawledgerError(Exception):
    """Root of all named conditions; each condition has its own subclass and a sentence a person can act on."""


class InvariantError(PawledgerError):
    """A promise of the code itself was broken: always a bug, never bad input."""


def require(condition: bool, promise: str) -> None:
    """Raise `InvariantError` naming the broken promise; unlike `assert` it also holds under `python -O`."""
    if not condition:
        raise InvariantError(promise)
