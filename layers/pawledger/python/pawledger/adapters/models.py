"""The tables of `docs/architecture.md` as PynamoDB models. They say how rows look; `bind` says where they are.

Models are used as plain rows: written whole under an explicit condition, never loaded, changed and saved. PynamoDB's
version attribute and batch writes are left aside on purpose, since neither keeps the promises that money needs.
"""

from functools import cache
from types import new_class
from typing import Any, TypeVar, cast

from botocore.session import Session
from pynamodb.attributes import Attribute, UnicodeAttribute
from pynamodb.connection.base import Connection
from pynamodb.connection.table import TableConnection
from pynamodb.constants import NUMBER
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from pawledger.adapters.clients import (
    ATTEMPTS_MAX,
    CONNECT_TIMEOUT_SECONDS,
    POOL_CONNECTIONS_MAX,
    READ_TIMEOUT_SECONDS,
    shared_session,
)
from pawledger.adapters.errors import NotAnIntegerError

_Row = TypeVar("_Row", bound="Row")


class IntegerAttribute(Attribute[int]):
    """A whole number; PynamoDB's own number attribute lets floats through and breaks on `Decimal`."""

    attr_type = NUMBER

    def serialize(self, value: Any) -> str:
        """Raises `NotAnIntegerError` for anything but an `int`, `bool` included."""
        if type(value) is not int:
            raise NotAnIntegerError(f"{self.attr_name} is {type(value).__name__}, not int")
        return str(value)

    def deserialize(self, value: str) -> int:
        return int(value)


class Row(Model):
    """What all models share: one connection, so that a cold start pays for one client and one TLS handshake."""

    _shared_connection: Connection | None = None

    @classmethod
    def _get_connection(cls) -> TableConnection:
        """PynamoDB would open a session and a client for every model."""
        is_new = cls._connection is None
        table_connection = super()._get_connection()
        if is_new and cls._shared_connection is not None:
            cls._shared_connection.add_meta_table(table_connection.get_meta_table())
            table_connection.connection = cls._shared_connection
        return table_connection


class AgendaIndex(GlobalSecondaryIndex["AccountRow"]):  # type: ignore[no-untyped-call]  # an untyped hook of PynamoDB
    class Meta:
        index_name = "agenda"
        projection = KeysOnlyProjection()

    agenda_key = UnicodeAttribute(hash_key=True)
    account_id = UnicodeAttribute(range_key=True)


class AccountRow(Row):
    account_id = UnicodeAttribute(hash_key=True)
    version = IntegerAttribute()
    agenda_key = UnicodeAttribute(null=True)
    body = UnicodeAttribute()
    agenda = AgendaIndex()


class EntryRow(Row):
    account_id = UnicodeAttribute(hash_key=True)
    entry_id = UnicodeAttribute(range_key=True)
    sequence = IntegerAttribute()
    body = UnicodeAttribute()
    hash = UnicodeAttribute()


class TermRow(Row):
    account_id = UnicodeAttribute(hash_key=True)
    term_id = UnicodeAttribute(range_key=True)
    body = UnicodeAttribute()


class WorklistIndex(GlobalSecondaryIndex["DiscrepancyRow"]):  # type: ignore[no-untyped-call]  # an untyped hook of PynamoDB
    class Meta:
        index_name = "worklist"
        projection = KeysOnlyProjection()

    worklist_key = UnicodeAttribute(hash_key=True)
    born_on = UnicodeAttribute(range_key=True)
    discrepancy_id = UnicodeAttribute()


class DiscrepancyRow(Row):
    discrepancy_id = UnicodeAttribute(hash_key=True)
    status = UnicodeAttribute()
    kind = UnicodeAttribute()
    body = UnicodeAttribute()
    worklist_key = UnicodeAttribute(null=True)
    born_on = UnicodeAttribute()
    alerted_at = UnicodeAttribute(null=True)
    version = IntegerAttribute(null=True)
    life = UnicodeAttribute(null=True)
    by_amount = UnicodeAttribute(null=True)
    worklist = WorklistIndex()


class ReceivedIndex(GlobalSecondaryIndex["BankFileRow"]):  # type: ignore[no-untyped-call]  # an untyped hook of PynamoDB
    class Meta:
        index_name = "received"
        projection = KeysOnlyProjection()

    received_on = UnicodeAttribute(hash_key=True)
    file_id = UnicodeAttribute(range_key=True)


class BankFileRow(Row):
    file_id = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)
    body = UnicodeAttribute()
    status = UnicodeAttribute(null=True)
    received_on = UnicodeAttribute(null=True)
    received = ReceivedIndex()


class ReferenceRow(Row):
    reference = UnicodeAttribute(hash_key=True)
    target = UnicodeAttribute()


class RunRow(Row):
    day = UnicodeAttribute(hash_key=True)
    part = UnicodeAttribute(range_key=True)
    body = UnicodeAttribute()
    version = IntegerAttribute(null=True)
    result = UnicodeAttribute(null=True)


class SharedSessionConnection(Connection):
    """A connection on the process's one session; PynamoDB would parse all service descriptions once more."""

    @property
    def session(self) -> Session:
        return shared_session()

    def prepare(self) -> str:
        """Make the client now and not with the first request; returns the endpoint that it talks to."""
        return str(self.client.meta.endpoint_url)


def open_connection() -> SharedSessionConnection:
    """A connection that all models of a process share; the client behind it is made when it is first asked for."""
    return SharedSessionConnection(
        connect_timeout_seconds=CONNECT_TIMEOUT_SECONDS,
        read_timeout_seconds=READ_TIMEOUT_SECONDS,
        max_retry_attempts=ATTEMPTS_MAX - 1,
        max_pool_connections=POOL_CONNECTIONS_MAX,
    )


@cache
def bind(row: type[_Row], table_name: str, connection: Connection) -> type[_Row]:
    """The model of one real table. Several may be bound in one process, for instance by tests."""
    meta = type("Meta", (), {"table_name": table_name})
    namespace = {"Meta": meta, "_shared_connection": connection, "_connection": None, "__module__": row.__module__}
    return cast("type[_Row]", new_class(row.__name__, (row,), exec_body=lambda body: body.update(namespace)))
