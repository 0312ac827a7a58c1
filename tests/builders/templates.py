"""The CloudFormation templates of an environment, synthesised in process and without building the layers."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from aws_cdk.assertions import Template

from infra.app import add_stacks, create_app
from infra.environments import Environment
from tests.builders.shared_folders import make_once

STACKS = ("data", "service", "monitoring")


@dataclass(frozen=True)
class Assembly:
    """What one synthesis wrote: the templates by stack (`data`, `service`, `monitoring`) and the rule packs' report."""

    templates: Mapping[str, Template]
    report: dict[str, Any]
    manifest: dict[str, Any]


@cache
def synthesize_assembly(environment: Environment) -> Assembly:
    """Synthesise an environment once a run. Raises `RuntimeError` where a rule pack finds something."""

    def synthesize_into(folder: Path) -> None:
        app = create_app(outdir=str(folder), context={"aws:cdk:bundling-stacks": []})
        add_stacks(app, environment)
        app.synth()

    digest = hashlib.sha256(repr(environment).encode()).hexdigest()
    folder = make_once(f"{environment.name}-{digest}", synthesize_into)
    return Assembly(
        templates={
            stack: Template.from_json(_read_json(folder / f"Pawledger{stack.title()}-{environment.name}.template.json"))
            for stack in STACKS
        },
        report=_read_json(folder / "validation-report.json"),
        manifest=_read_json(folder / "manifest.json"),
    )


def synthesize(environment: Environment) -> dict[str, Template]:
    """The templates of an environment by stack: `data`, `service`, `monitoring`."""
    return dict(synthesize_assembly(environment).templates)


def find_resources(template: Template, resource_type: str) -> dict[str, Any]:
    """The resources of one type by logical id, each as the template has it."""
    resources = template.to_json()["Resources"]
    return {logical_id: each for logical_id, each in resources.items() if each["Type"] == resource_type}


def _read_json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content
