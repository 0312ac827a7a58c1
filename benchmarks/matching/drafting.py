"""How a line of each class is made."""

import random
from collections.abc import Callable, Sequence
from typing import Final

from benchmarks.matching.books import CURRENCIES, BilledAccount, Books, Payer
from benchmarks.matching.drawing import draw
from benchmarks.matching.foreign import write_foreign
from benchmarks.matching.judging import Draft, Split
from benchmarks.matching.pools import KnownPayer, Pools
from benchmarks.matching.shares import LineClass
from benchmarks.matching.typing_errors import (
    ONE_ERROR,
    Mistake,
    add_sign,
    confuse_signs,
    cut_off,
    err_twice,
    exchange_signs,
    miss_sign,
    mistake_sign,
)
from benchmarks.matching.wording import write_style, write_text, write_words
from pawledger.domain.books.entries import OpenInvoice
from pawledger.domain.matching.payment_references import InvoiceAddress, creditor_reference_of, numeric_reference_of

TOLERANCE_MINOR: Final = 100
"""What may be missing of an invoice and is not asked for: the example of a billing system's documentation, USD 1.00."""

OLDEST_SHARE: Final = 0.75
"""How often the oldest of several open invoices is paid."""
HIDDEN_SHARE: Final = 0.1
"""Lines on which the bank does not tell the payer's account."""
SPOILED_IN_FIELD_SHARE: Final = 0.2
"""Typing errors in the field for references: most banks refuse it there when its check digits are wrong."""
NUMERIC_IN_TEXT_SHARE: Final = 0.15
OTHER_AMOUNT_SHARE: Final = 0.05
"""Lines with a typing error that pay another amount as well."""
WRONG_SUM_SHARE: Final = 0.1
"""Lines with several references of which the amount is not the sum."""
RETURNS_REPEAT: Final = {"mandate": 50, "reference": 30, "id": 10, "nothing": 10}
"""What a return repeats of its payment, and how many of a hundred do: most returns are of direct debits."""

_MISTAKES: Final[dict[LineClass, Mistake]] = {
    LineClass.WRONG_SIGN: mistake_sign,
    LineClass.EXCHANGED_SIGNS: exchange_signs,
    LineClass.MISSING_SIGN: miss_sign,
    LineClass.EXTRA_SIGN: add_sign,
    LineClass.CONFUSED_SIGNS: confuse_signs,
    LineClass.TWO_ERRORS: err_twice,
    LineClass.TRUNCATED: cut_off,
}


