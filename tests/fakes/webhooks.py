"""What receiving a webhook touches, in memory."""

from dataclasses import dataclass, field

from pawledger.domain.errors import PawledgerError
from pawledger.ports import ProviderSecrets


@dataclass(slots=True)
class MemoryWebhookSecrets:
    """Fulfils `WebhookSecrets`."""

    by_provider: dict[str, ProviderSecrets] = field(default_factory=dict)

    def read(self) -> dict[str, ProviderSecrets]:
        return dict(self.by_provider)


@dataclass(slots=True)
class MemoryWebhookStore:
    """Fulfils `WebhookStore`, and fails where it is told to."""

    objects: dict[str, bytes] = field(default_factory=dict)
    fails_with: PawledgerError | None = None

    def keep(self, key: str, data: bytes) -> bool:
        if self.fails_with is not None:
            raise self.fails_with
        is_new = key not in self.objects
        self.objects.setdefault(key, data)
        return is_new
