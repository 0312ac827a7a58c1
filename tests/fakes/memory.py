"""The whole outside world in memory: every port of the inside, over one shared state.

`world.before_call` and `world.after_call` take a callable that is given port name, method name and arguments and may
raise; `world.staleness_of` takes one that is given an account id and says how many writes a reader lags behind where it
does not ask for consistency. All ports keep texts, never the caller's objects.
"""

from tests.fakes.books import MemoryBankFileRegister, MemoryDiscrepancyBook, MemoryReferenceBook
from tests.fakes.ledger import MemoryLedger
from tests.fakes.runs import MemoryRunBook
from tests.fakes.transport import MemoryAlertChannel, MemoryBankFileStore, MemoryQueue, NoPause
from tests.fakes.world import SharedState

__all__ = [
    "MemoryAlertChannel",
    "MemoryBankFileRegister",
    "MemoryBankFileStore",
    "MemoryDiscrepancyBook",
    "MemoryLedger",
    "MemoryQueue",
    "MemoryReferenceBook",
    "MemoryRunBook",
    "MemoryWorld",
    "NoPause",
]


class MemoryWorld(SharedState):
    """All ports over one state: what one port writes, the others see."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = MemoryLedger(self)
        self.discrepancy_book = MemoryDiscrepancyBook(self)
        self.bank_file_register = MemoryBankFileRegister(self)
        self.reference_book = MemoryReferenceBook(self)
        self.run_book = MemoryRunBook(self)
        self.bank_file_store = MemoryBankFileStore(self)
        self.billing_queue = MemoryQueue(self, "billing")
        self.payments_queue = MemoryQueue(self, "payments")
        self.alert_channel = MemoryAlertChannel(self)
        self.pause = NoPause()
