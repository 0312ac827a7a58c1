"""`pawledger csv propose SAMPLE`: a mapping of a provider's delimited file, guessed from a sample, with the reasons."""

from typing import TextIO

from pawledger.bank_files.mapped_csv.proposal import propose_mapping
from pawledger.bank_files.mapped_csv.sample import SAMPLE_BYTES_MAX
from pawledger.command_line.mappings import read_head


def propose(path: str, out: TextIO) -> None:
    """Write a proposal for the file at `path` as TOML.

    Raises `CsvMappingError` where the file cannot be read or is no delimited text.
    """
    out.write(propose_mapping(read_head(path, SAMPLE_BYTES_MAX)).toml)
