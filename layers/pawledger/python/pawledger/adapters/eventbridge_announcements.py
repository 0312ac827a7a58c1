"""Announcements on the default event bus of the account and Region, where anybody's rule can take them up."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pawledger.adapters.errors import MessagesNotSentError
from pawledger.domain.canonical import write_canonical
from pawledger.domain.errors import require

SOURCE: Final = "pawledger"
"""What rules match as `source`."""

ENTRIES_MAX: Final = 10
"""Source: PutEvents in the EventBridge API reference: at most ten entries a request."""


class EventBridgeAnnouncements:
    """Fulfils `Announcements`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def announce(self, events: Sequence[Mapping[str, object]]) -> None:
        """See `Announcements.announce`. Raises `MessagesNotSentError` where the bus refused any of them."""
        require(len(events) <= ENTRIES_MAX, f"at most {ENTRIES_MAX} events are announced at once")
        if not events:
            return
        entries = [
            {"Source": SOURCE, "DetailType": event["schema"], "Detail": write_canonical(event)} for event in events
        ]
        answer = self._client.put_events(Entries=entries)
        if answer["FailedEntryCount"]:
            codes = sorted({each["ErrorCode"] for each in answer["Entries"] if "ErrorCode" in each})
            raise MessagesNotSentError(f"the event bus refused {answer['FailedEntryCount']} events: {', '.join(codes)}")
