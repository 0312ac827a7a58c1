"""The structure of an OFX response: which statement, account, balance or transaction a value belongs to."""

from dataclasses import dataclass, field
from typing import Final

from pawledger.bank_files.ofx.codes import ERROR_SEVERITY, SEVERITIES
from pawledger.bank_files.ofx.fields import BLANKS, Notes, UnreadableOfxError, read_amount, read_day, read_text, shown
from pawledger.bank_files.ofx.transactions import Account, Count, Rows, TransactionReader
from pawledger.bank_files.records import Purpose, StatementEntry, StatementSummary
from pawledger.bank_files.report import Rule
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS
from pawledger.domain.money import AmountError

STATEMENTS_MAX: Final = 50_000
"""Most statements of one stream: they are kept in the report, and this many take about 40 MB."""
DEPTH_MAX: Final = 40
"""Most known aggregates inside one another; the deepest of a statement lies at nine."""

STATEMENTS: Final = frozenset(("STMTRS", "CCSTMTRS", "INVSTMTRS"))
_ACCOUNTS: Final = frozenset(("BANKACCTFROM", "CCACCTFROM", "INVACCTFROM"))
_PENDING: Final = "BANKTRANLISTP"
"""List of what is announced and not booked (OFX 2.2, section 11.4.3)."""
_LISTS: Final = frozenset(("BANKTRANLIST", "INVTRANLIST", _PENDING))
_TRANSACTIONS: Final = frozenset(("STMTTRN", "STMTTRNP"))
_COUNTERPARTIES: Final = frozenset(("BANKACCTTO", "CCACCTTO"))
_BALANCES: Final = frozenset(("LEDGERBAL", "AVAILBAL"))
_INVESTMENTS: Final = frozenset(("INVTRAN", "INVPOSLIST", "INVBAL", "INVOOLIST"))
AGGREGATES: Final = (
    STATEMENTS
    | _ACCOUNTS
    | _LISTS
    | _TRANSACTIONS
    | _COUNTERPARTIES
    | _BALANCES
    | frozenset(("OFX", "SONRS", "FI", "STATUS", "STMTTRNRS", "CCSTMTTRNRS", "INVSTMTTRNRS", "INVBANKTRAN", "PAYEE"))
    | frozenset(("CURRENCY", "ORIGCURRENCY", "BALLIST", "SIGNONMSGSRSV1", "BANKMSGSRSV1", "CREDITCARDMSGSRSV1"))
    | frozenset(("INVSTMTMSGSRSV1", "INVTRAN", "INVPOSLIST"))
)
"""Elements that hold others and whose beginning and end are followed. All others are passed over as they come."""
_PARENTS_OF_TRANSACTIONS: Final = STATEMENTS | _LISTS | {"INVBANKTRAN"}
_VALUES_OF_TRANSACTIONS: Final = frozenset(("TRNTYPE", "DTPOSTED", "TRNAMT"))
"""Elements that stand nowhere else in a statement: outside a transaction, the tag of one was lost."""
_GUARDED: Final = frozenset(("TRNTYPE", "TRNAMT", "FITID", "DTPOSTED", "CURSYM"))
"""Values that are not read where they come twice and differ."""
_WITHOUT_PARENT: Final = {"PAYEE": "", "CURRENCY": "CURRENCY.", "BANKACCTTO": "TO.", "CCACCTTO": "TO."}
"""What the values inside a transaction's aggregates are kept under; those of all others are dropped."""
FAULTS_MAX: Final = 200
"""Most faults of the structure after which the reading goes on: a file with more is not OFX."""
_AROUND: Final = BLANKS + "\x1a"
"""The last is the end mark of old systems, which some exports still append."""
ROWS_KEPT_MAX: Final = 500
"""Transactions read one by one that are turned into entries together."""


