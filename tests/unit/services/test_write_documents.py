"""Documents are stored once, say the same in both forms, and are announced until they are told."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from pawledger.domain.billing.documents import NotAnInvoiceError
from pawledger.domain.matching.creditors import Creditor
from pawledger.rules.creditors import CreditorMissingError
from pawledger.services.documents.write_documents import DocumentPorts, write_documents
from tests.builders.documents import ACCOUNT_ID, AccountStory, StoryArchive, build_creditor
from tests.fakes.documents import MemoryAnnouncements, MemoryDocumentStore, PlainTypesetter

INVOICE = f"invoices/{ACCOUNT_ID}/{ACCOUNT_ID}-0001"
STATEMENT = f"statements/{ACCOUNT_ID}/000002"
KEYS = {f"{INVOICE}.json", f"{INVOICE}.pdf", f"{STATEMENT}.json", f"{STATEMENT}.pdf"}


class KilledError(Exception):
    """The process ends here."""


@pytest.fixture
def story() -> AccountStory:
    story = AccountStory()
    story.open()
    story.invoice(date(2026, 1, 5), [("premium", 25_00), ("tax:ipt", 5_00)])
    return story


def connect(story: AccountStory, **changes: Any) -> DocumentPorts:
    ports: dict[str, Any] = {
        "archive": StoryArchive([story]),
        "typesetter": PlainTypesetter(),
        "store": MemoryDocumentStore(),
        "announcements": MemoryAnnouncements(),
        "creditor_of": build_creditor,
    }
    return DocumentPorts(**{**ports, **changes})


def invoice_of(story: AccountStory) -> str:
    return next(entry.entry_id for entry in story.entries if entry.decision.invoice_number)


def test_an_invoice_and_its_statement_are_stored_in_both_forms_and_announced(story: AccountStory) -> None:
    store, announcements = MemoryDocumentStore(), MemoryAnnouncements()

    written_count = write_documents(
        ACCOUNT_ID, invoice_of(story), connect(story, store=store, announcements=announcements)
    )

    assert written_count == 2
    assert set(store.objects) == KEYS
    assert {key: store.media_types[key] for key in store.objects} == {
        key: "application/pdf" if key.endswith(".pdf") else "application/json" for key in KEYS
    }
    assert announcements.announced == [
        {
            "schema": "document_written.v1",
            "document_id": INVOICE,
            "kind": "invoice",
            "account_id": ACCOUNT_ID,
            "invoice_id": f"{ACCOUNT_ID}-0001",
            "currency": "EUR",
            "amount_minor": 30_00,
            "day": "2026-01-05",
            "due_on": "2026-01-19",
            "bucket": "test-documents",
            "json_key": f"{INVOICE}.json",
            "json_sha256": hashlib.sha256(store.objects[f"{INVOICE}.json"]).hexdigest(),
            "pdf_key": f"{INVOICE}.pdf",
            "pdf_sha256": hashlib.sha256(store.objects[f"{INVOICE}.pdf"]).hexdigest(),
        },
        {
            "schema": "document_written.v1",
            "document_id": STATEMENT,
            "kind": "statement",
            "account_id": ACCOUNT_ID,
            "invoice_id": None,
            "currency": "EUR",
            "amount_minor": 30_00,
            "day": "2026-01-05",
            "due_on": None,
            "bucket": "test-documents",
            "json_key": f"{STATEMENT}.json",
            "json_sha256": hashlib.sha256(store.objects[f"{STATEMENT}.json"]).hexdigest(),
            "pdf_key": f"{STATEMENT}.pdf",
            "pdf_sha256": hashlib.sha256(store.objects[f"{STATEMENT}.pdf"]).hexdigest(),
        },
    ]


def test_a_repetition_stores_nothing_and_announces_the_same_event(story: AccountStory) -> None:
    store, announcements = MemoryDocumentStore(), MemoryAnnouncements()
    ports = connect(story, store=store, announcements=announcements)
    write_documents(ACCOUNT_ID, invoice_of(story), ports)
    stored = dict(store.objects)
    story.pay(date(2026, 1, 6), 30_00)

    assert write_documents(ACCOUNT_ID, invoice_of(story), ports) == 0

    assert (store.objects, store.put_count) == (stored, 4)
    assert announcements.announced[2:] == announcements.announced[:2]


def test_what_is_stored_is_announced_and_not_what_a_later_version_would_make(story: AccountStory) -> None:
    store, announcements = MemoryDocumentStore(), MemoryAnnouncements()
    write_documents(ACCOUNT_ID, invoice_of(story), connect(story, store=store, announcements=announcements))

    later = connect(
        story,
        store=store,
        announcements=announcements,
        typesetter=PlainTypesetter("second"),
        creditor_of=lambda currency: build_creditor(currency, name="Another Insurance"),
    )
    write_documents(ACCOUNT_ID, invoice_of(story), later)

    assert announcements.announced[2:] == announcements.announced[:2]


def test_a_pdf_is_set_of_the_json_that_is_stored_beside_it(story: AccountStory) -> None:
    class DyingTypesetter(PlainTypesetter):
        def typeset(self, document: Mapping[str, object]) -> bytes:
            raise KilledError

    store = MemoryDocumentStore()
    with pytest.raises(KilledError):
        write_documents(ACCOUNT_ID, invoice_of(story), connect(story, store=store, typesetter=DyingTypesetter()))
    assert set(store.objects) == {f"{INVOICE}.json"}

    def replaced_creditor(currency: str) -> Creditor:
        return build_creditor(currency, name="Another Insurance")

    write_documents(ACCOUNT_ID, invoice_of(story), connect(story, store=store, creditor_of=replaced_creditor))

    assert b"Another Insurance" not in store.objects[f"{INVOICE}.json"]
    assert b"Another Insurance" not in store.objects[f"{INVOICE}.pdf"]
    assert b"Another Insurance" in store.objects[f"{STATEMENT}.pdf"]


def test_a_call_killed_before_it_announced_announces_when_it_comes_again(story: AccountStory) -> None:
    class DyingAnnouncements(MemoryAnnouncements):
        def announce(self, events: Sequence[Mapping[str, object]]) -> None:
            raise KilledError

    store, announcements = MemoryDocumentStore(), MemoryAnnouncements()
    with pytest.raises(KilledError):
        write_documents(ACCOUNT_ID, invoice_of(story), connect(story, store=store, announcements=DyingAnnouncements()))

    write_documents(ACCOUNT_ID, invoice_of(story), connect(story, store=store, announcements=announcements))

    assert [event["document_id"] for event in announcements.announced] == [INVOICE, STATEMENT]


def test_an_invoice_over_nothing_is_announced_without_a_due_day() -> None:
    story = AccountStory()
    story.open()
    story.invoice(date(2026, 1, 5), [("premium", 25_00), ("discount:staff", -25_00)])
    announcements = MemoryAnnouncements()

    write_documents(ACCOUNT_ID, invoice_of(story), connect(story, announcements=announcements))

    assert (announcements.announced[0]["amount_minor"], announcements.announced[0]["due_on"]) == (0, None)


def test_other_entries_have_no_documents(story: AccountStory) -> None:
    store = MemoryDocumentStore()
    payment = story.pay(date(2026, 1, 6), 30_00)

    assert write_documents(ACCOUNT_ID, payment.entry_id, connect(story, store=store)) == 0
    assert store.objects == {}


def test_an_invoice_that_the_ledger_does_not_have_is_refused(story: AccountStory) -> None:
    with pytest.raises(NotAnInvoiceError, match="no entry invoice#NONE#1#1 in the ledger of ABCD1234"):
        write_documents(ACCOUNT_ID, "invoice#NONE#1#1", connect(story))


def test_a_currency_without_a_creditor_stores_nothing(story: AccountStory) -> None:
    def no_creditor(currency: str) -> Creditor:
        raise CreditorMissingError(currency)

    store = MemoryDocumentStore()
    with pytest.raises(CreditorMissingError):
        write_documents(ACCOUNT_ID, invoice_of(story), connect(story, store=store, creditor_of=no_creditor))
    assert store.objects == {}


def test_the_stored_json_is_canonical(story: AccountStory) -> None:
    store = MemoryDocumentStore()
    write_documents(ACCOUNT_ID, invoice_of(story), connect(story, store=store))

    for key in (f"{INVOICE}.json", f"{STATEMENT}.json"):
        text = store.objects[key].decode("ascii")
        assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))
