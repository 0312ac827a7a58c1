"""The secret of a deployment in memory."""

from dataclasses import dataclass

from pawledger.domain.errors import PawledgerError


@dataclass(slots=True)
class MemoryPayerSecret:
    """Fulfils `PayerSecret`, counts how often it is read, and fails where it is told to."""

    secret: bytes = b"a secret that stands in for one that nobody knows"
    fails_with: PawledgerError | None = None
    read_count: int = 0

    def read(self) -> bytes:
        self.read_count += 1
        if self.fails_with is not None:
            raise self.fails_with
        return self.secret
