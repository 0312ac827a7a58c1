"""Named conditions of the stores that are no part of a port: tampering, limits, and AWS being unwilling."""

from pawledger.domain.errors import PawledgerError


class StoreThrottledError(PawledgerError):
    """The store refused a write for lack of capacity, several times; nothing was written, trying later is safe."""


class TooManyItemsError(PawledgerError):
    """A query yields more than it may; the text names the query and the limit."""


class ObjectTooLargeError(PawledgerError):
    """An object in the bucket is larger than what is done with it allows; the text names key, size and limit."""


class MessagesNotSentError(PawledgerError):
    """A queue refused messages, several times; others of the same call are sent, and sending all again is safe."""


class AlertTooLongError(PawledgerError):
    """An alert does not fit into one message of the topic."""


class DocumentInConflictError(PawledgerError):
    """Two calls stored the same document at the same moment; trying again finds what the other one stored."""


class PayerSecretUnreadableError(PawledgerError):
    """The secret under which keys of payers are made is missing, refused or too short; no file is taken in without."""


class WebhookSecretsUnreadableError(PawledgerError):
    """The secrets of webhooks are refused, or not written as they should be; no webhook is taken in without."""


class WebhookInConflictError(PawledgerError):
    """Two calls stored the same webhook at the same moment; the provider sends it again."""


class NotAnIntegerError(PawledgerError):
    """Something else than an `int` was about to be stored as a number; amounts and versions are never fractions."""
