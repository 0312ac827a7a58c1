"""Which of several mappings a file is meant for, told from its first bytes."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final

from pawledger.bank_files.mapped_csv.head import head_matches, looks_delimited
from pawledger.bank_files.mapped_csv.mapping import CsvMapping
from pawledger.bank_files.mapped_csv.reader import read_mapped_csv
from pawledger.bank_files.records import StatementEntry
from pawledger.bank_files.report import FileReport, Rule

NAMES_SHOWN_MAX: Final = 10
"""Most mappings that a message names."""


def choose_mappings(head: bytes, mappings: Sequence[CsvMapping]) -> list[CsvMapping]:
    """The mappings that a file beginning with `head` may be meant for: of those that match, the most specific.

    More than one where they ask for equally many columns, so that it is not certain which is meant.
    """
    matching = [mapping for mapping in mappings if head_matches(mapping, head)]
    most = max((mapping.specificity for mapping in matching), default=0)
    return [mapping for mapping in matching if mapping.specificity == most]


def read_by_mapping(
    head: bytes, stream: BinaryIO, report: FileReport, mappings: Sequence[CsvMapping]
) -> Iterator[StatementEntry] | None:
    """The entries of a file of no other format, read by the mapping that it matches; None where it is no such file.

    Text in rows that no mapping is about, or several are, gets a SYNTAX problem and yields nothing.
    """
    chosen = choose_mappings(head, mappings)
    if len(chosen) == 1:
        return read_mapped_csv(stream, report, chosen[0])
    if chosen:
        names = ", ".join(mapping.name for mapping in chosen[:NAMES_SHOWN_MAX])
        message = f"file matches several mappings equally well: {names}; name the columns that only one of them has"
        report.add(Rule.SYNTAX, "csv.mapping_ambiguous", message)
        return iter(())
    if looks_delimited(head):
        message = "rows of fields, and no mapping is about their columns; `pawledger csv propose` proposes one"
        report.add(Rule.SYNTAX, "csv.mapping_missing", message)
        return iter(())
    return None
