import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from local_cloud import errors
from local_cloud.deployment import archive_folder, read_stacks


def write_assembly(folder: Path, artifacts: dict[str, Any]) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts}), encoding="utf-8")
    return folder


def stack(*dependencies: str, **properties: str) -> dict[str, Any]:
    return {
        "type": "aws:cloudformation:stack",
        "properties": {"stackTemplateAssetObjectUrl": "s3://assets/template.json", **properties},
        "dependencies": list(dependencies),
    }


def test_stacks_come_after_those_they_depend_on(tmp_path: Path) -> None:
    artifacts = {
        "Monitoring": stack("Service", "Data"),
        "Service": stack("Service.assets", "Data"),
        "Service.assets": {"type": "cdk:asset-manifest", "properties": {}},
        "Data": stack(),
    }
    names = [each.name for each, _ in read_stacks(write_assembly(tmp_path, artifacts))]
    assert names == ["Data", "Service", "Monitoring"]


def test_a_stack_carries_its_own_name_and_its_bootstrap_parameter(tmp_path: Path) -> None:
    artifacts = {"Data": stack(stackName="PawledgerData-local", bootstrapStackVersionSsmParameter="/bootstrap/version")}
    [(read, parameter)] = read_stacks(write_assembly(tmp_path, artifacts))
    assert read.name == "PawledgerData-local"
    assert read.assets == tmp_path / "Data.assets.json"
    assert parameter == "/bootstrap/version"


def test_a_folder_without_a_manifest_asks_for_synthesis(tmp_path: Path) -> None:
    with pytest.raises(errors.AssemblyError, match="synthesise"):
        list(read_stacks(tmp_path))


def test_an_archive_depends_on_names_and_content_alone(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder, names in ((first, ("a.py", "b.py")), (second, ("b.py", "a.py"))):
        (folder / "package").mkdir(parents=True)
        for name in names:
            (folder / "package" / name).write_text(name, encoding="utf-8")
    os.utime(second / "package" / "a.py", (0, 0))
    assert archive_folder(first) == archive_folder(second)
    (second / "package" / "a.py").write_text("other", encoding="utf-8")
    assert archive_folder(first) != archive_folder(second)


def test_an_archive_keeps_paths_and_the_right_to_execute(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "tool").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "bin" / "tool").chmod(0o755)
    with zipfile.ZipFile(io.BytesIO(archive_folder(tmp_path))) as archive:
        [entry] = archive.infolist()
    assert entry.filename == "bin/tool"
    assert entry.external_attr >> 16 == 0o755
