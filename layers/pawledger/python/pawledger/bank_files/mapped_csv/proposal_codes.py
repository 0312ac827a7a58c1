"""Proposes what the codes of a sample mean: whether money moved, and what a movement is."""

from collections.abc import Collection
from typing import Final

from pawledger.bank_files.mapped_csv.column_words import PURPOSES, STATES, has_role, meaning_of, rank_of
from pawledger.bank_files.mapped_csv.proposal_text import VALUE_SHOWN_MAX, ProposalText
from pawledger.bank_files.mapped_csv.sample import Sample

CODES_MAX: Final = 40
"""Most different values of a column of codes; more of them are texts."""


def find_codes(sample: Sample, role: str, taken: Collection[int]) -> int | None:
    """The column whose name has a role and whose values are a few codes; None where there is none."""
    found = {}
    for place in range(sample.width):
        told = set(sample.values(place)) - {""}
        is_code = told and len(told) <= CODES_MAX and not any(map(str.isdigit, told))
        if place not in taken and is_code and sample.header and has_role(sample.header[place], role):
            found[place] = len(told)
    # A column that always says the same tells nothing apart.
    return max(found, key=lambda place: (found[place] > 1, -rank_of(sample.header[place], role)), default=None)


def propose_states(out: ProposalText, sample: Sample, place: int) -> None:
    """Whether the money of a row moved, by its state."""
    out.table("status")
    out.put("column", sample.column_of(place))
    codes = sorted(set(sample.values(place)))
    known = {code: meaning_of(code, STATES) for code in codes}
    out.ask("the states are sorted by their words; look them up, and add those that the sample does not have.")
    for meaning in STATES:
        told = [code for code in codes if known[code] == meaning]
        if told:
            out.put(meaning, told)
    unknown = [code for code in codes if known[code] is None]
    if unknown:
        out.ask(f"what do these mean? Until it is told, rows with them are refused: {_shown(unknown)}")
    if not any(meaning in ("posts", "pends") for meaning in known.values()):
        out.put("posts", unknown or codes)


def propose_types(out: ProposalText, sample: Sample, place: int) -> None:
    """What the movements are, by their type."""
    out.table("type")
    out.put("column", sample.column_of(place))
    out.table("type.values")
    codes: dict[str, str] = {}
    for code in sorted(set(sample.values(place)) - {""}):
        codes.setdefault(code.casefold(), code)
    meanings = {code: meaning_of(code, PURPOSES) for code in codes.values()}
    unknown = [code for code, meaning in meanings.items() if meaning is None]
    out.ask("the types are sorted by their words; look them up, and add those that the sample does not have.")
    if unknown:
        out.ask(f"nothing is known of these, they are taken for payments: {_shown(unknown)}")
    for code, meaning in meanings.items():
        out.put_quoted(code, meaning or "payment")


def _shown(codes: list[str]) -> str:
    return ", ".join(repr(code[:VALUE_SHOWN_MAX]) for code in codes)
