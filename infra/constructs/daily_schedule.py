"""A function that is fired every day, by the clocks of the billing time zone."""

from typing import Final

from aws_cdk import Aws, Duration, TimeZone
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.billing_function import BillingFunction
from infra.environments import DailyTime, Environment

# Scheduler tries again when it cannot hand the event to Lambda. Four hours of trying still end within the working day;
# a later start is a person's decision, and the same day can be run by hand at any time.
RETRY_ATTEMPTS: Final = 20
EVENT_AGE_MAXIMUM: Final = Duration.hours(4)


class DailySchedule(Construct):
    """A schedule without flexible window, with a role that may invoke that one function, retries and dead letters.

    The event carries the scheduled time, not a clock's, so that an event delivered late still bills its own day. It
    may be delivered more than once. It fires once a day, or with `again_minutes` from then on every so many minutes
    until the day ends.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        at: DailyTime,
        again_minutes: int | None = None,
        function: BillingFunction,
        schema: str,
        group: scheduler.IScheduleGroup,
        dead_letter_queue: sqs.IQueue,
    ) -> None:
        super().__init__(scope, construct_id)
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
            ),
            description=f"Lets the schedule invoke {function.definition.name}.",
        )
        function_arn = function.function.function_arn
        role.add_to_policy(iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[function_arn]))
        role.add_to_policy(iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[dead_letter_queue.queue_arn]))
        self.schedule = scheduler.Schedule(
            self,
            "Schedule",
            description=f"Fires {function.definition.name} every day.",
            schedule_group=group,
            schedule=scheduler.ScheduleExpression.cron(
                minute=f"{at.minute}/{again_minutes}" if again_minutes else str(at.minute),
                hour=f"{at.hour}-23" if again_minutes else str(at.hour),
                time_zone=TimeZone.of(environment.billing_time_zone),
            ),
            time_window=scheduler.TimeWindow.off(),
            target=targets.LambdaInvoke(
                function.function,
                # The target would otherwise add a right to every version and alias of the function.
                role=role.without_policy_updates(),
                input=scheduler.ScheduleTargetInput.from_object(
                    {"schema": schema, "scheduled_at": scheduler.ContextAttribute.scheduled_time}
                ),
                dead_letter_queue=dead_letter_queue,
                retry_attempts=RETRY_ATTEMPTS,
                max_event_age=EVENT_AGE_MAXIMUM,
            ),
        )
        # Rights have to stand before the first event, and the group before its schedule, which names it by a plain text
        # that CloudFormation does not see as a reference.
        self.schedule.node.add_dependency(role, group)
