"""Words that tell what a column or a code of a delimited file is about, in the languages of common exports."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

ROLES: Final[dict[str, tuple[str, ...]]] = {
    "balance": ("balance", "saldo", "solde", "kontostand"),
    "fee": ("fee", "fees", "commission", "gebuhr", "gebuhren", "frais", "comision", "kosten"),
    "net": ("net", "netto", "neto"),
    "credit": ("credit", "haben", "gutschrift", "abono", "haber", "deposit", "deposits", "incoming", "paidin"),
    "debit": ("debit", "soll", "belastung", "cargo", "debe", "withdrawal", "withdrawals", "outgoing", "paidout"),
    "amount": ("amount", "betrag", "montant", "importe", "importo", "gross", "brutto", "umsatz", "valor", "bedrag"),
    "value": ("value", "valuta", "wertstellung", "wert", "valeur"),
    "booked": (
        *("booked", "booking", "buchung", "buchungstag", "buchungsdatum", "posted", "posting", "settlement", "settled"),
        *("date", "datum", "fecha", "data", "day", "tag"),
    ),
    "status": ("status", "state", "zustand", "estado", "etat"),
    "type": ("type", "typ", "kind", "category", "art", "tipo", "event"),
    "flag": ("dc", "cd", "drcr", "crdr", "sign", "indicator", "direction", "sh", "kennzeichen"),
    "currency": ("currency", "ccy", "wahrung", "waehrung", "devise", "moneda", "divisa", "valuta"),
    "account": ("account", "konto", "kontonummer", "compte", "cuenta", "iban", "merchant", "entity"),
    "mandate": ("mandate", "mandat", "mandatsreferenz", "mandato"),
    "reason": ("reason", "grund", "motif", "motivo"),
    "reference": (
        *("reference", "ref", "referenz", "referencia", "invoice", "policy", "order", "contract", "rechnung"),
        *("endtoend", "external", "number", "nummer", "nr"),
    ),
    "identifier": ("id", "uuid", "identifier", "key", "guid"),
    "payer": (
        "payer",
        "name",
        "counterparty",
        "debtor",
        "customer",
        "auftraggeber",
        "zahler",
        "payee",
        "nombre",
        "nom",
    ),
    "text": (
        *("text", "description", "details", "memo", "narrative", "purpose", "verwendungszweck", "buchungstext"),
        *("libelle", "concepto", "descripcion", "omschrijving", "comment", "note", "remittance"),
    ),
    "minor": ("minor", "cents", "pence", "subunit"),
}
"""Words of column names by what they tell; folded: without accents, in lower case."""

CREDIT_FLAGS: Final = frozenset({"c", "cr", "crdt", "credit", "h", "haben", "+", "in", "deposit"})
DEBIT_FLAGS: Final = frozenset({"d", "dr", "dbit", "debit", "s", "soll", "-", "out", "withdrawal"})
"""Values that say which way money went."""

STATES: Final[dict[str, tuple[str, ...]]] = {
    "posts": (
        *("completed", "complete", "settled", "succeeded", "success", "successful", "paid", "booked", "posted"),
        *("cleared", "processed", "gebucht"),
    ),
    "pends": ("pending", "processing", "submitted", "authorized", "authorised", "created", "open", "vorgemerkt"),
    "ignored": ("failed", "cancelled", "canceled", "declined", "rejected", "voided", "expired", "void", "abgelehnt"),
}
"""Words of states by what they mean for money."""

PURPOSES: Final[dict[str, tuple[str, ...]]] = {
    "return": (
        *("refund", "refunded", "return", "returned", "chargeback", "reversal", "reversed", "dispute", "rejection"),
        *("ruckgabe", "rucklastschrift", "erstattung", "devolucion"),
    ),
    "fee": ("fee", "fees", "commission", "gebuhr", "entgelt", "frais"),
    "payout": ("payout", "payouts", "settlement"),
    "payment": (
        *("payment", "sale", "capture", "captured", "charge", "purchase", "deposit", "receipt", "credit", "debit"),
        *("zahlung", "lastschrift", "uberweisung", "gutschrift"),
    ),
}
"""Words of types by what they mean, the first that is found counts: `refund of a payment` is a return."""

_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD: Final = re.compile(r"[a-z0-9]+")


def words_of(text: str) -> tuple[str, ...]:
    """The words of a name, folded: `Buchungs-Tag` and `bookedOn` have two."""
    folded = unicodedata.normalize("NFKD", _CAMEL.sub(" ", text)).casefold().replace("ß", "ss")
    return tuple(_WORD.findall("".join(each for each in folded if not unicodedata.combining(each))))


def has_role(name: str, role: str) -> bool:
    """Whether a column name has a word of a role."""
    words = words_of(name)
    return any(word in words for word in ROLES[role]) or "".join(words) in ROLES[role]


def rank_of(name: str, role: str) -> int:
    """How early a word of a name stands among those of a role: the earlier, the more it tells."""
    words = words_of(name)
    return min((place for place, word in enumerate(ROLES[role]) if word in words), default=len(ROLES[role]))


def meaning_of(code: str, table: Mapping[str, Sequence[str]]) -> str | None:
    """What a code stands for by its words; None where none is known."""
    words = words_of(code)
    return next((meaning for meaning, known in table.items() if any(word in known for word in words)), None)
