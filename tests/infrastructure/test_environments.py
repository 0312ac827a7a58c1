"""Production is strict, the local cloud is relaxed only where it must be, and nothing else exists."""

from collections.abc import Mapping

import pytest
from aws_cdk.assertions import Template

from infra.app import choose_environment, create_app
from infra.environments import LOCAL, PRODUCTION, find_environment
from infra.errors import UnknownEnvironmentError
from tests.builders.templates import find_resources


def test_production_is_what_is_deployed_when_nothing_is_said() -> None:
    assert choose_environment(create_app()) == PRODUCTION


def test_context_chooses_the_environment_and_who_is_told() -> None:
    app = create_app(context={"environment": "local", "alarm_email": "operations@example.com"})
    chosen = choose_environment(app)
    assert (chosen.name, chosen.alarm_email, chosen.alert_email) == ("local", "operations@example.com", None)


def test_an_unknown_environment_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownEnvironmentError, match=r"no environment 'staging'; choose one of: local, production"):
        find_environment("staging")


def test_the_local_cloud_has_the_same_resources_as_production(
    production: Mapping[str, Template], local: Mapping[str, Template]
) -> None:
    # The policies that demand TLS are all that is missing; those of the topics and the bucket have more to say.
    policies = {"AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::S3::BucketPolicy"}
    for stack in ("data", "service", "monitoring"):
        kinds = [
            sorted(
                (each["Type"], logical_id.rstrip("0123456789ABCDEF"))
                for logical_id, each in template[stack].to_json()["Resources"].items()
                if each["Type"] not in policies
            )
            for template in (production, local)
        ]
        assert len(kinds[0]) > 5
        # A logical id ends with a hash, and some are named after the stack.
        assert [(kind, name.replace("production", "local")) for kind, name in kinds[0]] == kinds[1]


def test_the_local_cloud_gives_up_a_message_after_two_minutes(local: Mapping[str, Template]) -> None:
    queues = [
        each["Properties"]
        for each in find_resources(local["service"], "AWS::SQS::Queue").values()
        if "RedrivePolicy" in each["Properties"]
    ]
    waits = [each["VisibilityTimeout"] * each["RedrivePolicy"]["maxReceiveCount"] for each in queues]
    assert waits == [120, 120, 120, 120]


def test_local_functions_run_on_the_interpreter_that_synthesises(local: Mapping[str, Template]) -> None:
    runtimes = {
        each["Properties"]["Runtime"] for each in find_resources(local["service"], "AWS::Lambda::Function").values()
    }
    assert runtimes == {f"python{LOCAL.python_version}"}
