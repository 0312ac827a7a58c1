"""Wiring: from a function's settings to the ports that its use case asks for. Called once, when a function starts.

The client of DynamoDB is made here and not with the first request, so that a start pays for it and no event does. A
use case is imported where its ports are made, so that billing does not load the readers of bank files.
"""

from functools import cache
from typing import TYPE_CHECKING

from pynamodb.connection.base import Connection

from pawledger.adapters.clients import OBJECT_READ_TIMEOUT_SECONDS, make_client
from pawledger.adapters.dynamodb_books import DynamoBankFileRegister, DynamoDiscrepancyBook, DynamoReferenceBook
from pawledger.adapters.dynamodb_ledger import DynamoAgenda, DynamoLedger, DynamoLedgerArchive, LedgerTables
from pawledger.adapters.models import (
    AccountRow,
    BankFileRow,
    DiscrepancyRow,
    EntryRow,
    ReferenceRow,
    RunRow,
    TermRow,
    bind,
    open_connection,
)
from pawledger.adapters.pauses import JitteredPause
from pawledger.adapters.s3_bank_files import S3BankFileStore
from pawledger.adapters.sns_alerts import SnsAlertChannel
from pawledger.adapters.sqs_queue import SqsQueue
from pawledger.ports import (
    AlertChannel,
    BankFileRegister,
    BankFileStore,
    DiscrepancyBook,
    Ledger,
    MessageQueue,
    Pause,
    ReferenceBook,
    RunBook,
)
from pawledger.runtime.settings import (
    BillAccountsSettings,
    CloseDaySettings,
    LearnPayersSettings,
    PostPaymentsSettings,
    PushAlertsSettings,
    ReceiveBankFileSettings,
    ReceiveWebhookSettings,
    RecordPolicyEventSettings,
    StartBillingDaySettings,
    WriteDocumentsSettings,
)

if TYPE_CHECKING:
    from pawledger.domain.bank_returns.return_reasons import ReturnReasons
    from pawledger.domain.refunding.refund_rules import RefundRules
    from pawledger.rules.provider_profiles import ProviderProfile, ProviderProfiles
    from pawledger.services.billing.record_policy_event import PolicyRecordingPorts
    from pawledger.services.billing.start_billing_day import BillingPorts
    from pawledger.services.closing.close_day import ClosingPorts
    from pawledger.services.documents.write_documents import DocumentPorts
    from pawledger.services.posting.announce_returns import ReturnAnnouncingPorts
    from pawledger.services.posting.learn_payers import LearningPorts
    from pawledger.services.posting.post_movement import PostingPorts
    from pawledger.services.posting.settlements import SettlementOf
    from pawledger.services.receiving.receive_bank_file import ReceivingPorts
    from pawledger.services.receiving.receive_webhook import WebhookPorts


def connect_pause() -> Pause:
    """The pause between attempts."""
    return JitteredPause()


def connect_billing(settings: StartBillingDaySettings) -> "BillingPorts":
    """Everything that starting a billing day touches."""
    from pawledger.services.billing.start_billing_day import BillingPorts  # noqa: PLC0415

    return BillingPorts(
        agenda=DynamoAgenda(bind(AccountRow, settings.accounts_table, _connection())),
        runs=_run_book(settings.runs_table),
        discrepancies=_discrepancy_book(settings.discrepancies_table),
        billing_queue=_queue(settings.billing_queue_url),
    )


def connect_runs(settings: BillAccountsSettings) -> RunBook:
    """The book of bill runs."""
    return _run_book(settings.runs_table)


def connect_ledger(settings: BillAccountsSettings) -> Ledger:
    """The ledger with policies."""
    return _ledger(settings, settings.policies_table)


def connect_discrepancies(settings: PushAlertsSettings) -> DiscrepancyBook:
    """The discrepancy book."""
    return _discrepancy_book(settings.discrepancies_table)


def connect_alert_references(settings: PushAlertsSettings | CloseDaySettings) -> ReferenceBook:
    """The reference book, which remembers what was pushed for a whole group, or a whole day."""
    return _reference_book(settings.references_table)


def connect_alerts(settings: PushAlertsSettings | CloseDaySettings) -> AlertChannel:
    """The alert topic."""
    return SnsAlertChannel(make_client("sns"), settings.alert_topic_arn)


def connect_policy_recording(settings: RecordPolicyEventSettings) -> "PolicyRecordingPorts":
    """Everything that recording a policy event touches."""
    from pawledger.rules.billing_rules import load_shipped_rules  # noqa: PLC0415
    from pawledger.services.billing.record_policy_event import PolicyRecordingPorts  # noqa: PLC0415

    return PolicyRecordingPorts(
        ledger=_ledger(settings, settings.policies_table),
        references=_reference_book(settings.references_table),
        discrepancies=_discrepancy_book(settings.discrepancies_table),
        rulebook=load_shipped_rules(),
        pause=connect_pause(),
    )


