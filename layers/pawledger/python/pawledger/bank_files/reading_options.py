"""What a reader has to be told of a file beforehand, because the file itself does not say it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pawledger.bank_files.lockbox.layout import LockboxLayout
    from pawledger.bank_files.mapped_csv.mapping import CsvMapping
    from pawledger.bank_files.webhook_terms import WebhookTerms


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """How files are read whose columns each provider chooses; other formats need none of it."""

    csv_mappings: "tuple[CsvMapping, ...]" = ()
    """Mappings of delimited files, told apart by what stands in the file's first lines."""
    lockbox_layout: "LockboxLayout | None" = None
    """Columns of lockbox records; None for the typical ones."""
    webhook_terms: "WebhookTerms | None" = None
    """What of a provider's webhooks can be posted; None where nothing is known of it, for looking at a body alone."""


NO_OPTIONS: Final = ReadingOptions()
