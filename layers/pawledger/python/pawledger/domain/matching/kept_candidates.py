"""Candidates as the entry of a payment keeps them: in a few bytes each, so that the entry stays under 1 KB."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pawledger.domain.matching.candidate_scores import Evidence, lacks_of
from pawledger.domain.matching.payment_clues import Candidate

CANDIDATES: Final = "candidates"
"""The detail of an entry under which it keeps them."""


def keep_candidates(candidates: Iterable[Candidate]) -> dict[str, Any]:
    """What an entry keeps of candidates, best first: account, score and the names of `Evidence` that speak for it."""
    kept = [
        " ".join((each.account_id, str(each.score), *(Evidence(found).name.lower() for found in each.matched)))
        for each in candidates
    ]
    return {CANDIDATES: kept} if kept else {}


def read_candidates(details: Mapping[str, Any] | None) -> tuple[Candidate, ...]:
    """The candidates that the details of an entry keep, best first; which invoices were meant is not kept."""
    candidates = []
    for kept in (details or {}).get(CANDIDATES, ()):
        account_id, score, *names = kept.split(" ")
        found = [Evidence[name.upper()] for name in names]
        candidates.append(Candidate(account_id, (), int(score), tuple(found), lacks_of(found)))
    return tuple(candidates)
