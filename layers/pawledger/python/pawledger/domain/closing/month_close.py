"""The close of a month over all accounts: its tables, and the proofs that they tie to the ledger.

A proof is a pair of amounts that were computed in different ways and must be equal. Each holds for every account by
itself, so that where one does not, the account is named.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, StrEnum
from itertools import pairwise
from typing import Final, TypeVar

from pawledger.domain.books.entries import LedgerAccount
from pawledger.domain.calendar import Month
from pawledger.domain.closing.account_close import (
    AccountClose,
    Age,
    BalanceKey,
    MovementKey,
    Span,
    TaxKey,
)

WRITTEN: Final = (LedgerAccount.PREMIUM, LedgerAccount.DISCOUNT)
CHARGED: Final = (LedgerAccount.PREMIUM, LedgerAccount.DISCOUNT, LedgerAccount.TAX, LedgerAccount.FEE)

FAULTS_NAMED_MAX: Final = 1000
"""Proofs of single accounts that are named because they do not hold; beyond it they are counted."""

GIVEN_BACK: Final = "given_back"
"""Stands for a code where what was invoiced is given back: the ledger keeps its sum, and not its parts."""


class ColumnKind(Enum):
    TEXT = "text"
    DAY = "day"
    COUNT = "count"
    MINOR = "minor"
    """Minor units of the currency in the same row."""
    TRUTH = "truth"


_K = TypeVar("_K")

Cell = str | int | date | bool | None
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """What a table is called and what its columns are."""

    name: str
    columns: tuple[tuple[str, ColumnKind], ...]


def _table(name: str, written: str) -> Table:
    pairs = (column.split(":") for column in written.split())
    return Table(name, tuple((column, ColumnKind(kind)) for column, kind in pairs))


TRIAL_BALANCE: Final = _table(
    "trial_balance",
    "currency:text ledger_account:text opening_minor:minor debit_minor:minor credit_minor:minor closing_minor:minor",
)
MOVEMENTS: Final = _table("movements", "currency:text kind:text ledger_account:text amount_minor:minor")
PREMIUM_BILLED: Final = _table(
    "premium_billed", "currency:text code:text before_minor:minor in_month_minor:minor until_close_minor:minor"
)
TAX_PAYABLE: Final = _table(
    "tax_payable",
    "currency:text jurisdiction:text code:text rule_id:text before_minor:minor in_month_minor:minor "
    "until_close_minor:minor",
)
AGED_RECEIVABLES: Final = _table(
    "aged_receivables", "currency:text days_due:text item_count:count remaining_minor:minor"
)
OPEN_ITEMS: Final = _table(
    "open_items",
    "account_id:text invoice_id:text due_on:day days_due:text currency:text remaining_minor:minor",
)
EARNED_BY_MONTH: Final = _table(
    "earned_by_month",
    "currency:text jurisdiction:text unearned_before_minor:minor written_minor:minor earned_minor:minor "
    "unearned_minor:minor of_which_not_begun_minor:minor",
)
EARNED_BY_DAY: Final = _table(
    "earned_by_day", "currency:text day:day written_minor:minor earned_minor:minor unearned_minor:minor"
)
EARNED_BY_TERM: Final = _table(
    "earned_by_term",
    "account_id:text policy_id:text term_number:count jurisdiction:text effective_on:day expires_on:day "
    "cover_until:day currency:text unearned_before_minor:minor written_minor:minor earned_minor:minor "
    "unearned_minor:minor",
)
PROOFS: Final = _table(
    "proofs", "proof:text of:text currency:text account_id:text left_minor:minor right_minor:minor is_equal:truth"
)

TABLES: Final = (
    TRIAL_BALANCE,
    MOVEMENTS,
    PREMIUM_BILLED,
    TAX_PAYABLE,
    AGED_RECEIVABLES,
    OPEN_ITEMS,
    EARNED_BY_MONTH,
    EARNED_BY_DAY,
    EARNED_BY_TERM,
    PROOFS,
)


class ProofName(StrEnum):
    """What must be equal; `left = right`, in the words of docs/finance.md."""

    BALANCED = "debits = credits"
    MOVED = "opening + debits - credits = closing"
    KINDS = "movements by kind = debits - credits"
    HEADS = "closing + later entries = balance that the account heads hold"
    RECEIVABLES = "open items = receivable"
    TAX = "taxes of all terms = tax"
    BILLED = "invoiced - given back + unbilled = premium + tax + fee + discount"
    WRITTEN = "written by term = premium + discount"
    WRITTEN_IN_MONTH = "written by term in the month = movements of premium + discount"
    EARNED = "earned + unearned = premium + discount"
    EARNED_DAYS = "earned by day = earned by term"


@dataclass(frozen=True, slots=True, order=True)
class ProofKey:
    name: ProofName
    currency: str
    of: str = ""
    """The ledger account, where there is one proof for each."""


@dataclass(frozen=True, slots=True)
class Proof:
    """Two amounts that must be equal, in minor units."""

    key: ProofKey
    left_minor: int
    right_minor: int
    account_id: str = ""
    """Empty where it is of all accounts together."""

    @property
    def is_equal(self) -> bool:
        return self.left_minor == self.right_minor


def prove_account(close: AccountClose, head_balances: Mapping[BalanceKey, int]) -> Iterator[Proof]:
    """The proofs of one account, whose head holds these balances now."""
    for key in sorted({*close.balances, *close.later, *head_balances}):
        yield from _prove_balance(close, key, head_balances.get(key, 0))
    for currency in sorted(_currencies_of(close)):
        yield from _prove_currency(close, currency)


def _prove_balance(close: AccountClose, key: BalanceKey, head_minor: int) -> Iterator[Proof]:
    currency, ledger_account = key
    balance = close.balances.get(key, Span())
    moved_minor = close.debits[key] - close.credits[key]
    by_kind_minor = sum(
        amount_minor
        for (c, _, name), amount_minor in close.movements.items()
        if (c, name) == (currency, ledger_account)
    )
    for name, left_minor, right_minor in (
        (ProofName.MOVED, balance.before_minor + moved_minor, balance.closing_minor),
        (ProofName.KINDS, by_kind_minor, moved_minor),
        (ProofName.HEADS, balance.closing_minor + close.later[key], head_minor),
    ):
        yield Proof(ProofKey(name, currency, ledger_account), left_minor, right_minor, close.account_id)


def _currencies_of(close: AccountClose) -> set[str]:
    known = {currency for currency, _ in (*close.balances, *close.invoiced, *close.daily)}
    return known | {item.currency for item in close.open_items} | {key.currency for key in close.taxes}


def _prove_currency(close: AccountClose, currency: str) -> Iterator[Proof]:
    def balance_of(*names: LedgerAccount) -> Span:
        return sum((close.balances.get((currency, name), Span()) for name in names), Span())

    written, charged = balance_of(*WRITTEN), balance_of(*CHARGED)
    terms = [each for each in close.terms if each.term.currency == currency]
    closing = [span.closing_minor for (c, _), span in close.balances.items() if c == currency]
    invoiced_minor = sum(span.closing_minor for (c, _), span in close.invoiced.items() if c == currency)
    given_back_minor = close.given_back.get(currency, Span()).closing_minor
    days = sorted((day, amounts) for (c, day), amounts in close.daily.items() if c == currency)
    earned_minor = sum(each.earned.closing_minor for each in terms)
    by_day_minor = sum(after[1] - before[1] for (_, before), (_, after) in pairwise(days))
    for name, left_minor, right_minor in (
        (ProofName.BALANCED, sum(m for m in closing if m > 0), -sum(m for m in closing if m < 0)),
        (
            ProofName.RECEIVABLES,
            sum(item.remaining_minor for item in close.open_items if item.currency == currency),
            balance_of(LedgerAccount.RECEIVABLE).closing_minor,
        ),
        (
            ProofName.TAX,
            sum(span.closing_minor for key, span in close.taxes.items() if key.currency == currency),
            -balance_of(LedgerAccount.TAX).closing_minor,
        ),
        (
            ProofName.BILLED,
            invoiced_minor - given_back_minor + balance_of(LedgerAccount.UNBILLED).closing_minor,
            -charged.closing_minor,
        ),
        (ProofName.WRITTEN, sum(each.written.closing_minor for each in terms), -written.closing_minor),
        (ProofName.WRITTEN_IN_MONTH, sum(each.written.change_minor for each in terms), -written.change_minor),
        (ProofName.EARNED, earned_minor + sum(each.unearned_minor for each in terms), -written.closing_minor),
        (ProofName.EARNED_DAYS, by_day_minor, sum(each.earned.change_minor for each in terms)),
    ):
        yield Proof(ProofKey(name, currency), left_minor, right_minor, close.account_id)


PlaceKey = tuple[str, str]
"""Currency, and the jurisdiction in which the term began; empty where the policy system tells taxes itself."""


@dataclass(slots=True)
class MonthClose:
    """The close of a month, account by account; what it holds does not grow with their number."""

    month: Month
    account_count: int = 0
    entry_count: int = 0
    balances: dict[BalanceKey, Span] = field(default_factory=lambda: defaultdict(Span))
    debits: Counter[BalanceKey] = field(default_factory=Counter)
    credits: Counter[BalanceKey] = field(default_factory=Counter)
    movements: Counter[MovementKey] = field(default_factory=Counter)
    billed: dict[tuple[str, str], Span] = field(default_factory=lambda: defaultdict(Span))
    taxes: dict[TaxKey, Span] = field(default_factory=lambda: defaultdict(Span))
    ages: dict[tuple[str, Age], tuple[int, int]] = field(default_factory=lambda: defaultdict(lambda: (0, 0)))
    written: dict[PlaceKey, Span] = field(default_factory=lambda: defaultdict(Span))
    earned: dict[PlaceKey, Span] = field(default_factory=lambda: defaultdict(Span))
    not_begun: Counter[PlaceKey] = field(default_factory=Counter)
    daily: dict[tuple[str, date], tuple[int, int]] = field(default_factory=lambda: defaultdict(lambda: (0, 0)))
    proven: dict[ProofKey, tuple[int, int]] = field(default_factory=lambda: defaultdict(lambda: (0, 0)))
    faults: list[Proof] = field(default_factory=list)
    fault_count: int = 0

    @property
    def is_proven(self) -> bool:
        """Whether every proof of every account holds."""
        return self.fault_count == 0

    def add(self, close: AccountClose, head_balances: Mapping[BalanceKey, int]) -> None:
        """Take one account into the close, and prove it."""
        self.account_count += 1
        self.entry_count += close.entry_count
        _add_spans(self.balances, close.balances)
        self.debits.update(close.debits)
        self.credits.update(close.credits)
        self.movements.update(close.movements)
        _add_spans(self.billed, close.invoiced)
        for currency, given in close.given_back.items():
            self.billed[currency, GIVEN_BACK] += Span(-given.before_minor, -given.closing_minor)
        _add_spans(self.taxes, close.taxes)
        _add_pairs(self.daily, close.daily.items())
        _add_pairs(self.ages, (((i.currency, i.age), (1, i.remaining_minor)) for i in close.open_items))
        for each in close.terms:
            place = (each.term.currency, each.term.jurisdiction)
            self.written[place] += each.written
            self.earned[place] += each.earned
            if each.term.effective_on > self.month.last_day:
                self.not_begun[place] += each.unearned_minor
        for proof in prove_account(close, head_balances):
            _add_pairs(self.proven, [(proof.key, (proof.left_minor, proof.right_minor))])
            if not proof.is_equal:
                self.fault_count += 1
                if len(self.faults) < FAULTS_NAMED_MAX:
                    self.faults.append(proof)

    def prove_together(self) -> list[Proof]:
        """The proofs of all accounts together."""
        return [Proof(key, left_minor, right_minor) for key, (left_minor, right_minor) in sorted(self.proven.items())]

    def prove(self) -> list[Proof]:
        """The proofs of all accounts together, then those of single accounts that do not hold."""
        return [*self.prove_together(), *self.faults]

    def rows(self) -> Iterator[tuple[Table, Row]]:
        """The rows of every table that is not written account by account, in an order of their own."""
        for key in sorted({*self.balances}):
            balance = self.balances[key]
            amounts = (balance.before_minor, self.debits[key], self.credits[key], balance.closing_minor)
            yield TRIAL_BALANCE, (*key, *amounts)
        for moved, amount_minor in sorted(self.movements.items()):
            yield MOVEMENTS, (*moved, amount_minor)
        for billed, span in sorted(self.billed.items()):
            yield PREMIUM_BILLED, (*billed, *_show_span(span))
        for tax, span in sorted(self.taxes.items(), key=lambda item: _order_of(item[0])):
            yield TAX_PAYABLE, (*_order_of(tax), *_show_span(span))
        for currency in sorted({currency for currency, _ in self.ages}):
            for age in Age:
                yield AGED_RECEIVABLES, (currency, age, *self.ages.get((currency, age), (0, 0)))
        yield from self._earned_rows()
        for proof in self.prove():
            yield PROOFS, _show_proof(proof)

    def _earned_rows(self) -> Iterator[tuple[Table, Row]]:
        for place, written in sorted(self.written.items()):
            earned = self.earned[place]
            amounts = (
                written.before_minor - earned.before_minor,
                written.change_minor,
                earned.change_minor,
                written.closing_minor - earned.closing_minor,
            )
            yield EARNED_BY_MONTH, (*place, *amounts, self.not_begun[place])
        for currency in sorted({currency for currency, _ in self.daily}):
            before_written, before_earned = self.daily[currency, self.month.day_before]
            for day in self.month.days:
                written_minor, earned_minor = self.daily[currency, day]
                changes = (written_minor - before_written, earned_minor - before_earned)
                yield EARNED_BY_DAY, (currency, day, *changes, written_minor - earned_minor)
                before_written, before_earned = written_minor, earned_minor


def account_rows(close: AccountClose) -> Iterator[tuple[Table, Row]]:
    """The rows of the tables that name accounts: what is open, and the terms that the month moved or left unearned."""
    for item in close.open_items:
        row = (close.account_id, item.invoice_id, item.due_on, item.age, item.currency, item.remaining_minor)
        yield OPEN_ITEMS, row
    for each in close.terms:
        if each.is_in_play:
            term = each.term
            yield (
                EARNED_BY_TERM,
                (
                    close.account_id,
                    each.policy_id,
                    term.number,
                    term.jurisdiction,
                    term.effective_on,
                    term.expires_on,
                    term.cover_until,
                    term.currency,
                    each.written.before_minor - each.earned.before_minor,
                    each.written.change_minor,
                    each.earned.change_minor,
                    each.unearned_minor,
                ),
            )


def _order_of(tax: TaxKey) -> tuple[str, str, str, str]:
    return tax.currency, tax.jurisdiction, tax.code, tax.rule_id


def _show_proof(proof: Proof) -> Row:
    key = proof.key
    amounts = (proof.left_minor, proof.right_minor)
    return (key.name, key.of, key.currency, proof.account_id, *amounts, proof.is_equal)


def _show_span(span: Span) -> tuple[int, int, int]:
    return span.before_minor, span.change_minor, span.closing_minor


def _add_spans(totals: dict[_K, Span], spans: Mapping[_K, Span]) -> None:
    for key, span in spans.items():
        totals[key] += span


def _add_pairs(totals: dict[_K, tuple[int, int]], pairs: Iterable[tuple[_K, tuple[int, int]]]) -> None:
    for key, (first, second) in pairs:
        standing = totals[key]
        totals[key] = (standing[0] + first, standing[1] + second)
