"""The dependencies layer is built from its lock alone, holds what Lambda loads, and stays small."""

import dataclasses
import json
import re
from pathlib import Path

import pytest

from infra.constructs.layers import (
    KEPT_SERVICES,
    LAYERS_FOLDER,
    hash_dependencies,
    install_dependencies,
    remove_unused_endpoints,
    remove_unused_files,
    require_size_within_budget,
)
from infra.environments import PRODUCTION
from infra.errors import DependencyInstallError, DependencyLayerTooLargeError

LOCK = LAYERS_FOLDER / "dependencies" / "requirements.txt"
DOCUMENTS_LOCK = LAYERS_FOLDER / "documents" / "requirements.txt"


def write_file(path: Path, size_bytes: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size_bytes)
    return path


def test_every_requirement_of_the_lock_is_pinned_and_hashed_and_names_no_address() -> None:
    text = LOCK.read_text()
    requirements = [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    names = [re.match(r"([a-z0-9-]+)==[0-9][0-9a-z.]* .*--hash=sha256:[0-9a-f]{64}", each) for each in requirements]
    assert all(names)
    assert {"aws-lambda-powertools", "pynamodb", "botocore", "tzdata"} <= {each.group(1) for each in names if each}
    assert "://" not in text
    assert "boto3" not in text


def test_what_lambda_never_loads_is_removed_and_the_rest_stays(tmp_path: Path) -> None:
    kept = [
        write_file(tmp_path / "botocore" / "data" / "dynamodb" / "2012-08-10" / "service-2.json.gz"),
        write_file(tmp_path / "botocore" / "data" / "endpoints.json"),
        write_file(tmp_path / "pynamodb" / "models.py"),
        write_file(tmp_path / "testsuite_helpers" / "module.py"),
        write_file(tmp_path / "holidays" / "countries" / "germany.py"),
    ]
    removed = [
        write_file(tmp_path / "botocore" / "data" / "ec2" / "2016-11-15" / "service-2.json.gz"),
        write_file(tmp_path / "pynamodb" / "__pycache__" / "models.cpython-314.pyc"),
        write_file(tmp_path / "six" / "tests" / "test_six.py"),
        write_file(tmp_path / "bin" / "jp.py"),
        write_file(tmp_path / "holidays" / "locale" / "th" / "LC_MESSAGES" / "DE.mo"),
    ]
    remove_unused_files(tmp_path)
    assert [path.exists() for path in kept] == [True] * 5
    assert [path.exists() for path in removed] == [False] * 5


def test_addresses_are_kept_of_kept_services_alone_in_every_partition(tmp_path: Path) -> None:
    path = tmp_path / "botocore" / "data" / "endpoints.json"
    path.parent.mkdir(parents=True)
    queues = {"endpoints": {"us-east-1": {"sslCommonName": "queue.amazonaws.com"}}}
    regions = {"us-east-1": {"description": "US East (N. Virginia)"}}
    partitions = [
        {"partition": "aws", "regions": regions, "services": {"ec2": {"endpoints": {}}, "sqs": queues}},
        {"partition": "aws-cn", "regions": {}, "services": {"ec2": {"endpoints": {}}}},
    ]
    path.write_text(json.dumps({"partitions": partitions, "version": 3}))
    remove_unused_endpoints(tmp_path)
    assert json.loads(path.read_text()) == {
        "partitions": [
            {"partition": "aws", "regions": regions, "services": {"sqs": queues}},
            {"partition": "aws-cn", "regions": {}, "services": {}},
        ],
        "version": 3,
    }


def test_a_layer_without_botocore_has_no_addresses_to_remove(tmp_path: Path) -> None:
    remove_unused_endpoints(tmp_path)
    assert not list(tmp_path.iterdir())


def test_every_service_that_a_function_makes_a_client_for_is_kept() -> None:
    wiring = LAYERS_FOLDER / "pawledger" / "python" / "pawledger" / "runtime" / "wiring.py"
    called = set(re.findall(r'make_client\("([a-z0-9-]+)"', wiring.read_text()))
    assert {"s3", "secretsmanager", "sqs"} <= called <= KEPT_SERVICES


def test_a_layer_over_its_budget_is_refused_with_its_heaviest_packages(tmp_path: Path) -> None:
    write_file(tmp_path / "heavy" / "module.py", 900)
    write_file(tmp_path / "light" / "module.py", 100)
    require_size_within_budget(tmp_path, 1_000)
    with pytest.raises(DependencyLayerTooLargeError, match=r"1,000 bytes, over its budget of 999; heaviest: heavy 900"):
        require_size_within_budget(tmp_path, 999)


def test_a_requirement_without_a_hash_is_refused_by_name(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("six==1.17.0\n")
    with pytest.raises(
        DependencyInstallError, match=r"(?s)uv could not install requirements\.txt: .*must have a hash.*six==1\.17\.0"
    ):
        install_dependencies(lock, tmp_path / "python", PRODUCTION)


def test_the_layer_is_rebuilt_for_another_lock_python_or_platform_and_for_nothing_else(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("six==1.17.0\n")
    first = hash_dependencies(lock, PRODUCTION)
    assert hash_dependencies(lock, dataclasses.replace(PRODUCTION, alarm_email="operations@example.com")) == first
    others = [
        hash_dependencies(lock, dataclasses.replace(PRODUCTION, python_version="3.13")),
        hash_dependencies(lock, dataclasses.replace(PRODUCTION, dependency_platform="x86_64-manylinux_2_28")),
        hash_dependencies(LOCK, PRODUCTION),
    ]
    assert len({first, *others}) == 4


def test_the_layer_of_documents_holds_the_typesetter_and_the_code_maker_alone() -> None:
    text = DOCUMENTS_LOCK.read_text()
    assert re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE) == ["segno", "typst"]
    assert hash_dependencies(DOCUMENTS_LOCK, PRODUCTION) != hash_dependencies(LOCK, PRODUCTION)
