"""Addenda of NACHA entries: why an entry came back, what changed, what a payment is for.

Source: Nacha Operating Rules, appendix three, addenda records 05, 10 to 18 (international), 98 and 99 with their
layouts for returns, dishonored returns, contested dishonored returns and refused notifications of change.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from pawledger.bank_files.nacha.codes import (
    CHANGE_CODES,
    CONTESTED_REASONS,
    DISHONORED_REASONS,
    REFUSED_CHANGES,
    RETURN_REASONS,
)
from pawledger.bank_files.nacha.fields import Notes, is_number, shown

REMITTANCES_MAX: Final = 100
"""Most addenda of one entry whose text is kept, 8,000 characters: 9,999 may follow one, for another program's eyes."""

_RETURN: Final = "799"
_CHANGE: Final = "798"
_REMITTANCE: Final = "705"
_KNOWN: Final = frozenset(("702", "705", "798", "799", *(f"7{number}" for number in range(10, 19))))
_REMITTANCES: Final = frozenset(("705", "717"))
_SEQUENCED: Final = frozenset(("705", "717", "718"))
"""Addenda that say at their end which number they have and to which entry they belong."""


class AddendaFacts(NamedTuple):
    """What the addenda of one entry say."""

    is_return: bool = False
    is_change: bool = False
    reason: str | None = None
    """Return reason or code of change, as written."""
    traces: tuple[str, ...] = ()
    """Trace numbers of what the entry answers to, the original entry first."""
    remittance: tuple[str, ...] = ()
    """What the payment is for, and by which number the originator knows the receiver of an international entry."""
    text: str = ""
    account_holder: str = ""
    """Name of the receiver of an international entry."""
    decisive: str = ""
    """The addenda record that makes the entry a return or a change."""

    @property
    def is_between_banks(self) -> bool:
        """Whether the banks argue about a return that was told before."""
        return self.is_return and (self.reason in DISHONORED_REASONS or self.reason in CONTESTED_REASONS)


NO_ADDENDA: Final = AddendaFacts()


class AddendaColumns(NamedTuple):
    """What the only addenda of each of some entries says, a column for each fact; all of them are of one kind."""

    are_returns: bool
    reasons: Sequence[str | None]
    traces: Sequence[str]
    """Trace number of the entry that came back; empty for remittances."""
    texts: Sequence[str]


_PLAIN_REASONS: Final = RETURN_REASONS - DISHONORED_REASONS - CONTESTED_REASONS


def read_in_columns(addenda: list[str], traces: Sequence[str]) -> AddendaColumns | None:
    """Read addenda of which each entry has one, if all are ordinary returns or all remittances and there is nothing to
    say about any, else None. `traces` are the trace numbers of the entries."""
    kinds = {record[:3] for record in addenda}
    if kinds == {_RETURN}:
        reasons = [record[3:6] for record in addenda]
        originals = [record[6:21] for record in addenda]
        if not _PLAIN_REASONS.issuperset(reasons) or not is_number("".join(originals)) or "0" * 15 in originals:
            return None
        if [record[79:94] for record in addenda] != [*traces]:
            return None
        return AddendaColumns(True, reasons, originals, [record[35:79].strip() for record in addenda])
    if kinds == {_REMITTANCE} and [record[83:94] for record in addenda] == [f"0001{trace[8:]}" for trace in traces]:
        texts = [record[3:83].strip() for record in addenda]
        return AddendaColumns(False, [None] * len(texts), [""] * len(texts), texts)
    return None


def read_addenda(addenda: list[str], trace: str, is_international: bool, notes: Notes) -> AddendaFacts:
    """Read the addenda of one entry, whose trace number is `trace`; problems are told at the line in `notes`."""
    facts = AddendaFacts()
    texts: list[str] = []
    for position, record in enumerate(addenda, start=1):
        kind = record[:3]
        if kind in (_RETURN, _CHANGE):
            if facts.decisive:
                notes.once("addenda_repeated", "entry has more than one addenda 98 or 99, the first one counts")
            else:
                facts = (
                    _read_return(record, is_international, notes) if kind == _RETURN else _read_change(record, notes)
                )
                if record[79:94] != trace:
                    notes.once("addenda_trace", "addenda 98 or 99 has another trace number than its entry")
        elif kind in _SEQUENCED:
            _check_sequence(record, position, trace, notes)
            if kind in _REMITTANCES and len(texts) < REMITTANCES_MAX:
                texts.append(record[3:83].strip())
        elif kind not in _KNOWN:
            notes.once("addenda_type", f"addenda type {shown(record[1:3])} is not a listed one", key=kind)
    texts = [text for text in texts if text]
    joined = " ".join(filter(None, (facts.text, *texts)))
    receiver_id, account_holder = _read_receiver(addenda) if is_international else ("", "")
    remittance = tuple(dict.fromkeys([receiver_id, *texts] if receiver_id else texts))
    return facts._replace(remittance=remittance, text=joined, account_holder=account_holder)


def _read_receiver(addenda: list[str]) -> tuple[str, str]:
    """Number and name of the receiver of an international entry, from its addenda 15 and 10."""
    receiver_id = next((record[3:18].strip() for record in addenda if record[:3] == "715"), "")
    account_holder = next((record[46:81].strip() for record in addenda if record[:3] == "710"), "")
    return receiver_id, account_holder


def _check_sequence(record: str, position: int, trace: str, notes: Notes) -> None:
    if record[:3] == _REMITTANCE and record[83:87] != f"{position:04}":
        notes.once("addenda_sequence", f"addenda has number {shown(record[83:87])}, expected {position:04}")
    if record[87:94] != trace[8:]:
        message = f"addenda belongs to entry {shown(record[87:94])}, it follows entry {shown(trace[8:])}"
        notes.once("addenda_trace", message)


def _read_return(record: str, is_international: bool, notes: Notes) -> AddendaFacts:
    """Addenda 99 in the layout that its reason code asks for."""
    reason = record[3:6]
    if reason not in RETURN_REASONS:
        notes.once("return_reason_unknown", f"return reason {shown(reason)} is not a listed one", key=reason)
    traces = [record[6:21]]
    # International returns tell the amount of the original payment before their text.
    text = record[45:79] if is_international else record[35:79]
    if reason in DISHONORED_REASONS:
        traces.append(record[38:53])
        text = record[58:79]
    elif reason in CONTESTED_REASONS:
        traces += [record[38:53], record[58:73]]
        text = ""
    return _decided(record, traces, text, is_return=True)


def _read_change(record: str, notes: Notes) -> AddendaFacts:
    """Addenda 98: the corrected data, and of a refused notification also the code that was refused."""
    code = record[3:6]
    if code not in CHANGE_CODES:
        notes.once("change_code_unknown", f"code of change {shown(code)} is not a listed one", key=code)
    text = record[35:64]
    if code in REFUSED_CHANGES:
        text = f"{text.strip()} {record[64:67]}"
    return _decided(record, [record[6:21]], text, is_return=False)


def _decided(record: str, traces: list[str], text: str, *, is_return: bool) -> AddendaFacts:
    return AddendaFacts(
        is_return=is_return,
        is_change=not is_return,
        reason=record[3:6].strip() or None,
        traces=tuple(trace.strip() for trace in traces if trace.strip(" 0")),
        text=text.strip(),
        decisive=record,
    )
