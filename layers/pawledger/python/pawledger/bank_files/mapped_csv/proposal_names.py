"""Proposes whose account a sample is about, its currency, and which columns name a movement and its payer."""

from collections.abc import Collection, Sequence
from typing import Final

from pawledger.bank_files.mapped_csv.column_words import has_role
from pawledger.bank_files.mapped_csv.proposal_text import ProposalText, shown_column
from pawledger.bank_files.mapped_csv.rules import ColumnName
from pawledger.bank_files.mapped_csv.sample import Sample
from pawledger.domain.currencies import MINOR_UNIT_DECIMALS

REFERENCES_PROPOSED_MAX: Final = 4
"""Most columns that are proposed for references; more of them are seldom ours."""
UNKNOWN_CURRENCY: Final = "XXX"
"""ISO 4217 for no currency: a mapping with it is refused, so that nobody forgets to choose."""
UNKNOWN_ACCOUNT: Final = "account"
_NO_NAMES: Final = ("identifier", "currency", "reference", "type", "amount")
"""Roles of columns that have `customer` or `name` in their name and hold no name."""


def find_currency(sample: Sample) -> tuple[int | None, str | None]:
    """The column of currencies, and the currency where it is only one."""
    for place in range(sample.width):
        told = {value.upper() for value in sample.values(place)}
        if told and told <= MINOR_UNIT_DECIMALS.keys():
            return place, next(iter(told)) if len(told) == 1 else None
    return None, None


def propose_texts(out: ProposalText, sample: Sample, taken: Collection[int]) -> None:
    """References, texts and payers, by the names of the columns."""
    free = [place for place in range(sample.width) if place not in taken and any(sample.values(place))]
    texts = _with_role(sample, free, "text")
    payer_names = [place for place in _with_role(sample, free, "payer") if place not in texts]
    payer_names = [
        place for place in payer_names if not any(has_role(sample.header[place], role) for role in _NO_NAMES)
    ]
    mandates = _with_role(sample, free, "mandate")
    reasons = _with_role(sample, free, "reason")
    payer_accounts = [
        place
        for place in _with_role(sample, free, "account")
        if len(set(sample.values(place))) > 1 and not has_role(sample.header[place], "reference")
    ]
    used = {*texts, *payer_names, *mandates, *reasons, *payer_accounts, *_codes(sample, free)}
    ranked = [*_with_role(sample, free, "reference"), *_with_role(sample, free, "identifier")]
    if not ranked:
        ranked = [place for place in free if _looks_like_identifier(sample, place)]
    references = [place for place in dict.fromkeys(ranked) if place not in used][:REFERENCES_PROPOSED_MAX]
    if not references:
        out.ask("no column looks like a reference, so that only the text can tell what was paid.")
    elif len(references) > 1:
        out.ask("which of these columns has our own reference? It comes first, the provider's own behind it.")
    if references:
        out.put("references", _columns(sample, references))
    named = (("text", texts), ("payer_name", payer_names), ("payer_account", payer_accounts[:1]))
    for key, places in (*named, ("mandate", mandates), ("return_reason", reasons)):
        if places:
            out.put(key, _columns(sample, places))


def propose_account(out: ProposalText, sample: Sample) -> None:
    """Whose account it is: a column that says one and the same account in all rows."""
    out.table("account")
    for place in range(sample.width):
        values = sample.values(place)
        if sample.header and has_role(sample.header[place], "account") and len(set(values)) == 1 and values[0]:
            out.say("All rows say the same account.")
            out.put("column", sample.column_of(place))
            return
    out.ask("the sample does not say whose account this is: give it a name of your own.")
    out.put("fixed", UNKNOWN_ACCOUNT)


def propose_currency(
    out: ProposalText, sample: Sample, place: int | None, marked: str | None, amounts: Sequence[int]
) -> None:
    """The currency: a column, the mark at amounts, or the name of their column."""
    out.table("currency")
    if place is not None:
        out.say("Every row has a code of ISO 4217 there.")
        out.put("column", sample.column_of(place))
        return
    names = [sample.header[each] for each in amounts] if sample.header else []
    words = {word for name in names for word in name.replace("(", " ").replace(")", " ").split()}
    named = sorted(words & MINOR_UNIT_DECIMALS.keys())
    if marked is not None:
        out.say("The amounts are marked with it.")
        out.put("fixed", marked)
    elif len(named) == 1:
        out.say("The name of the column of amounts says so.")
        out.put("fixed", named[0])
    else:
        out.ask("the sample does not say in which currency amounts are; the mapping is refused until it is told.")
        out.put("fixed", UNKNOWN_CURRENCY)


def propose_identity(out: ProposalText, sample: Sample, taken: Collection[int]) -> None:
    """The column that names a movement: filled in every row and never twice."""
    free = [place for place in range(sample.width) if place not in taken]
    unique = [place for place in free if _is_unique(sample, place)]
    named = [place for place in unique if place in _with_role(sample, unique, "identifier")]
    named += [place for place in unique if place in _with_role(sample, unique, "reference") and place not in named]
    candidates = named if sample.header else [place for place in unique if _looks_like_identifier(sample, place)]
    if not candidates:
        out.gap()
        out.say("No column is filled in every row and never the same: movements are told apart by all they say.")
        return
    out.table("identity")
    out.say(f"All {len(sample.rows)} rows have a value there, and no two have the same.")
    if len(sample.rows) == 1:
        out.ask("one row proves nothing: does this column have a new value for every movement?")
    elif len(candidates) > 1:
        others = ", ".join(shown_column(sample.column_of(place)) for place in candidates[1:])
        out.ask(f"the same holds of {others}: which one stays the same when a movement is told again?")
    out.put("columns", _columns(sample, candidates[:1]))


def _with_role(sample: Sample, places: Sequence[int], role: str) -> list[int]:
    return [place for place in places if sample.header and has_role(sample.header[place], role)]


def _codes(sample: Sample, places: Sequence[int]) -> set[int]:
    return {place for role in ("status", "type", "flag") for place in _with_role(sample, places, role)}


def _columns(sample: Sample, places: Sequence[int]) -> list[ColumnName]:
    return [sample.column_of(place) for place in places]


def _is_unique(sample: Sample, place: int) -> bool:
    values = sample.values(place)
    return all(values) and len(set(values)) == len(values)


def _looks_like_identifier(sample: Sample, place: int) -> bool:
    """Whether all values are one word with a digit in it, and not all the same."""
    told = [value for value in sample.values(place) if value]
    is_word = all(" " not in value and len(value) > 1 and any(map(str.isdigit, value)) for value in told)
    return is_word and (len(set(told)) > 1 or len(told) == 1)
