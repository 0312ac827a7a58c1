"""The public matcher of the comparison: Splink, which links records by probability and needs no training data.

It is used as its documentation shows for bank transactions (`link_only`, an example of its own): columns are cleaned,
pairs are formed where a column is equal, the weights are found by expectation maximisation from the data itself, and
pairs above a threshold count. A line is posted to the invoice of its most probable pair.
"""

import logging
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import splink.comparison_library as comparisons
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from benchmarks.matching.books import Books
from benchmarks.matching.matchers import NOTHING, address_of
from benchmarks.matching.tallies import Tally
from benchmarks.matching.truth import BankLine
from pawledger.domain.matching.payment_references import creditor_reference_of, numeric_reference_of

THRESHOLD: Final = 0.99
"""Probability above which a pair is posted; the examples of its documentation look at pairs from 0.9 or 0.95 on."""
SAMPLED_PAIRS: Final = 1e7
"""Pairs from which it learns how often columns agree by chance."""
SEED: Final = 1

_REFERENCE: Final = re.compile(r"RF ?[0-9]{2}(?:[ -]?[A-Z0-9]){8,16}(?![A-Z0-9])")
_DIGITS: Final = re.compile(r"(?<![A-Z0-9])[0-9]{14,24}(?![0-9])")


@dataclass(frozen=True, slots=True)
class LinkageRun:
    tally: Tally
    seconds: float
    """Of processor time, with its training; without making the tables."""


def link_lines(books: Books, lines: Sequence[BankLine]) -> LinkageRun:
    """Link lines with all open invoices."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    store = DuckDBAPI()
    tables = [
        store.register(pa.Table.from_pylist(_records_of_lines(lines)), dataset_display_name="lines"),
        store.register(pa.Table.from_pylist(_records_of_books(books)), dataset_display_name="invoices"),
    ]
    started = time.process_time()
    linker = Linker(tables, _settings(books.open_count), log_level=logging.ERROR)
    linker.training.estimate_u_using_random_sampling(max_pairs=SAMPLED_PAIRS, seed=SEED)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("reference"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("bank_account"))
    predicted: Any = linker.inference.predict(threshold_match_probability=THRESHOLD)
    pairs = predicted.as_pyarrow_table().to_pylist()
    seconds = time.process_time() - started
    best: dict[str, tuple[float, str]] = {}
    for pair in pairs:
        is_left = pair["source_dataset_l"] == "lines"
        line, invoice = (pair["unique_id_l"], pair["unique_id_r"])[:: 1 if is_left else -1]
        best[line] = max(best.get(line, (0.0, "")), (pair["match_probability"], invoice))
    tally = Tally()
    for line in lines:
        _, invoice_id = best.get(str(line.number), (0.0, ""))
        tally.add(line, {invoice_id[:-5]: line.amount_minor} if invoice_id else NOTHING)
    return LinkageRun(tally, seconds)


def _settings(open_count: int) -> SettingsCreator:
    return SettingsCreator(
        link_type="link_only",
        probability_two_random_records_match=1 / open_count,
        comparisons=[
            comparisons.LevenshteinAtThresholds("reference", [1, 2]),
            comparisons.LevenshteinAtThresholds("digits", [1]),
            comparisons.ExactMatch("amount").configure(term_frequency_adjustments=True),
            comparisons.JaroWinklerAtThresholds("payer", [0.9, 0.7]),
            comparisons.ExactMatch("bank_account"),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("reference"),
            block_on("digits"),
            block_on("bank_account"),
            block_on("amount", "payer"),
            block_on("amount", "substr(reference, 1, 8)"),
        ],
    )


def _records_of_lines(lines: Sequence[BankLine]) -> list[dict[str, Any]]:
    records = []
    for line in lines:
        text = " ".join((*line.references, line.text)).upper()
        reference, digits = _REFERENCE.search(text), _DIGITS.search(text)
        records.append(
            {
                "unique_id": str(line.number),
                "reference": re.sub("[ -]", "", reference[0]) if reference else None,
                "digits": digits[0] if digits else None,
                "amount": f"{line.currency} {line.amount_minor}",
                "payer": _clean(line.payer_name),
                "bank_account": line.bank_account,
            }
        )
    return records


def _records_of_books(books: Books) -> list[dict[str, Any]]:
    """One record for each open invoice, with the first payer who is known of its account."""
    names = {place: name for name, places in reversed(books.known_names.items()) for place in places}
    bank_accounts = {place: each for each, places in reversed(books.known_bank_accounts.items()) for place in places}
    return [
        {
            "unique_id": invoice.invoice_id,
            "reference": creditor_reference_of(address_of(account.account_id, invoice)),
            "digits": numeric_reference_of(address_of(account.account_id, invoice)),
            "amount": f"{account.currency} {invoice.remaining_minor}",
            "payer": _clean(str(names[place])) if place in names else None,
            "bank_account": bank_accounts.get(place),
        }
        for place, account in enumerate(books.accounts)
        for invoice in account.open_invoices
    ]


def _clean(name: str) -> str | None:
    return " ".join(sorted(re.findall(r"\w+", name.casefold()))) or None
