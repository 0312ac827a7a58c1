"""What queues and the alert topic promise, kept by the fakes and by SQS and SNS alike."""

import pytest

from tests.functional.worlds import World


@pytest.mark.parametrize("count", [0, 1, 10, 11, 37])
def test_every_message_arrives_and_is_counted(world: World, count: int) -> None:
    messages = [{"schema": "bill_accounts.v1", "number": number} for number in range(count)]
    assert world.payments_queue.send(messages) == count
    assert sorted(message["number"] for message in world.take_messages()) == list(range(count))


def test_messages_are_taken_from_a_generator_and_keep_their_content(world: World) -> None:
    message = {"schema": "post_payments.v1", "names": ["ä", '"', "\n"], "chunk_number": 1}
    assert world.payments_queue.send(message for _ in range(1)) == 1
    assert world.take_messages() == [message]


def test_an_alert_arrives_with_its_subject(world: World) -> None:
    alert = {"schema": "alert.v1", "what": "0.05 zu viel, Größe €", "amount_minor": 5}
    world.alert_channel.push("Overpayment of 0.05 EUR", alert)
    assert world.take_alerts() == [("Overpayment of 0.05 EUR", alert)]
