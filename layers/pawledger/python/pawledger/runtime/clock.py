"""The business day of a message: when it was sent, never when it happens to be handled."""

from datetime import UTC, date, datetime

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from pawledger.domain.calendar import business_date_of


def day_of_message(record: SQSRecord, time_zone: str) -> date:
    """The day in the time zone on which a queue message was sent: the same at every delivery."""
    sent_at_milliseconds = int(record.attributes.sent_timestamp)
    return business_date_of(datetime.fromtimestamp(sent_at_milliseconds / 1000, UTC), time_zone)