def connect_receiving(settings: ReceiveBankFileSettings) -> "ReceivingPorts":
    """Everything that receiving a bank file touches."""
    from pawledger.adapters.eventbridge_announcements import EventBridgeAnnouncements  # noqa: PLC0415
    from pawledger.adapters.secrets_manager import SecretsManagerPayerSecret  # noqa: PLC0415
    from pawledger.services.receiving.mandate_notices import NoticePorts  # noqa: PLC0415
    from pawledger.services.receiving.payer_keys import PayerKeys  # noqa: PLC0415
    from pawledger.services.receiving.receive_bank_file import ReceivingPorts  # noqa: PLC0415

    secret = SecretsManagerPayerSecret(lambda: make_client("secretsmanager"), settings.payer_secret_arn)
    announcements = EventBridgeAnnouncements(make_client("events"))
    return ReceivingPorts(
        store=_store(settings.bank_files_bucket),
        register=_register(settings.bank_files_table),
        references=_reference_book(settings.references_table),
        discrepancies=_discrepancy_book(settings.discrepancies_table),
        payments_queue=_queue(settings.payments_queue_url),
        profile_of=_profile_of,
        settlements_in=_settlements_in,
        payer_keys=PayerKeys(secret),
        notices=NoticePorts(announcements, _return_reasons),
    )


def connect_posting(settings: PostPaymentsSettings) -> "PostingPorts":
    """Everything that posting a chunk touches; its ledger has no policies, since posting decides without them."""
    from pawledger.rules.allocation_rules import load_allocation_rules  # noqa: PLC0415
    from pawledger.services.posting.post_movement import PostingPorts  # noqa: PLC0415
    from pawledger.services.posting.post_returns import ReturnPorts, load_return_rules  # noqa: PLC0415

    ledger, pause = _ledger(settings, None), connect_pause()
    references = _reference_book(settings.references_table)
    discrepancies = _discrepancy_book(settings.discrepancies_table)
    return PostingPorts(
        ledger=ledger,
        references=references,
        discrepancies=discrepancies,
        register=_register(settings.bank_files_table),
        store=_store(settings.bank_files_bucket),
        pause=pause,
        allocation_rules=load_allocation_rules(),
        returns=ReturnPorts(ledger, ledger, references, discrepancies, pause, load_return_rules),
    )


def connect_closing(settings: CloseDaySettings) -> "ClosingPorts":
    """Everything that closing a day touches; its archive reads and does not write."""
    from pawledger.adapters.bank_holidays import LibraryHolidayCalendars  # noqa: PLC0415
    from pawledger.services.closing.close_day import ClosingPorts  # noqa: PLC0415
    from pawledger.services.receiving.file_calendar import FileCalendarPorts  # noqa: PLC0415
    from pawledger.services.refunding.check_refunds import RefundWatchPorts  # noqa: PLC0415

    accounts = bind(AccountRow, settings.accounts_table, _connection())
    terms = bind(TermRow, settings.policies_table, _connection())
    archive = DynamoLedgerArchive(accounts, bind(EntryRow, settings.entries_table, _connection()), terms)
    register, discrepancies = _register(settings.bank_files_table), _discrepancy_book(settings.discrepancies_table)
    holidays = LibraryHolidayCalendars()
    return ClosingPorts(
        register=register,
        discrepancies=discrepancies,
        archive=archive,
        terms=archive,
        calendar=FileCalendarPorts(
            register=register,
            discrepancies=discrepancies,
            load_profiles=_profiles,
            holidays=holidays,
            time_zone=settings.billing_time_zone,
        ),
        refunds=RefundWatchPorts(archive, discrepancies, _refund_rules, holidays),
    )


def connect_documents(settings: WriteDocumentsSettings) -> "DocumentPorts":
    """Everything that writing documents touches; its archive has entries alone."""
    from pawledger.adapters.eventbridge_announcements import EventBridgeAnnouncements  # noqa: PLC0415
    from pawledger.adapters.s3_documents import S3DocumentStore  # noqa: PLC0415
    from pawledger.adapters.typesetting.typst_documents import TypstTypesetter  # noqa: PLC0415
    from pawledger.rules.creditors import creditor_of, load_creditors  # noqa: PLC0415
    from pawledger.services.documents.write_documents import DocumentPorts  # noqa: PLC0415

    load_creditors()  # a function whose creditors are wrong does not start
    return DocumentPorts(
        archive=DynamoLedgerArchive(None, bind(EntryRow, settings.entries_table, _connection())),
        typesetter=TypstTypesetter(),
        store=S3DocumentStore(make_client("s3"), settings.documents_bucket),
        announcements=EventBridgeAnnouncements(make_client("events")),
        creditor_of=creditor_of,
    )


