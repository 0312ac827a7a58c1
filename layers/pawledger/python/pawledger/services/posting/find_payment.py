"""Finding the ledger of a payment by its id alone, for people; nothing is written, and posting pays nothing for it.

What is not found by our reference is remembered when it is posted, and known at once. The rest is looked for where it
was told: in the chunks of bank files, the newest file first. Its reference leads to its ledger now as it did then.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from typing import Final

from pawledger.domain.books.entries import PAYMENT_ENTRIES
from pawledger.domain.errors import PawledgerError
from pawledger.domain.identifiers import suspense_ledger_of
from pawledger.domain.matching.identification import identify_payment, identify_return
from pawledger.domain.posting.bank_movements import Movement
from pawledger.ports import BankFileRecord, BankFileRegister, BankFileStore, Ledger, ReferenceBook
from pawledger.services.posting.account_book import StoredAccountBook
from pawledger.services.receiving.payment_chunks import ChunkedMovement, chunk_key_of, read_chunk

DAYS_SEARCHED: Final = 92
"""A quarter, one query a day: who asks why a payment is where it is does so within weeks."""

CHUNKS_SEARCHED_MAX: Final = 10_000
"""A million payments, and less than a cent of requests; some minutes at most."""

CHUNKS_READ_AT_ONCE: Final = 8
"""Fewer than the client has connections."""

_FROM_A_PAYER: Final = frozenset({Movement.PAYMENT, Movement.MONEY_BACK})


class PaymentSearchEndedError(PawledgerError):
    """So many chunks of bank files were read that the search for a payment ended; the text says from where to go on."""


@dataclass(frozen=True, slots=True)
class PaymentFindingPorts:
    """What finding a payment reads."""

    ledger: Ledger
    references: ReferenceBook
    open_store: Callable[[], BankFileStore]
    """The bucket of bank files, opened only where the payment is not remembered."""


def find_ledger(payment_id: str, records: Iterable[BankFileRecord], ports: PaymentFindingPorts) -> str | None:
    """The ledger of a payment; where it is not remembered, files are looked through in the order given.

    None where it is not found. Raises what the ports raise, and `records`.
    """
    remembered = ports.references.find(f"route#{payment_id}")
    for ledger_id in dict.fromkeys((remembered, suspense_ledger_of(payment_id))):
        if ledger_id is not None and _is_in(ledger_id, payment_id, ports):
            return ledger_id
    store = ports.open_store()
    for record in records:
        for movement in _read_tellings(record, payment_id, store):
            ledger_id = _identify(movement, ports)
            if ledger_id is not None and _is_in(ledger_id, payment_id, ports):
                return ledger_id
    return None


def recent_files(last_day: date, register: BankFileRegister) -> Iterator[BankFileRecord]:
    """The files received in the `DAYS_SEARCHED` days up to a day, the newest day first.

    Raises `PaymentSearchEndedError` before the file with which there were more than `CHUNKS_SEARCHED_MAX` chunks.
    """
    chunk_count = 0
    for days_ago in range(DAYS_SEARCHED):
        day = last_day - timedelta(days=days_ago)
        for record in register.read_files_received(day):
            chunk_count += record.chunk_count
            if chunk_count > CHUNKS_SEARCHED_MAX:
                # A day that is too large by itself would end the same way for ever.
                further = day if days_ago else day - timedelta(days=1)
                rest = "" if days_ago else f", which leaves out the rest of {day}"
                raise PaymentSearchEndedError(
                    f"the payment is not found where unknown money waits, nor in the files received after {day}, and "
                    f"at most {CHUNKS_SEARCHED_MAX} chunks of files are read at once: name its file (--file) or "
                    f"account (--account), or go on with --as-of {further}{rest}"
                )
            yield record


def _read_tellings(record: BankFileRecord, payment_id: str, store: BankFileStore) -> Iterator[ChunkedMovement]:
    """The movements of a file that have this id: most often one, none, or copies of one."""
    folder = record.stored_key.rpartition("/")[0]
    numbers = iter(range(1, record.chunk_count + 1))
    with ThreadPoolExecutor(CHUNKS_READ_AT_ONCE) as pool:
        while batch := list(islice(numbers, CHUNKS_READ_AT_ONCE)):
            texts: Iterable[str] = pool.map(store.read_text, (chunk_key_of(folder, number) for number in batch))
            for number, text in zip(batch, texts, strict=True):
                # Chunks without it are not taken apart: that is nearly all of them.
                if payment_id in text:
                    movements = read_chunk(text, record.file_id, number)
                    yield from (movement for movement in movements if movement.payment_id == payment_id)


def _identify(movement: ChunkedMovement, ports: PaymentFindingPorts) -> str | None:
    """The account that what a movement says of itself leads to now."""
    if movement.movement not in _FROM_A_PAYER:
        return None
    is_payment = movement.movement is Movement.PAYMENT
    book = StoredAccountBook(ports.references, ports.ledger, of_taking_back=not is_payment)
    found = (identify_payment if is_payment else identify_return)(movement.payment_clues, book)
    return found.parts[0].account_id if len(found.parts) == 1 else None


def _is_in(ledger_id: str, payment_id: str, ports: PaymentFindingPorts) -> bool:
    return ports.ledger.read_entry(ledger_id, f"{PAYMENT_ENTRIES}{payment_id}") is not None
