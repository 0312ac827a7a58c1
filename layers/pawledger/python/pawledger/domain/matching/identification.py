"""Identification: whose money a payment is, by a ladder of rungs of which the first that is certain ends the search.

Nothing is ever guessed: where no rung is certain, the answer names no account but candidates, each with what speaks for
it and what it lacks. Source of the rungs: decision 0070.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pawledger.domain.matching.candidate_scores import Evidence, lacks_of, score_of, weigh_amount
from pawledger.domain.matching.cut_off_references import NUMBERS_APART, CutOffReference, find_cut_off
from pawledger.domain.matching.payer_sums import find_ways, payable_sums
from pawledger.domain.matching.payment_clues import (
    AccountBook,
    Candidate,
    Identification,
    OpenAccount,
    Part,
    PaymentClues,
    Rung,
)
from pawledger.domain.matching.payment_references import (
    InvoiceAddress,
    find_numeric_readings,
    find_readings,
    names_another_creditor,
    read_creditor_reference,
    read_numeric_reference,
)
from pawledger.domain.matching.reference_corrections import find_corrections

IDENTIFICATION_VERSION: Final = 2
"""Grows with every change of the rules, so that an old decision is read by the rules that made it."""

COMPUTED_NUMBER_MAX: Final = 60
"""Invoice numbers up to which a reference is believed without asking: five years of monthly invoices. Of what only
happens to have right check digits, one in 160 has such a number."""

NAMED_ACCOUNTS_MAX: Final = 20
"""Different accounts that one payment may name; a household pays for a handful."""

PAYER_ACCOUNTS_MAX: Final = 8
"""Accounts of one payer that are looked at; who pays for more is a company, and its payments carry references."""

CANDIDATES_MAX: Final = 5
"""As many as a person reads before looking further."""

MARK_CHARACTERS_MIN: Final = 10
"""A shorter id is a number within a batch, or a word."""

_Parts = tuple[Part, ...]
_Readings = tuple[tuple[InvoiceAddress, ...], ...]
"""What is written in each place of a payment; of several readings of one place at most one is meant."""


@dataclass(slots=True)
class _Search:
    """One payment on its way up the ladder, with what was found out on the rungs that were not certain."""

    clues: PaymentClues
    book: AccountBook
    accounts: dict[str, OpenAccount] = field(default_factory=dict)
    evidence: dict[str, dict[Evidence, None]] = field(default_factory=dict)
    invoice_ids: dict[str, dict[str, None]] = field(default_factory=dict)
    hinted_ids: frozenset[str] = frozenset()
    """Accounts to which something written in the payment leads, though not for certain: one of them is meant."""
    damaged: dict[InvoiceAddress, Evidence] = field(default_factory=dict)
    """Issued invoices of which one may be meant by a reference that is damaged, each with how it would be."""
    is_damaged_whole: bool = True
    cut_off: tuple[CutOffReference, ...] = ()
    would_change: str = "reference"
    _payer_ids: tuple[str, ...] | None = None

    def look_up(self, account_ids: Iterable[str]) -> None:
        """Ask the book for accounts that it was not asked for yet."""
        unknown = [account_id for account_id in account_ids if account_id not in self.accounts]
        if unknown:
            self.accounts.update(self.book.find_accounts(unknown))

    def hint(self, addresses: Iterable[InvoiceAddress], found: Evidence) -> tuple[InvoiceAddress, ...]:
        """Ask for the accounts of invoices that may be meant, keep those issued as evidence, and return them."""
        possible = tuple(addresses)
        if not possible:
            return ()
        self.look_up(_accounts_of(possible))
        issued = tuple(address for address in possible if _is_issued(address, self.accounts))
        self.hinted_ids |= frozenset(_accounts_of(issued))
        for address in issued:
            self.note(address.account_id, found, invoice_id_of(address))
        return issued

    def note(self, account_id: str, found: Evidence, *invoice_ids: str) -> None:
        """Keep what speaks for an account."""
        self.evidence.setdefault(account_id, {})[found] = None
        self.invoice_ids.setdefault(account_id, {}).update(dict.fromkeys(invoice_ids))

    @property
    def payer_ids(self) -> tuple[str, ...]:
        """The accounts that the payer paid before, of those that are there."""
        if self._payer_ids is None:
            key = self.clues.payer_key
            known = self.book.find_payer(key)[:PAYER_ACCOUNTS_MAX] if key else ()
            self.look_up(known)
            self._payer_ids = tuple(account_id for account_id in known if account_id in self.accounts)
            for account_id in self._payer_ids:
                self.note(account_id, Evidence.PAYER)
        return self._payer_ids

    def weigh(self, account_id: str) -> Evidence | None:
        """Whether the amount is what is open of the account."""
        account = self.accounts.get(account_id)
        if account is None or account.currency != self.clues.currency:
            return None
        return weigh_amount(self.clues.amount_minor, account.open_invoices)


def identify_payment(clues: PaymentClues, book: AccountBook) -> Identification:
    """Whose money a payment is. The same clues and the same answers of the book always give the same answer.

    Where our references in letters name one account, the book is asked nothing.
    """
    written = _find_letters(clues)
    readings = _leave_out_doubtful(written, book)
    if readings:
        is_lasting = len(_accounts_of(_different(written))) == 1
        return _follow_references(clues, readings, Rung.REFERENCE, book, is_lasting=is_lasting)
    readings = _find_issued_digits(clues, book)
    if readings:
        return _follow_references(clues, readings, Rung.DIGITS, book)
    search = _Search(clues, book)
    if any(map(names_another_creditor, (*clues.references, clues.text))):
        parts = _follow_mandate(search)
        # One in 97 damaged references of ours looks like another creditor's: whose it may be is told a person.
        _read_damaged(search)
        return _certain(search, parts, Rung.MANDATE) if parts else _abstain(search)
    for higher, climb in _RUNGS:
        parts = climb(search)
        if parts:
            return _certain(search, parts, higher)
    return _abstain(search)


def identify_return(clues: PaymentClues, book: AccountBook) -> Identification:
    """Whose payment is taken back, or given back again: by our reference, a mandate, or an id that the payment carried.

    What is open says nothing of what was paid, so that no amount is compared.
    """
    written = _find_letters(clues)
    readings, rung = _leave_out_doubtful(written, book), Rung.REFERENCE
    if not readings:
        readings, rung = _find_issued_digits(clues, book), Rung.DIGITS
    search = _Search(clues, book)
    addresses = _different(readings)
    if len(_accounts_of(addresses)) == 1:
        is_lasting = len(_accounts_of(_different(written))) == 1
        return _certain(search, (_part_of(addresses, clues.amount_minor),), rung, is_lasting=is_lasting)
    parts = () if addresses else _follow_mandate(search)
    if parts:
        return _certain(search, parts, Rung.MANDATE)
    account_id = None if addresses else _find_marked(search)
    marked = (Part(account_id, clues.amount_minor, ()),) if account_id else ()
    return _certain(search, marked, Rung.MARK) if marked else _abstain(search)


def invoice_id_of(address: InvoiceAddress) -> str:
    """Under which id the invoice of a payment reference stands among the open ones."""
    return f"{address.account_id}-{address.invoice_number:04d}"


def _find_letters(clues: PaymentClues) -> _Readings:
    """Our creditor references: what is one as a whole, else what stands inside a text."""
    whole = (read_creditor_reference(reference) for reference in clues.references)
    exact = tuple((address,) for address in whole if address)
    if exact:
        return exact
    return tuple(readings for text in (*clues.references, clues.text) for readings in find_readings(text))


def _leave_out_doubtful(readings: _Readings, book: AccountBook) -> _Readings:
    """Without references of invoice numbers that hardly an account reaches, unless these invoices were issued."""
    doubtful = [each for each in _different(readings) if not 1 <= each.invoice_number <= COMPUTED_NUMBER_MAX]
    if not doubtful:
        return readings
    accounts = book.find_accounts(_accounts_of(doubtful)[:NAMED_ACCOUNTS_MAX])
    sure = (tuple(each for each in place if each not in doubtful or _is_issued(each, accounts)) for place in readings)
    return tuple(place for place in sure if place)


def _find_issued_digits(clues: PaymentClues, book: AccountBook) -> _Readings:
    """Our references in digits whose invoices were issued: what is one as a whole, else what stands inside a text."""
    numbers = (read_numeric_reference(reference) for reference in clues.references)
    whole = _ask_issued(tuple((address,) for address in numbers if address), book)
    if whole:
        return whole
    texts = (*clues.references, clues.text)
    return _ask_issued(tuple(place for text in texts for place in find_numeric_readings(text)), book)


def _ask_issued(readings: _Readings, book: AccountBook) -> _Readings:
    if not readings:
        return ()
    return _keep_issued(readings, book.find_accounts(_accounts_of(_different(readings))[:NAMED_ACCOUNTS_MAX]))


def _follow_references(
    clues: PaymentClues, readings: _Readings, rung: Rung, book: AccountBook, *, is_lasting: bool = False
) -> Identification:
    """Where our references lead: to one account whatever the amount, to several where what is open adds up to it."""
    search = _Search(clues, book)
    addresses = _different(readings)
    if len(_accounts_of(addresses)) > 1:
        search.look_up(_accounts_of(addresses)[:NAMED_ACCOUNTS_MAX])
        addresses = _different(_settle_readings(readings, search.accounts))
    if len(_accounts_of(addresses)) == 1:
        return _certain(search, (_part_of(addresses, clues.amount_minor),), rung, is_lasting=is_lasting)
    for address in addresses:
        search.note(address.account_id, Evidence.NAMED, invoice_id_of(address))
    parts = _split(addresses, search)
    if parts:
        return _certain(search, parts, rung)
    search.would_change = "amount"
    return _abstain(search)


def _split(addresses: Sequence[InvoiceAddress], search: _Search) -> _Parts:
    """The parts of a payment for invoices of several accounts; none unless exactly what is open of all was paid."""
    named: dict[str, list[InvoiceAddress]] = {}
    for address in addresses:
        named.setdefault(address.account_id, []).append(address)
    parts = []
    for own in named.values():
        remaining = [_remaining_minor(address, search) for address in own]
        if not all(remaining):
            return ()
        parts.append(_part_of(own, sum(remaining)))
    is_all = sum(part.amount_minor for part in parts) == search.clues.amount_minor
    return tuple(parts) if is_all else ()


def _correct(search: _Search) -> _Parts:
    """Our reference with one typing error."""
    _read_damaged(search)
    _look_for_longer_ids(search)
    return _take_damaged(search, Evidence.CORRECTED)


def _complete(search: _Search) -> _Parts:
    """Our reference without its end, of which at least the first sign of the invoice number is left."""
    return _take_damaged(search, Evidence.CUT_OFF)


def _take_damaged(search: _Search, wanted: Evidence) -> _Parts:
    """The part for a damaged reference where exactly one invoice that may be meant has the amount open."""
    fitting = [each for each in search.damaged if _remaining_minor(each, search) == search.clues.amount_minor]
    if search.damaged:
        search.would_change = "reference" if len(fitting) > 1 else "amount"
    if len(fitting) != 1 or not search.is_damaged_whole or search.damaged[fitting[0]] is not wanted:
        return ()
    account_id = fitting[0].account_id
    if wanted is Evidence.CUT_OFF and not any(each.is_sure_of(account_id) for each in search.cut_off):
        return ()
    # A further number would agree with the check digits as well.
    if wanted is Evidence.CUT_OFF and search.accounts[account_id].invoice_count >= NUMBERS_APART:
        return ()
    # Of an account that the payer paid before an invoice may be meant that is paid already.
    if account_id not in search.payer_ids and not search.hinted_ids.isdisjoint(search.payer_ids):
        return ()
    return (_part_of(fitting, search.clues.amount_minor),)


def _read_damaged(search: _Search) -> None:
    """Find issued invoices that a reference may mean that has one typing error, or has lost its end."""
    texts = (*search.clues.references, search.clues.text)
    corrections = find_corrections(texts)
    search.is_damaged_whole = corrections.is_whole
    search.damaged = dict.fromkeys(search.hint(corrections.addresses, Evidence.CORRECTED), Evidence.CORRECTED)
    search.cut_off = find_cut_off(texts)
    completions = (address for each in search.cut_off for address in each.completions())
    for address in search.hint(completions, Evidence.CUT_OFF):
        search.damaged.setdefault(address, Evidence.CUT_OFF)


def _look_for_longer_ids(search: _Search) -> None:
    """Where not even the account id is whole that may be meant: what it may have been is a hint, and proves nothing."""
    if search.damaged:
        return
    for each in search.cut_off:
        own = [account_id for account_id in search.payer_ids if each.may_begin(account_id)]
        search.hint(map(each.address_in, dict.fromkeys((*own, *each.longer_ids()))), Evidence.CUT_OFF)


def _follow_mandate(search: _Search) -> _Parts:
    mandate_id = search.clues.mandate_id
    account_id = search.book.find_mandate(mandate_id) if mandate_id else None
    return (Part(account_id, search.clues.amount_minor, ()),) if account_id else ()


def _find_marked(search: _Search) -> str | None:
    """The one account of earlier payments with an id that is repeated here."""
    ids = [reference for reference in search.clues.references if _tells_apart(reference)]
    found = {account_id for reference in ids if (account_id := search.book.find_mark(reference))}
    search.look_up(found)
    search.hinted_ids |= found
    for account_id in found:
        search.note(account_id, Evidence.MARK)
    return found.pop() if len(found) == 1 else None


def _follow_mark(search: _Search) -> _Parts:
    """An id of a bank or provider that earlier payments of one account carried, where the amount fits.

    A bank account that is not known is a stranger's: its id is only like the one before.
    """
    account_id = _find_marked(search)
    if account_id is None or not search.weigh(account_id):
        return ()
    is_stranger = search.clues.payer_key is not None and account_id not in search.payer_ids
    return () if is_stranger else (Part(account_id, search.clues.amount_minor, ()),)


def _follow_payer(search: _Search) -> _Parts:
    """A known payer, where the amount is what is open of accounts that it paid before, in one way alone.

    What a damaged reference, or an id of an earlier payment, says of other accounts speaks against it.
    """
    known = search.payer_ids
    if not known:
        return ()
    sums = [_sums_of(search, account_id) for account_id in known]
    choices = [each for each in sums if each is not None]
    ways = find_ways(search.clues.amount_minor, choices) if len(choices) == len(known) else ()
    search.would_change = "reference" if len(ways) > 1 else "amount"
    if len(ways) != 1:
        return ()
    parts = tuple(Part(each, sum_minor, ()) for each, sum_minor in zip(known, ways[0], strict=True) if sum_minor)
    is_denied = search.hinted_ids and search.hinted_ids.isdisjoint(part.account_id for part in parts)
    # Of many accounts some add up to almost anything: the payer means one of them, or all that owe.
    return () if is_denied or len(parts) not in (1, sum(map(bool, choices))) else parts


def _sums_of(search: _Search, account_id: str) -> tuple[int, ...] | None:
    """What a payer may mean of an account; nothing in another currency, None where it may be almost anything."""
    account = search.accounts[account_id]
    return payable_sums(account.open_invoices) if account.currency == search.clues.currency else ()


_RUNGS: Final[tuple[tuple[Rung, Callable[[_Search], _Parts]], ...]] = (
    (Rung.CORRECTION, _correct),
    (Rung.CUT_OFF, _complete),
    (Rung.MANDATE, _follow_mandate),
    (Rung.MARK, _follow_mark),
    (Rung.PAYER, _follow_payer),
)

_CERTAIN_BY: Final[Mapping[Rung, tuple[tuple[str, ...], str]]] = {
    Rung.REFERENCE: ((Evidence.NAMED,), "reference"),
    Rung.DIGITS: ((Evidence.NAMED,), "reference"),
    Rung.CORRECTION: ((Evidence.CORRECTED, Evidence.AMOUNT), "amount"),
    Rung.CUT_OFF: ((Evidence.CUT_OFF, Evidence.AMOUNT), "amount"),
    Rung.MANDATE: ((Rung.MANDATE,), "mandate"),
    Rung.MARK: ((Evidence.MARK, Evidence.AMOUNT), "amount"),
    Rung.PAYER: ((Evidence.PAYER, Evidence.AMOUNT), "amount"),
}
"""What agreed where a rung was certain, and the one field with which it would not be."""


def reasons_of(identified_by: str | None) -> tuple[tuple[str, ...], str | None]:
    """What agreed where a rung was certain, and the one field of the payment that decided; nothing where none was."""
    if identified_by not in list(Rung):
        return (), None
    return _CERTAIN_BY[Rung(identified_by)]


def _certain(search: _Search, parts: _Parts, rung: Rung, *, is_lasting: bool = False) -> Identification:
    matched, would_change = _CERTAIN_BY[rung]
    others: tuple[Candidate, ...] = ()
    if search.evidence:
        taken = {part.account_id for part in parts}
        others = _rank(search, [account_id for account_id in search.evidence if account_id not in taken])
    return Identification(parts, rung, IDENTIFICATION_VERSION, matched, others, would_change, is_lasting)


def _abstain(search: _Search) -> Identification:
    candidates = _rank(search, search.evidence)
    matched = candidates[0].matched if candidates else ()
    return Identification((), None, IDENTIFICATION_VERSION, matched, candidates, search.would_change)


def _rank(search: _Search, account_ids: Iterable[str]) -> tuple[Candidate, ...]:
    candidates = []
    for account_id in account_ids:
        amount = search.weigh(account_id)
        found = [*search.evidence[account_id], *([amount] if amount else [])]
        candidates.append(
            Candidate(account_id, tuple(search.invoice_ids[account_id]), score_of(found), tuple(found), lacks_of(found))
        )
    return tuple(sorted(candidates, key=lambda candidate: (-candidate.score, candidate.account_id))[:CANDIDATES_MAX])


def _different(readings: _Readings) -> tuple[InvoiceAddress, ...]:
    if len(readings) == 1:
        return readings[0]
    return tuple(dict.fromkeys(address for place in readings for address in place))


def _accounts_of(addresses: Iterable[InvoiceAddress]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(address.account_id for address in addresses))


def _keep_issued(readings: _Readings, accounts: Mapping[str, OpenAccount]) -> _Readings:
    issued = (tuple(address for address in place if _is_issued(address, accounts)) for place in readings)
    return tuple(place for place in issued if place)


def _settle_readings(readings: _Readings, accounts: Mapping[str, OpenAccount]) -> _Readings:
    """Of several readings of one place the one that was issued: the others are a chance of the check digits."""
    settled = (_keep_issued((place,), accounts) if len(place) > 1 else () for place in readings)
    return tuple(
        issued[0] if issued and len(issued[0]) == 1 else place for place, issued in zip(readings, settled, strict=True)
    )


def _is_issued(address: InvoiceAddress, accounts: Mapping[str, OpenAccount]) -> bool:
    account = accounts.get(address.account_id)
    return account is not None and 1 <= address.invoice_number <= account.invoice_count


def _remaining_minor(address: InvoiceAddress, search: _Search) -> int:
    """What is open of an invoice in the payment's currency; nothing where it is not open, or in another currency."""
    account = search.accounts.get(address.account_id)
    if account is None or account.currency != search.clues.currency:
        return 0
    invoice_id = invoice_id_of(address)
    return sum(each.remaining_minor for each in account.open_invoices if each.invoice_id == invoice_id)


def _part_of(addresses: Sequence[InvoiceAddress], amount_minor: int) -> Part:
    return Part(addresses[0].account_id, amount_minor, tuple(map(invoice_id_of, addresses)))


def _tells_apart(reference: str) -> bool:
    """Whether a reference looks like an id and not like words, which strangers write as well."""
    return len(reference) >= MARK_CHARACTERS_MIN and " " not in reference and any(map(str.isdigit, reference))