def connect_return_announcing(settings: WriteDocumentsSettings) -> "ReturnAnnouncingPorts":
    """Everything that announcing returns touches; its archive has entries alone."""
    from pawledger.adapters.eventbridge_announcements import EventBridgeAnnouncements  # noqa: PLC0415
    from pawledger.services.posting.announce_returns import ReturnAnnouncingPorts  # noqa: PLC0415

    return ReturnAnnouncingPorts(
        archive=DynamoLedgerArchive(None, bind(EntryRow, settings.entries_table, _connection())),
        announcements=EventBridgeAnnouncements(make_client("events")),
        reasons=_return_reasons,
    )


def connect_learning(settings: LearnPayersSettings) -> "LearningPorts":
    """Everything that learning payers touches; its archive has entries alone."""
    from pawledger.services.posting.learn_payers import LearningPorts  # noqa: PLC0415

    return LearningPorts(
        entries=DynamoLedgerArchive(None, bind(EntryRow, settings.entries_table, _connection())),
        references=_reference_book(settings.references_table),
        reasons=_return_reasons,
    )


def connect_webhooks(settings: ReceiveWebhookSettings) -> "WebhookPorts":
    """Everything that receiving a webhook touches."""
    from pawledger.adapters.s3_webhooks import S3WebhookStore  # noqa: PLC0415
    from pawledger.adapters.webhook_secrets import SecretsManagerWebhookSecrets  # noqa: PLC0415
    from pawledger.services.receiving.receive_webhook import WebhookPorts  # noqa: PLC0415

    return WebhookPorts(
        secrets=SecretsManagerWebhookSecrets(lambda: make_client("secretsmanager"), settings.webhook_secrets_arn),
        store=S3WebhookStore(make_client("s3"), settings.bank_files_bucket),
        providers=tuple(settings.webhook_providers.split(",")),
    )


@cache
def _connection() -> Connection:
    """The one connection of the process, with its client made."""
    connection = open_connection()
    connection.prepare()
    return connection


def _profiles() -> "ProviderProfiles":
    """The shipped profiles; they are read when they are first asked for, not when the function starts."""
    from pawledger.rules.provider_profiles import load_shipped_profiles  # noqa: PLC0415

    return load_shipped_profiles()


def _profile_of(provider: str) -> "ProviderProfile | None":
    """The shipped profile of a provider."""
    return _profiles().get(provider)


def _refund_rules() -> "RefundRules":
    """The rules of refunds; read when a day is closed, not when the function starts."""
    from pawledger.rules.refund_rules import load_refund_rules  # noqa: PLC0415

    return load_refund_rules()


def _return_reasons() -> "ReturnReasons":
    """The shipped reasons of returns."""
    from pawledger.rules.return_reasons import load_return_reasons  # noqa: PLC0415

    return load_return_reasons()


def _settlements_in(provider: str) -> "SettlementOf":
    """What recognises settlements in the files of a provider, by the shipped profiles."""
    from pawledger.services.posting.settlements import settlements_in  # noqa: PLC0415

    return settlements_in(provider, _profiles())


def _ledger(
    settings: RecordPolicyEventSettings | BillAccountsSettings | PostPaymentsSettings, policies_table: str | None
) -> DynamoLedger:
    connection = _connection()
    tables = LedgerTables(
        accounts=bind(AccountRow, settings.accounts_table, connection),
        entries=bind(EntryRow, settings.entries_table, connection),
        discrepancies=bind(DiscrepancyRow, settings.discrepancies_table, connection),
        policies=bind(TermRow, policies_table, connection) if policies_table else None,
    )
    return DynamoLedger(tables, connection, connect_pause())


def _discrepancy_book(table: str) -> DiscrepancyBook:
    return DynamoDiscrepancyBook(bind(DiscrepancyRow, table, _connection()))


def _run_book(table: str) -> RunBook:
    from pawledger.adapters.dynamodb_runs import DynamoRunBook  # noqa: PLC0415

    return DynamoRunBook(bind(RunRow, table, _connection()))


def _reference_book(table: str) -> ReferenceBook:
    return DynamoReferenceBook(bind(ReferenceRow, table, _connection()))


def _register(table: str) -> BankFileRegister:
    return DynamoBankFileRegister(bind(BankFileRow, table, _connection()))


def _store(bucket: str) -> BankFileStore:
    return S3BankFileStore(make_client("s3", read_timeout_seconds=OBJECT_READ_TIMEOUT_SECONDS), bucket)


def _queue(queue_url: str) -> MessageQueue:
    return SqsQueue(make_client("sqs"), queue_url, connect_pause())