class Drafter:
    """Makes drafts of lines about books that do not change."""

    def __init__(self, books: Books, chance: random.Random) -> None:
        self._books = books
        self._chance = chance
        self._pools = Pools(books)
        self._makers: dict[LineClass, Callable[[], Draft]] = {
            LineClass.STRUCTURED_REFERENCE: self._structured,
            LineClass.REFERENCE_IN_TEXT: self._in_text,
            LineClass.NUMERIC_REFERENCE: self._numeric,
            LineClass.MANDATE: self._mandate,
            LineClass.MARK: self._mark,
            LineClass.KNOWN_PAYER: self._known_payer,
            LineClass.NUMERIC_ERROR: self._numeric_error,
            LineClass.SEVERAL_REFERENCES: self._several,
            LineClass.BUNDLE: self._bundle,
            LineClass.PARTIAL: self._partial,
            LineClass.OVERPAYMENT: self._overpayment,
            LineClass.SHORT: self._short,
            LineClass.ALREADY_PAID: self._already_paid,
            LineClass.RETURN: self._return,
            LineClass.WRONG_CURRENCY: self._wrong_currency,
            LineClass.NEW_BANK_ACCOUNT: self._new_bank_account,
            LineClass.NEW_BANK_ACCOUNT_ONLY: self._new_bank_account_only,
            LineClass.OTHER_AMOUNT: self._other_amount,
            LineClass.FIRST_FOR_ACCOUNT: self._first_for_account,
            LineClass.UNKNOWN_PAYER: self._unknown_payer,
            LineClass.TWINS: self._twins,
            LineClass.FOREIGN: self._foreign,
            LineClass.EMPTY: self._empty,
        }

    def draft(self, line_class: LineClass) -> Draft:
        """A line of a class."""
        mistake = _MISTAKES.get(line_class)
        return self._spoiled(mistake) if mistake else self._makers[line_class]()

    def _structured(self) -> Draft:
        place = self._chance.choice(self._pools.open)
        return self._with_reference(place, self._pick_invoice(place))

    def _in_text(self) -> Draft:
        place = self._chance.choice(self._pools.open)
        return self._with_reference(place, self._pick_invoice(place), in_text=True)

    def _numeric(self) -> Draft:
        draft, reference = self._numeric_draft()
        draft.is_proven = True
        self._write_numeric(draft, reference)
        return draft

    def _numeric_error(self) -> Draft:
        draft, reference = self._numeric_draft()
        draft.spoiled = self._chance.choice(ONE_ERROR)(reference, self._chance)
        self._write_numeric(draft, draft.spoiled)
        return draft

    def _mandate(self) -> Draft:
        place = self._chance.choice(self._pools.mandated)
        draft = self._bare(place, [self._account(place).open_invoices[0]])
        draft.mandate_id, draft.is_proven = self._account(place).mandate_id, True
        draft.text = write_words(self._chance)
        return draft

    def _mark(self) -> Draft:
        place = self._chance.choice(self._pools.marked)
        draft = self._bare(place, [self._account(place).open_invoices[0]])
        draft.references, draft.is_proven = (self._account(place).mark,), True
        draft.bank_account = None
        return draft

    def _known_payer(self) -> Draft:
        known = self._chance.choice(self._pools.known)
        invoices = self._account(known.place).open_invoices
        paid = self._chance.choices((invoices[:1], invoices, invoices[:2]), (75, 15, 10))[0]
        return self._of_payer(known, [(known.place, paid)])

    def _several(self) -> Draft:
        """Several invoices of one account, or one of each account of a payer."""
        chance = self._chance
        chosen: list[tuple[int, Sequence[OpenInvoice]]]
        if chance.random() < 0.6:
            place = chance.choice(self._pools.several_open)
            chosen = [(place, self._account(place).open_invoices[: chance.choice((2, 2, 3))])]
            payer, bank_account = self._payer_of(place)
        else:
            known = chance.choice(self._pools.bundling)
            payer, bank_account = self._books.payers[known.payer_place], known.bank_account
            chosen = [(place, self._account(place).open_invoices[:1]) for place in self._open_places(known)]
        draft = self._draft(chosen, payer, bank_account)
        references = [_reference_of(invoice) for _, invoices in chosen for invoice in invoices]
        chance.shuffle(references)
        draft.text, draft.is_proven = write_text(chance, *references), True
        if chance.random() < WRONG_SUM_SHARE:
            draft.amount_minor = draft.amount_minor * chance.randint(50, 90) // 100
            draft.invoice_ids = ()
            draft.is_proven = len(chosen) == 1
            draft.parts = ((chosen[0][0], draft.amount_minor),) if len(chosen) == 1 else draft.parts
        return draft

    def _bundle(self) -> Draft:
        known = self._chance.choice(self._pools.bundling)
        whole = self._chance.random() < 0.7
        return self._of_payer(
            known,
            [(place, self._account(place).open_invoices[: None if whole else 1]) for place in self._open_places(known)],
        )

    def _partial(self) -> Draft:
        return self._changed(lambda amount_minor: amount_minor * self._chance.randint(30, 90) // 100)

    def _overpayment(self) -> Draft:
        return self._changed(
            lambda amount_minor: self._chance.choice(
                (
                    amount_minor * self._chance.randint(103, 150) // 100,
                    amount_minor * 2,
                    -(-amount_minor // 1000) * 1000,
                )
            )
        )

    def _short(self) -> Draft:
        return self._changed(lambda amount_minor: amount_minor - self._chance.randint(1, TOLERANCE_MINOR))

    def _already_paid(self) -> Draft:
        place = self._chance.choice(self._pools.settled)
        account = self._account(place)
        number = self._chance.randint(max(1, account.settled_count - 2), account.settled_count)
        draft = self._draft([(place, ())], *self._payer_of(place))
        draft.amount_minor, draft.is_proven = account.premium_minor, True
        draft.parts = ((place, draft.amount_minor),)
        reference = creditor_reference_of(InvoiceAddress(account.account_id, number))
        draft.references = (reference,)
        return draft

    def _return(self) -> Draft:
        """What the payer's bank repeats of the payment that it takes back differs from rail to rail."""
        chance = self._chance
        place = chance.choice(self._pools.returnable)
        account = self._account(place)
        draft = self._draft([(place, ())], *self._payer_of(place))
        draft.amount_minor = account.premium_minor
        draft.parts = ((place, draft.amount_minor),)
        draft.text = chance.choice(("RETOURE MD06", "RETURN AC04", "Rueckgabe Lastschrift", "REVERSAL AM04"))
        repeated = draw(chance, RETURNS_REPEAT)
        draft.is_proven = repeated != "nothing"
        if repeated == "mandate":
            draft.mandate_id = account.mandate_id
        elif repeated == "reference":
            reference = creditor_reference_of(InvoiceAddress(account.account_id, account.settled_count))
            draft.text += f" {reference}"
        elif repeated == "id":
            draft.references = (account.mark,)
        return draft

    def _wrong_currency(self) -> Draft:
        place = self._chance.choice(self._pools.open)
        draft = self._with_reference(place, self._pick_invoice(place), in_text=True)
        draft.currency = self._chance.choice([each for each in CURRENCIES if each != draft.currency])
        draft.invoice_ids = ()
        if self._chance.random() < 0.3:
            draft.text, draft.is_proven = write_words(self._chance), False
        return draft

    def _new_bank_account(self) -> Draft:
        draft = self._with_reference(place := self._chance.choice(self._pools.open), self._pick_invoice(place))
        draft.bank_account = self._fresh_bank_account()
        return draft

    def _new_bank_account_only(self) -> Draft:
        draft = self._known_payer()
        draft.bank_account = self._fresh_bank_account()
        return draft

    def _other_amount(self) -> Draft:
        draft = self._known_payer()
        draft.amount_minor = draft.amount_minor * self._chance.randint(70, 97) // 100
        draft.parts = ((draft.parts[0][0], draft.amount_minor),)
        draft.invoice_ids = draft.invoice_ids[:1]
        return draft

    def _first_for_account(self) -> Draft:
        known = self._chance.choice(self._pools.first_time)
        return self._of_payer(known, [(known.place, self._account(known.place).open_invoices[:1])])

    def _unknown_payer(self) -> Draft:
        place = self._chance.choice(self._pools.open)
        draft = self._bare(place, [self._pick_invoice(place)])
        draft.bank_account = None if self._chance.random() < 0.5 else self._fresh_bank_account()
        draft.text = write_words(self._chance)
        return draft

    def _twins(self) -> Draft:
        name, amount_minor, place = self._pools.draw_twin(self._chance)
        meant = next(each for each in self._account(place).open_invoices if each.remaining_minor == amount_minor)
        draft = self._bare(place, [meant])
        draft.name, draft.bank_account = name, self._fresh_bank_account()
        draft.text = write_words(self._chance)
        return draft

    def _foreign(self) -> Draft:
        place = self._chance.choice(self._pools.open)
        draft = self._bare(place, ())
        draft.amount_minor = self._account(self._chance.choice(self._pools.open)).premium_minor
        draft.parts = ()
        draft.references, draft.text, draft.is_foreign = write_foreign(self._chance)
        return draft

    def _empty(self) -> Draft:
        place = self._chance.choice(self._pools.open)
        draft = self._bare(place, [self._pick_invoice(place)])
        draft.bank_account = draft.name = None
        return draft

    def _spoiled(self, mistake: Mistake) -> Draft:
        chance = self._chance
        place = chance.choice(self._pools.open)
        invoice = self._pick_invoice(place)
        draft = self._bare(place, [invoice])
        right = _reference_of(invoice)
        draft.spoiled = mistake(right, chance)
        if mistake is cut_off:
            draft.lost_signs = len(right) - len(draft.spoiled)
            draft.text = " ".join((*write_words(chance).split(), draft.spoiled))
        elif chance.random() < SPOILED_IN_FIELD_SHARE:
            draft.references = (draft.spoiled,)
        else:
            draft.text = write_text(chance, draft.spoiled)
        if draft.spoiled == right:  # two errors may undo each other
            draft.is_proven = True
        elif mistake is err_twice and right.startswith(draft.spoiled):
            # Two signs missing may look like a lost end: what can be known does not depend on how it came about.
            draft.lost_signs = len(right) - len(draft.spoiled)
        if chance.random() < OTHER_AMOUNT_SHARE:
            self._set_amount(draft, draft.amount_minor * chance.randint(50, 130) // 100)
        return draft

    def _changed(self, change: Callable[[int], int]) -> Draft:
        """A right reference and another amount."""
        place = self._chance.choice(self._pools.open)
        draft = self._with_reference(place, self._pick_invoice(place), in_text=self._chance.random() < 0.5)
        self._set_amount(draft, change(draft.amount_minor))
        return draft

    def _with_reference(self, place: int, invoice: OpenInvoice, *, in_text: bool = False) -> Draft:
        draft = self._bare(place, [invoice])
        reference = _reference_of(invoice)
        draft.is_proven = True
        if in_text:
            draft.text = write_text(self._chance, reference)
        else:
            style = self._chance.choice(("plain", "plain", "plain", "grouped"))
            before = self._chance.choice(((), ("NOTPROVIDED",)))
            draft.references = (*before, write_style(reference, style, self._chance))
        return draft

    def _numeric_draft(self) -> tuple[Draft, str]:
        place = self._chance.choice(self._pools.open)
        invoice = self._pick_invoice(place)
        return self._bare(place, [invoice]), numeric_reference_of(_address_of(invoice))

    def _write_numeric(self, draft: Draft, reference: str) -> None:
        if self._chance.random() < NUMERIC_IN_TEXT_SHARE:
            draft.text = write_text(self._chance, reference)
        else:
            draft.references = (reference,)

    def _of_payer(self, known: KnownPayer, chosen: list[tuple[int, Sequence[OpenInvoice]]]) -> Draft:
        draft = self._draft(chosen, self._books.payers[known.payer_place], known.bank_account)
        draft.text = write_words(self._chance)
        return draft

    def _bare(self, place: int, invoices: Sequence[OpenInvoice]) -> Draft:
        return self._draft([(place, invoices)], *self._payer_of(place))

    def _draft(
        self, chosen: Sequence[tuple[int, Sequence[OpenInvoice]]], payer: Payer, bank_account: str | None
    ) -> Draft:
        parts: Split = tuple(sorted((place, sum(each.remaining_minor for each in paid)) for place, paid in chosen))
        return Draft(
            amount_minor=sum(amount_minor for _, amount_minor in parts),
            currency=self._account(parts[0][0]).currency,
            parts=parts,
            invoice_ids=tuple(each.invoice_id for _, paid in chosen for each in paid),
            bank_account=bank_account,
            name=payer.name,
        )

    def _set_amount(self, draft: Draft, amount_minor: int) -> None:
        draft.amount_minor = max(1, amount_minor)
        draft.parts = ((draft.parts[0][0], draft.amount_minor),)

    def _account(self, place: int) -> BilledAccount:
        return self._books.accounts[place]

    def _pick_invoice(self, place: int) -> OpenInvoice:
        invoices = self._account(place).open_invoices
        return invoices[0] if self._chance.random() < OLDEST_SHARE else self._chance.choice(invoices)

    def _payer_of(self, place: int) -> tuple[Payer, str | None]:
        payer = self._books.payers[self._chance.choice(self._account(place).payer_places)]
        is_hidden = self._chance.random() < HIDDEN_SHARE
        return payer, None if is_hidden else self._chance.choice(payer.bank_accounts)

    def _open_places(self, known: KnownPayer) -> list[int]:
        places = self._books.payers[known.payer_place].account_places
        return [place for place in places if self._account(place).open_invoices]

    def _fresh_bank_account(self) -> str:
        return f"FR{self._chance.getrandbits(70):022d}"


def _address_of(invoice: OpenInvoice) -> InvoiceAddress:
    account_id, _, number = invoice.invoice_id.rpartition("-")
    return InvoiceAddress(account_id, int(number))


def _reference_of(invoice: OpenInvoice) -> str:
    return creditor_reference_of(_address_of(invoice))
