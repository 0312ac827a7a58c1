"""The alert topic."""

from collections.abc import Mapping
from typing import Any, Final

from pawledger.adapters.errors import AlertTooLongError
from pawledger.domain.canonical import write_canonical

SUBJECT_LENGTH_MAX: Final = 99
"""Source: Publish in the SNS API reference: a subject is ASCII without line breaks, shorter than 100 characters."""

ALERT_BYTES_MAX: Final = 256 * 1024
"""Source: the same page, for a whole message."""


class SnsAlertChannel:
    """Fulfils `AlertChannel`."""

    def __init__(self, client: Any, topic_arn: str) -> None:
        self._client = client
        self._topic_arn = topic_arn

    def push(self, subject: str, alert: Mapping[str, object]) -> None:
        """See `AlertChannel.push`. Raises `AlertTooLongError` beyond `ALERT_BYTES_MAX`."""
        message = write_canonical(alert)
        if len(message) > ALERT_BYTES_MAX:
            raise AlertTooLongError(f"an alert of {len(message)} bytes is beyond {ALERT_BYTES_MAX}")
        self._client.publish(TopicArn=self._topic_arn, Subject=subject_line(subject), Message=message)


def subject_line(subject: str) -> str:
    """A subject as the topic takes it: what it refuses becomes a question mark, what is too long is cut."""
    return "".join(sign if " " <= sign <= "~" else "?" for sign in subject)[:SUBJECT_LENGTH_MAX]
