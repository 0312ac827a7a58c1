"""The contracts of documents: what is written keeps its schema, and the samples are what is written."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from pawledger.adapters.typesetting.typst_documents import TypstTypesetter
from pawledger.domain.books.entries import Entry, entry_from_json
from pawledger.rules.creditors import creditor_of
from pawledger.services.documents.account_documents import invoice_json, statement_json_of_invoice
from pawledger.services.documents.write_documents import DocumentPorts, write_documents
from tests.builders.documents import AccountStory, StoryArchive
from tests.fakes.documents import MemoryAnnouncements, MemoryDocumentStore, PlainTypesetter

EVENTS: Final = Path(__file__).resolve().parents[2] / "events"
ACCOUNT_ID: Final = "MILO0042"


def load(*parts: str) -> Any:
    return json.loads(EVENTS.joinpath(*parts).read_text(encoding="utf-8"))


def faults_of(message: Mapping[str, Any]) -> list[str]:
    schema = load("schemas", f"{message['schema']}.json")
    validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return [error.message for error in validator.iter_errors(message)]


@pytest.fixture
def entries() -> list[Entry]:
    """The entries of the sample of the change stream, which must be a ledger."""
    records = load("samples", "aws_events", "dynamodb_stream_entries.json")["Records"]
    return [entry_from_json(json.loads(record["dynamodb"]["NewImage"]["body"]["S"])) for record in records]


def test_the_sample_of_the_stream_gives_the_samples_of_the_documents_and_their_events(entries: list[Entry]) -> None:
    announcements, store = MemoryAnnouncements(), MemoryDocumentStore(place="pawledger-documents")
    story = AccountStory(account_id=ACCOUNT_ID, entries=entries)
    ports = DocumentPorts(StoryArchive([story]), PlainTypesetter(), store, announcements, creditor_of)

    write_documents(ACCOUNT_ID, entries[-1].entry_id, ports)

    assert invoice_json(entries, entries[-1], creditor_of) == load(
        "samples", "invoice_document.v1", "good_two_policies.json"
    )
    assert statement_json_of_invoice(entries, entries[-1], creditor_of) == load(
        "samples", "statement_document.v1", "good_with_an_invoice.json"
    )
    assert announcements.announced == [
        load("samples", "document_written.v1", "good_invoice.json"),
        load("samples", "document_written.v1", "good_statement.json"),
    ]


def test_what_is_written_keeps_its_schema(entries: list[Entry]) -> None:
    announcements = MemoryAnnouncements()
    story = AccountStory(account_id=ACCOUNT_ID, entries=entries)
    store = MemoryDocumentStore()
    ports = DocumentPorts(StoryArchive([story]), PlainTypesetter(), store, announcements, creditor_of)

    write_documents(ACCOUNT_ID, entries[-1].entry_id, ports)

    written = [json.loads(data) for key, data in store.objects.items() if key.endswith(".json")]
    assert [fault for message in (*announcements.announced, *written) for fault in faults_of(message)] == []


@pytest.mark.parametrize("schema", ["invoice_document.v1", "statement_document.v1"])
def test_good_samples_can_be_typeset(schema: str) -> None:
    samples = sorted((EVENTS / "samples" / schema).glob("good_*.json"))
    assert samples
    for sample in samples:
        assert TypstTypesetter().typeset(json.loads(sample.read_text())).startswith(b"%PDF-1.7")


@pytest.mark.parametrize(
    ("schema", "sample"),
    [("invoice_document.v1", "good_two_policies.json"), ("statement_document.v1", "good_with_an_invoice.json")],
)
def test_schemas_name_exactly_what_documents_hold(schema: str, sample: str) -> None:
    assert list(load("schemas", f"{schema}.json")["properties"]) == list(load("samples", schema, sample))
