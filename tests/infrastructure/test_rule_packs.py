"""The rule packs find nothing, and would find something if there were something."""

import dataclasses
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from infra.app import add_stacks, create_app
from infra.environments import LOCAL, PRODUCTION, Environment
from tests.builders.templates import synthesize_assembly

OPEN = dataclasses.replace(PRODUCTION, name="open", has_webhook_url=True)


@pytest.mark.parametrize("environment", [PRODUCTION, LOCAL, OPEN], ids=lambda each: each.name)
def test_an_environment_has_no_finding_that_is_not_acknowledged(environment: Environment) -> None:
    report = synthesize_assembly(environment).report
    assert report["title"] == "Validation Report"
    assert [each for each in report["pluginReports"] if each.get("violations")] == []


def test_both_packs_see_every_queue_bucket_and_function(tmp_path: Path) -> None:
    # The local relaxations without their acknowledgements: as many findings as there are resources they stand on.
    unacknowledged = dataclasses.replace(LOCAL, python_version="3.12", acknowledged_findings=())
    app = create_app(outdir=str(tmp_path), context={"aws:cdk:bundling-stacks": []})
    add_stacks(app, unacknowledged)
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    assert count_findings(json.loads((tmp_path / "validation-report.json").read_text())) == {
        ("AwsSolutions", "AwsSolutions-SQS4"): 13,
        ("AwsSolutions", "AwsSolutions-S10"): 4,  # one of them is a policy that lacks the rule
        ("AwsSolutions", "AwsSolutions-L1"): 10,
        ("Serverless", "Serverless-LambdaLatestVersion"): 10,
    }


def count_findings(report: dict[str, Any]) -> dict[tuple[str, str], int]:
    """How many constructs each rule of each pack was violated by."""
    counts: Counter[tuple[str, str]] = Counter()
    for pack in report["pluginReports"]:
        for violation in pack["violations"]:
            counts[pack["pluginName"], violation["ruleName"]] += len(violation["violatingConstructs"])
    return dict(counts)
