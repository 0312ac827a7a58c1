"""Reading EventBridge's word that an object was created in the bank file bucket."""

from datetime import datetime

from pawledger.domain.calendar import business_date_of
from pawledger.services.messages import MessageReader, MessageRefusedError
from pawledger.services.receiving.file_findings import DroppedFile

OBJECT_CREATED = "aws.s3 Object Created"


def read_dropped_file(message: object, time_zone: str) -> DroppedFile:
    """The dropped file that an EventBridge `Object Created` event tells of.

    EventBridge gives keys as they are, not URL-encoded as S3's own notifications do; a key is taken literally.

    Raises `MessageRefusedError`.
    """
    if not isinstance(message, dict) or not isinstance(message.get("detail"), dict):
        raise MessageRefusedError(f"{OBJECT_CREATED}: the message is not an EventBridge event")
    detail = MessageReader(OBJECT_CREATED, message["detail"])
    described = detail.fields.get("object")
    if not isinstance(described, dict):
        raise MessageRefusedError(f"{OBJECT_CREATED}: field detail.object is missing")
    dropped = MessageReader(OBJECT_CREATED, described, "detail.object.")
    happened_at: datetime = MessageReader(OBJECT_CREATED, message).instant("time")
    return DroppedFile(
        key=dropped.text("key"),
        version_id=dropped.optional_text("version-id"),
        received_on=business_date_of(happened_at, time_zone),
        received_at=happened_at,
    )
