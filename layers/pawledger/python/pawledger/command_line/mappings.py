"""Files that a person names on the command line: mappings of delimited files, and samples of such files."""

from pathlib import Path

from pawledger.bank_files.mapped_csv.mapping import CsvMapping, CsvMappingError
from pawledger.rules.csv_mappings import MAPPING_BYTES_MAX, mapping_from_toml


def load_mapping(path: str) -> CsvMapping:
    """The mapping in the file at `path`, named as the file is. Raises `CsvMappingError`."""
    data = read_head(path, MAPPING_BYTES_MAX + 1)
    try:
        return mapping_from_toml(Path(path).stem, data.decode("utf-8"))
    except UnicodeDecodeError:
        raise CsvMappingError(Path(path).name, ["not UTF-8"]) from None


def read_head(path: str, size: int) -> bytes:
    """The first `size` bytes of a file. Raises `CsvMappingError` where it cannot be read."""
    try:
        with Path(path).open("rb") as stream:
            return stream.read(size)
    except (OSError, ValueError) as error:
        # ValueError: a path with a NUL character, which no file system has.
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "the path cannot be opened"
        raise CsvMappingError(Path(path).name, [f"cannot be read: {reason}"]) from None
