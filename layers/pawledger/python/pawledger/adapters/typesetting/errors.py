"""Named conditions of typesetting."""

from pawledger.domain.errors import PawledgerError


class DocumentNotTypesetError(PawledgerError):
    """A document could not be set as a PDF; the text names it and what the typesetter said."""
