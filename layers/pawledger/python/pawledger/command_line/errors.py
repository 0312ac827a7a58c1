"""Named conditions of the command line: what a person asked for is not there."""

from pawledger.domain.errors import PawledgerError


class AccountNotFoundError(PawledgerError):
    """No account of that id has a ledger."""


class PaymentNotFoundError(PawledgerError):
    """No payment of that id stands in the ledger that was looked at; the text says which, and what to do."""


class PaymentSharedError(PawledgerError):
    """A payment was for several accounts, each of which laid out its own part; the text names them."""


class DiscrepancyNotFoundError(PawledgerError):
    """No discrepancy of that id is recorded."""


class BankFileNotFoundError(PawledgerError):
    """No bank file has that id, or an id that begins so."""


class BankFileAmbiguousError(PawledgerError):
    """Several bank files have ids that begin so; the text names them."""


class JurisdictionNotFoundError(PawledgerError):
    """There are no billing rules of a jurisdiction; the text names those that have some."""


class CloseExistsError(PawledgerError):
    """A close is to be written where something is already; the text names the folder."""


class ParquetMissingError(PawledgerError):
    """The library that writes Parquet files is not installed."""


class FolderNotWritableError(PawledgerError):
    """A folder or a file in it cannot be written; the text names it and says why."""


class RunMissingError(PawledgerError):
    """There is no bill run of that day."""


class ShareUnreadableError(PawledgerError):
    """A share of a payment is not written as ACCOUNT=AMOUNT, or names no account."""


class EventFileError(PawledgerError):
    """The file with the event to be previewed cannot be read, or is no JSON."""


class ReturnReasonNotFoundError(PawledgerError):
    """No table of reasons has this code."""