@dataclass(slots=True)
class _Statement:
    """The statement in hand."""

    line: int
    currency: str = ""
    account: dict[str, str] = field(default_factory=dict)
    closing_minor: int | None = None
    balance_text: str | None = None
    period: dict[str, str] = field(default_factory=dict)
    counts: dict[str, Count] = field(default_factory=dict)
    """By currency; more than one only where transactions name another than the statement's."""


@dataclass(slots=True)
class _Transaction:
    """A transaction that is read value by value."""

    is_pending: bool
    line: int
    offset: int | None
    values: dict[str, str] = field(default_factory=dict)

    def row(self) -> tuple[str | int | None, ...]:
        """The transaction as a row of `Rows`."""
        value = self.values.get
        # fmt: off
        return (
            value("TRNTYPE"), value("DTPOSTED", value("DTTRAN")), value("DTAVAIL"), value("TRNAMT"), value("FITID"),
            value("CHECKNUM"), value("REFNUM"), value("NAME", value("EXTDNAME")), value("MEMO"), self.line, self.offset,
        )
        # fmt: on


class Document:
    """Follows the structure of a response, checks it, and turns transactions into entries."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._transactions = TransactionReader(notes)
        self._open: list[str] = []
        self._leaf = ""
        """Name of the element whose value was told last, to tell that an end tag is its own."""
        self._status: dict[str, str] = {}
        self._institution: dict[str, str] = {}
        self._statement: _Statement | None = None
        self._transaction: _Transaction | None = None
        self._waiting: list[_Transaction] = []
        self._entries: list[list[StatementEntry]] = []
        self._fault_count = 0
        self.is_complete = False
        self.has_statement = False

    @property
    def takes_transactions(self) -> bool:
        """Whether ordinary transactions may follow here."""
        is_place = bool(self._open) and self._open[-1] in _PARENTS_OF_TRANSACTIONS and not self.is_complete
        return is_place and self._statement is not None and self._transaction is None

    def read_ordinary(self, rows: Rows) -> list[StatementEntry]:
        """Make the entries of booked transactions that stand here. Raises `UnreadableOfxError`."""
        return self._read(rows, "", posts=_PENDING not in self._open)

    def start(self, name: str, text: str, offset: int | None) -> None:
        """Follow a start tag with the text behind it. Raises `UnreadableOfxError`."""
        self._leaf = ""
        if self.is_complete:
            raise UnreadableOfxError("ofx.trailing", f"<{name}> stands behind the end of the response")
        if name not in AGGREGATES:
            self._leaf = name
            if value := text.strip(BLANKS):
                self._read_value(name, value)
            return
        self.pass_text(text)
        if len(self._open) >= DEPTH_MAX:
            raise UnreadableOfxError("ofx.depth", f"elements are nested deeper than {DEPTH_MAX}")
        if name in STATEMENTS:
            self._open_statement(name)
        elif name in _TRANSACTIONS:
            self._open_transaction(name, offset)
        elif name == "STATUS":
            self._status = {}
        elif name == "OFX":
            if self._open:
                self._misplaced("<OFX> stands inside another")
        elif name in _INVESTMENTS:
            self._notes.once("ofx.investments", "trades and positions are not read, only movements of money")
        self._open.append(name)

    def end(self, name: str, text: str) -> None:
        """Follow an end tag with the text behind it. Raises `UnreadableOfxError`."""
        self._leaf, leaf = "", self._leaf
        if name not in AGGREGATES:
            self.pass_text(text)
            if self._transaction is not None and name in _GUARDED and name != leaf:
                self._misplaced(f"</{name}> ends what did not begin")
            return
        if not self._open or self._open[-1] != name:
            self._misplaced(f"</{name}> stands in <{self._open[-1]}>" if self._open else f"</{name}> ends nothing")
        while name in self._open:
            closed = self._open.pop()
            self._close(closed)
            if closed == name:
                break
        self.pass_text(text)

    def pass_text(self, text: str) -> None:
        """Follow text that belongs to no element. Raises `UnreadableOfxError` behind the end of the response."""
        stray = text.strip(_AROUND)
        if stray and self.is_complete:
            raise UnreadableOfxError("ofx.trailing", f"{shown(stray)} stands behind the end of the response")
        if stray:
            self._notes.once("ofx.stray_text", f"{shown(stray)} stands between elements")

    def take_entries(self) -> list[list[StatementEntry]]:
        """The entries that were read since the last time, those of transactions that wait included.

        Raises `UnreadableOfxError`.
        """
        self._flush()
        entries, self._entries = self._entries, []
        return entries

    def finish(self) -> None:
        """Read what waits, and report a statement that did not end."""
        self._flush()
        self._close_statement()

    def _misplaced(self, what: str) -> None:
        """Tell a fault of the structure. Raises `UnreadableOfxError` where there are so many that it is lost."""
        self._fault_count += 1
        if self._fault_count > FAULTS_MAX:
            raise UnreadableOfxError("ofx.nesting", f"more than {FAULTS_MAX} tags are missing or too many")
        self._notes.add(Rule.SYNTAX, "ofx.nesting", f"{what}; a tag is missing or too many")

    def _close(self, name: str) -> None:
        if name in _TRANSACTIONS and self._transaction is not None:
            self._waiting.append(self._transaction)
            self._transaction = None
            if len(self._waiting) >= ROWS_KEPT_MAX:
                self._flush()
        elif name in STATEMENTS:
            self._flush()
            if self._statement is not None and self._statement.closing_minor is None and name != "INVSTMTRS":
                line = self._statement.line
                self._notes.once("ofx.balance_missing", "statement without a ledger balance", line=line)
            self._close_statement()
        elif name == "STATUS":
            self._check_status()
        elif name == "OFX":
            self.is_complete = True

    def _open_statement(self, name: str) -> None:
        # What was read before belongs to the statement before, or to none.
        self._flush()
        if self._statement is not None:
            self._misplaced(f"<{name}> stands inside another statement")
            self._close_statement()
        if len(self._notes.report.statements) >= STATEMENTS_MAX:
            raise UnreadableOfxError("ofx.too_many_statements", f"more than {STATEMENTS_MAX} statements in one stream")
        self.has_statement = True
        self._statement = _Statement(self._notes.line)
        self._transactions.begin_statement()

    def _open_transaction(self, name: str, offset: int | None) -> None:
        if not self.takes_transactions:
            where = f"in <{self._open[-1]}>" if self._open else "outside the response"
            self._misplaced(f"<{name}> stands {where}")
        if self._transaction is not None:
            self._waiting.append(self._transaction)
        is_pending = name == "STMTTRNP" or _PENDING in self._open
        self._transaction = _Transaction(is_pending, self._notes.line, offset)

    def _read_value(self, name: str, value: str) -> None:
        innermost = self._open[-1] if self._open else ""
        statement = self._statement
        if self._transaction is not None:
            self._read_transaction_value(innermost, name, value)
        elif innermost == "STATUS":
            self._status[name] = read_text(value)
        elif innermost in ("FI", "SONRS"):
            self._flush()
            self._institution.setdefault(name, read_text(value))
        elif statement is None:
            return
        elif innermost in _ACCOUNTS:
            self._read_account(statement, name, read_text(value))
        elif name in _VALUES_OF_TRANSACTIONS:
            self._misplaced(f"{name} stands outside a transaction")
        elif innermost in _LISTS:
            statement.period.setdefault(name, value)
        elif innermost == "LEDGERBAL":
            self._read_balance(statement, name, value)
        elif name == "CURDEF" and innermost in STATEMENTS:
            self._read_currency(statement, value.upper())

    def _read_transaction_value(self, innermost: str, name: str, value: str) -> None:
        transaction = self._transaction
        if transaction is None:
            return
        prefix = "" if innermost in _TRANSACTIONS else _WITHOUT_PARENT.get(innermost)
        if prefix is None:
            return
        before = transaction.values.setdefault(prefix + name, value)
        if before != value and name in _GUARDED:
            message = f"{name} is {shown(before)} and {shown(value)} in one transaction"
            self._notes.add(Rule.INTEGRITY, "ofx.value_twice", message, field=name)

    def _read_account(self, statement: _Statement, name: str, value: str) -> None:
        self._flush()
        before = statement.account.setdefault(name, value)
        if before != value:
            message = f"{name} is {shown(before)} and {shown(value)} in one statement"
            self._notes.add(Rule.INTEGRITY, "ofx.value_twice", message, field=name)

    def _read_currency(self, statement: _Statement, currency: str) -> None:
        self._flush()
        if statement.currency and statement.currency != currency:
            message = f"CURDEF is {shown(statement.currency)} and {shown(currency)} in one statement"
            self._notes.add(Rule.INTEGRITY, "ofx.currency", message, field="CURDEF")
        statement.currency = currency

    def _read_balance(self, statement: _Statement, name: str, value: str) -> None:
        if name == "DTASOF":
            statement.period.setdefault(name, value)
        elif name == "BALAMT":
            if statement.balance_text not in (None, value):
                message = f"BALAMT of LEDGERBAL is {shown(statement.balance_text or '')} and {shown(value)}"
                self._notes.add(Rule.INTEGRITY, "ofx.balance", message, field="BALAMT")
            statement.balance_text = value
            if statement.currency not in MINOR_UNIT_DECIMALS:
                return
            try:
                statement.closing_minor = read_amount(value, statement.currency)
            except AmountError as error:
                self._notes.add(Rule.INTEGRITY, "ofx.balance", f"BALAMT of LEDGERBAL: {error}", field="BALAMT")

    def _check_status(self) -> None:
        code, severity = self._status.get("CODE", ""), self._status.get("SEVERITY", "").upper()
        message = f"the bank answers with status {shown(code)}, severity {shown(severity)}"
        if severity == ERROR_SEVERITY:
            what = f"{message}: what was asked for is not in the file"
            self._notes.add(Rule.INTEGRITY, "ofx.status", what, field="CODE")
        elif severity not in SEVERITIES or code.strip("0"):
            self._notes.once("ofx.status_noted", message)

    def _flush(self) -> None:
        """Turn the transactions that wait into entries, those of one kind and currency together, in their order."""
        waiting, self._waiting = self._waiting, []
        start = 0
        for place in range(1, len(waiting) + 1):
            if place == len(waiting) or _kind_of(waiting[place]) != _kind_of(waiting[start]):
                self._entries.append(self._read_kind(waiting[start:place]))
                start = place

    def _read_kind(self, transactions: list[_Transaction]) -> list[StatementEntry]:
        is_pending, currency, is_correction, has_counterparty = _kind_of(transactions[0])
        rows = Rows._make(zip(*(transaction.row() for transaction in transactions), strict=True))
        entries = self._read(rows, currency, posts=not (is_pending or is_correction))
        if is_correction:
            entries = [self._as_correction(entry, transactions[0]) for entry in entries]
        elif has_counterparty:
            number = read_text(transactions[0].values["TO.ACCTID"])
            entries = [entry._replace(payer_account=number) for entry in entries]
        return entries

    def _as_correction(self, entry: StatementEntry, transaction: _Transaction) -> StatementEntry:
        """A transaction that replaces or deletes one told before: not posted, since that one's money is not told."""
        action = read_text(transaction.values.get("CORRECTACTION", "")).upper()
        corrected = read_text(transaction.values.get("CORRECTFITID", ""))
        message = f"transaction corrects FITID {shown(corrected)} ({action or 'no action'}); a person must do it"
        self._notes.add(Rule.INTEGRITY, "ofx.correction", message, field="CORRECTFITID", line=entry.line)
        references = (corrected, *entry.references) if corrected else entry.references
        return entry._replace(purpose=Purpose.RETURN, return_reason=action or None, references=references)

    def _read(self, rows: Rows, currency: str, *, posts: bool) -> list[StatementEntry]:
        """Make the entries of rows and count them; none where account or currency is not known."""
        statement = self._statement
        if statement is None:
            return []
        currency = currency or statement.currency
        number = statement.account.get("ACCTID", "")
        if currency not in MINOR_UNIT_DECIMALS or not number:
            self._refuse(statement, currency, rows.lines[0])
            return []
        if currency != statement.currency:
            message = f"amount in {currency} in a statement in {shown(statement.currency)}; it is read as {currency}"
            self._notes.once("ofx.currency_of_transaction", message, line=rows.lines[0])
        account = Account(number, currency, self._identity_of(statement))
        entries = self._transactions.read(rows, account, posts=posts)
        statement.counts.setdefault(currency, Count()).add(entries)
        return entries

    def _refuse(self, statement: _Statement, currency: str, line: int) -> None:
        """Tell, once for each statement, why its transactions are not read."""
        if currency in MINOR_UNIT_DECIMALS:
            rule, what = "ofx.account", "no ACCTID stands before the transactions"
        else:
            rule, what = "ofx.currency", f"CURDEF is {shown(currency)}, no ISO 4217 currency"
        told = f"refused {rule}"
        if told not in statement.period:
            statement.period[told] = ""
            self._notes.add(Rule.INTEGRITY, rule, f"{what}; it is not known what the amounts are worth", line=line)

    def _identity_of(self, statement: _Statement) -> tuple[str, ...]:
        institution, account = self._institution, statement.account
        bank = account.get("BANKID", account.get("BROKERID", ""))
        if branch := account.get("BRANCHID"):
            bank = f"{bank}/{branch}"
        owner = institution.get("FID") or institution.get("ORG") or institution.get("INTU.BID") or ""
        return ("ofx", owner, bank, account.get("ACCTID", ""), account.get("ACCTTYPE", ""))

    def _close_statement(self) -> None:
        statement, self._statement = self._statement, None
        if statement is None:
            return
        own = statement.currency if statement.currency in MINOR_UNIT_DECIMALS else None
        if own is None or not statement.counts:
            self._notes.report.statements.append(self._summary(statement, own, Count()))
        for currency, count in statement.counts.items():
            self._notes.report.statements.append(self._summary(statement, currency, count))

    def _summary(self, statement: _Statement, currency: str | None, count: Count) -> StatementSummary:
        period = {name: text.strip(BLANKS)[:8] for name, text in statement.period.items()}
        days = [period.get(name, "") for name in ("DTSTART", "DTEND", "DTASOF")]
        return StatementSummary(
            bank_account=statement.account.get("ACCTID", ""),
            currency=currency,
            identity=(*self._identity_of(statement), currency or "", *days),
            first_day=read_day(days[0]) or count.first_day,
            last_day=read_day(days[1]) or count.last_day,
            sequence_number=None,
            opening_minor=None,
            closing_minor=statement.closing_minor if currency == statement.currency else None,
            entry_count=count.credit_count + count.debit_count,
            credit_count=count.credit_count,
            credit_minor=count.credit_minor,
            debit_count=count.debit_count,
            debit_minor=count.debit_minor,
            return_count=count.return_count,
            change_count=0,
            chain=None,
            is_correction=False,
        )


def _kind_of(transaction: _Transaction) -> tuple[bool, str, bool, str]:
    """What transactions read together have in common: pending, currency, whether they correct, the other account."""
    values = transaction.values
    is_correction = "CORRECTFITID" in values or "CORRECTACTION" in values
    # A correction is told by itself, with the transaction that it corrects.
    alone = f"{transaction.line} {transaction.offset}" if is_correction else values.get("TO.ACCTID", "")
    currency = values.get("CURRENCY.CURSYM", "").strip(BLANKS).upper()
    return transaction.is_pending, currency, is_correction, alone
