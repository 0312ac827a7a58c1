"""Movements of a block of rows, column by column: account, currency, days, amount, fee, and what they are."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import compress
from operator import add, neg, sub
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar, cast

from pawledger.bank_files.delimited import RowBlock
from pawledger.bank_files.mapped_csv.amounts import NumberReader
from pawledger.bank_files.mapped_csv.days import DayTexts
from pawledger.bank_files.mapped_csv.rows import MappedRows
from pawledger.bank_files.mapped_csv.rules import ColumnName, Columns, Source
from pawledger.bank_files.provider_rows import Notes, shown
from pawledger.bank_files.records import Purpose
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS

if TYPE_CHECKING:
    from pawledger.bank_files.mapped_csv.mapping import CsvMapping

SPELLINGS_MAX: Final = 10_000
"""Most spellings of codes that are remembered: there are some dozen codes, each in one spelling."""

_IGNORED: Final = "ignored"
_UNKNOWN: Final = "unknown"
_PENDS: Final = "pends"
_POSTS: Final = "posts"
_Code = TypeVar("_Code", str, int)


class Movements(NamedTuple):
    """Columns of the rows of a block whose money is certain, all of the same length."""

    rows: list[list[str]]
    lines: list[int]
    accounts: list[str]
    currencies: list[str]
    booked: list[date]
    value: list[date | None]
    amounts: list[int]
    """Minor units, positive is money in."""
    fees: list[int]
    """The same for what was charged or given back."""
    posts: list[bool]
    purposes: list[Purpose]
    type_codes: list[str]


class MovementReader:
    """Reads rows by the rules of one mapping; rows whose money is not certain are told and left out."""

    def __init__(self, mapping: "CsvMapping", source: MappedRows, notes: Notes) -> None:
        self._mapping = mapping
        self._source = source
        self._notes = notes
        self.numbers = NumberReader(mapping.amount.number)
        self._days = DayTexts(mapping.days.formats)
        status = mapping.status
        self._states = _Codes(
            {
                **dict.fromkeys(status.ignored if status else (), _IGNORED),
                **dict.fromkeys(status.pends if status else (), _PENDS),
                **dict.fromkeys(status.posts if status else (), _POSTS),
            }
        )
        self._purposes = _Codes({code: purpose or _IGNORED for code, purpose in mapping.type.purposes})
        amount = mapping.amount
        self._signs = _Codes({**dict.fromkeys(amount.credit_values, 1), **dict.fromkeys(amount.debit_values, -1)})

    def read(self, block: RowBlock) -> Movements:
        """The movements of a block."""
        rows = self._read_types(self._read_states(block))
        bad: set[int] = set()
        money = self._read_money(rows, bad)
        if bad:
            # What is left is certain, so that nothing is told a second time.
            rows = rows.without(bad)
            money = self._read_money(rows, set())
        return Movements(rows.rows, rows.lines, *money, rows.posts, rows.purposes, rows.type_codes)

    def _read_states(self, block: RowBlock) -> "_Rows":
        """The rows whose money moved or is announced."""
        rows, lines = list(block.rows), list(block.lines)
        status = self._mapping.status
        if status is None:
            return _Rows(rows, lines, [True] * len(rows), [], [])
        texts = self._source.joined(rows, status.columns)
        states = self._states.find(texts, _UNKNOWN)
        found = _Rows(rows, lines, [state == _POSTS for state in states], [], [])
        left_out = {place for place, state in enumerate(states) if state in (_UNKNOWN, _IGNORED)}
        for place in sorted(left_out):
            if states[place] == _UNKNOWN:
                message = (
                    f"{shown(texts[place])} is not a state that is known, it is not certain whether the money moved"
                )
                self._notes.wrong("status_unknown", message, lines[place], field=_name_of(status.columns))
        return found.without(left_out) if left_out else found

    def _read_types(self, found: "_Rows") -> "_Rows":
        """The rows that are movements, with what they are."""
        rule = self._mapping.type
        rows, lines, posts = found.rows, found.lines, found.posts
        if not rule.columns:
            return _Rows(rows, lines, posts, [rule.fixed] * len(rows), [""] * len(rows))
        texts = self._source.joined(rows, rule.columns)
        codes = self._purposes.find(texts, _UNKNOWN)
        left_out: set[int] = set()
        purposes = codes
        if _UNKNOWN in codes or _IGNORED in codes:
            left_out = {place for place, code in enumerate(codes) if code == _IGNORED}
            for place, code in enumerate(codes):
                if code == _UNKNOWN and texts[place].strip("/"):
                    message = f"type {shown(texts[place])} is not known, taken for a {rule.fixed.value}"
                    self._notes.once("type_unknown", message, lines[place], key=texts[place].casefold())
            purposes = [rule.fixed if code == _UNKNOWN else code for code in codes]
        typed = _Rows(rows, lines, posts, cast("list[Purpose]", purposes), texts)
        return typed.without(left_out) if left_out else typed

    def _read_money(self, found: "_Rows", bad: set[int]) -> "_Money":
        rows, lines = found.rows, found.lines

        def refuse(columns: Columns) -> Callable[[int, str, str], None]:
            def tell(place: int, rule: str, message: str) -> None:
                bad.add(place)
                self._notes.wrong(rule, message, lines[place], field=_name_of(columns))

            return tell

        accounts = self._read_source(rows, self._mapping.account)
        for place in _places_of("", accounts) if "" in accounts else ():
            refuse(self._mapping.account.columns)(place, "account_missing", "row names no account")
        currencies = self._read_currencies(rows, refuse)
        booked = self._read_days(rows, self._mapping.days.booked, refuse, is_needed=True)
        value = self._read_days(rows, self._mapping.days.value, refuse, is_needed=False)
        amounts = self._read_amounts(rows, currencies, refuse)
        fees = self._read_fees(rows, currencies, refuse)
        self._check_nets(rows, currencies, list(map(add, amounts, fees)), refuse)
        # Rows without a day are refused.
        return accounts, currencies, cast("list[date]", booked), value, amounts, fees

    def _read_currencies(self, rows: list[list[str]], refuse: "_Refusing") -> list[str]:
        currencies = self._read_source(rows, self._mapping.currency)
        if MINOR_UNIT_DECIMALS.keys() >= set(currencies):
            return currencies
        currencies = [currency.upper() for currency in currencies]
        for place, currency in enumerate(currencies):
            if currency not in MINOR_UNIT_DECIMALS:
                message = f"{shown(currency)} is not an ISO 4217 currency"
                refuse(self._mapping.currency.columns)(place, "currency", message)
        return currencies

    def _read_source(self, rows: list[list[str]], source: Source) -> list[str]:
        if source.fixed is not None:
            return [source.prefix + source.fixed] * len(rows)
        texts = self._source.texts(rows, source.columns)
        return [source.prefix + text if text else "" for text in texts] if source.prefix else texts

    def _read_days(
        self, rows: list[list[str]], columns: Columns, refuse: "_Refusing", *, is_needed: bool
    ) -> list[date | None]:
        if not columns:
            return [None] * len(rows)
        texts = self._source.texts(rows, columns)
        days, cut = self._days, self._days.cut
        found = [days[text] for text in texts] if cut is None else [days[text[:cut]] for text in texts]
        if None in found:
            for place in _places_of(None, found):
                if is_needed or texts[place]:
                    message = f"{shown(texts[place])} is not a day written {' or '.join(self._mapping.days.formats)}"
                    refuse(columns)(place, "day", message)
        return found

    def _read_amounts(self, rows: list[list[str]], currencies: list[str], refuse: "_Refusing") -> list[int]:
        rule = self._mapping.amount
        if rule.sign == "columns":
            amounts = self._read_two_columns(rows, currencies, refuse)
        else:
            texts = self._source.texts(rows, rule.columns)
            amounts = self.numbers.read_column(texts, currencies, refuse(rule.columns))
        if rule.sign == "flag":
            amounts = self._sign_by_flag(rows, amounts, refuse)
        return list(map(neg, amounts)) if rule.inverted else amounts

    def _sign_by_flag(self, rows: list[list[str]], amounts: list[int], refuse: "_Refusing") -> list[int]:
        rule = self._mapping.amount
        flags = self._source.joined(rows, rule.flag)
        signs = self._signs.find(flags, 0)
        signed = []
        for place, (sign, amount) in enumerate(zip(signs, amounts, strict=True)):
            if not sign:
                message = f"{shown(flags[place])} says neither money in nor money out"
                refuse(rule.flag)(place, "flag_unknown", message)
            elif amount < 0 and (sign > 0 or rule.minus == "refused"):
                refuse(rule.columns)(place, "amount_sign", "amount is negative, and its direction is told otherwise")
            signed.append((sign or 1) * abs(amount))
        return signed

    def _read_two_columns(self, rows: list[list[str]], currencies: list[str], refuse: "_Refusing") -> list[int]:
        rule = self._mapping.amount
        credit_texts = self._source.texts(rows, rule.credit)
        debit_texts = self._source.texts(rows, rule.debit)
        incoming = self.read_optional(credit_texts, currencies, refuse(rule.credit))
        outgoing = self.read_optional(debit_texts, currencies, refuse(rule.debit))
        for place, (credit, debit) in enumerate(zip(incoming, outgoing, strict=True)):
            if credit and debit:
                message = "row has an amount for money in and one for money out"
                refuse(rule.debit)(place, "both_sides", message)
            elif not credit and not debit and not credit_texts[place] and not debit_texts[place]:
                refuse(rule.credit)(
                    place, "amount_missing", "row has neither an amount for money in nor one for money out"
                )
            if credit < 0 or (debit < 0 and rule.minus == "refused"):
                message = "amount is negative, and its column tells the direction"
                refuse(rule.credit if credit < 0 else rule.debit)(place, "amount_sign", message)
        return list(map(sub, incoming, map(abs, outgoing)))

    def read_optional(
        self, texts: list[str], currencies: list[str], tell: Callable[[int, str, str], None]
    ) -> list[int]:
        """Amounts of a column that may be empty, which is zero."""
        if "" in texts:
            number = self._mapping.amount.number
            decimals = MINOR_UNIT_DECIMALS.get(currencies[0], 0) if number.unit == "major" else 0
            zero = f"0{number.decimal}{'0' * decimals}" if decimals else "0"
            texts = [text or zero for text in texts]
        return self.numbers.read_column(texts, currencies, tell)

    def _read_fees(self, rows: list[list[str]], currencies: list[str], refuse: "_Refusing") -> list[int]:
        rule = self._mapping.fees
        fees = [0] * len(rows)
        for column in rule.columns if rule is not None else ():
            texts = self._source.texts(rows, (column,))
            fees = list(map(add, fees, self.read_optional(texts, currencies, refuse((column,)))))
        return list(map(neg, fees)) if rule is not None and rule.sign == "cost" else fees

    def _check_nets(
        self, rows: list[list[str]], currencies: list[str], expected: list[int], refuse: "_Refusing"
    ) -> None:
        """Compare the column that tells amount less fee with what they come to."""
        rule = self._mapping.fees
        if rule is None or not rule.net:
            return
        nets = self.numbers.read_column(self._source.texts(rows, rule.net), currencies, refuse(rule.net))
        nets = list(map(neg, nets)) if self._mapping.amount.inverted else nets
        if nets == expected:
            return
        for place, (net, total) in enumerate(zip(nets, expected, strict=True)):
            if net != total:
                message = f"net is {net} minor units, amount and fee come to {total}"
                refuse(rule.net)(place, "row_net", message)


class _Rows(NamedTuple):
    """Rows and what their codes mean."""

    rows: list[list[str]]
    lines: list[int]
    posts: list[bool]
    purposes: list[Purpose]
    type_codes: list[str]

    def without(self, places: set[int]) -> "_Rows":
        """The rows but those at some places."""
        kept = [place not in places for place in range(len(self.rows))]
        return _Rows(
            list(compress(self.rows, kept)),
            list(compress(self.lines, kept)),
            list(compress(self.posts, kept)),
            list(compress(self.purposes, kept)),
            list(compress(self.type_codes, kept)),
        )


_Money = tuple[list[str], list[str], list[date], list[date | None], list[int], list[int]]
"""Accounts, currencies, booked and value days, amounts and fees."""
_Refusing = Callable[[Columns], Callable[[int, str, str], None]]


class _Codes(Generic[_Code]):
    """What the values of a code column mean, whatever their case."""

    def __init__(self, table: Mapping[str, _Code]) -> None:
        self._table: Mapping[str, _Code] = table
        self._spellings: dict[str, _Code] = {}

    def find(self, texts: Sequence[str], unknown: _Code) -> list[_Code]:
        """The meaning of each text, `unknown` where it has none."""
        spellings = self._spellings
        if not spellings.keys() >= set(texts):
            for text in set(texts) - spellings.keys():
                folded = text.casefold()
                if folded in self._table and len(spellings) < SPELLINGS_MAX:
                    spellings[text] = self._table[folded]
        return [spellings.get(text, unknown) for text in texts]


def _name_of(columns: Sequence[ColumnName]) -> str | None:
    return str(columns[0]) if columns else None


def _places_of(value: object, column: Sequence[object]) -> list[int]:
    return [place for place, each in enumerate(column) if each == value]
