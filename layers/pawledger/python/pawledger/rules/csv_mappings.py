"""The mappings of delimited files that ship with the package: dated data in `mappings/<name>.toml`."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Final

from pawledger.bank_files.mapped_csv.mapping import CsvMapping, CsvMappingError, mapping_from_table

MAPPING_BYTES_MAX: Final = 256 * 1024
"""The longest mapping has some hundred lines; more is another file by mistake."""


def mapping_from_toml(name: str, text: str) -> CsvMapping:
    """The mapping in a TOML text. Raises `CsvMappingError` with every fault."""
    if len(text) > MAPPING_BYTES_MAX:
        raise CsvMappingError(name, [f"longer than {MAPPING_BYTES_MAX} characters, so no mapping"])
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise CsvMappingError(name, [f"not TOML: {error}"]) from None
    return mapping_from_table(name, table)


def shipped_mapping_texts() -> dict[str, str]:
    """The texts of the mappings in the package, by name."""
    entries = sorted(resources.files("pawledger.rules").joinpath("mappings").iterdir(), key=lambda entry: entry.name)
    return {
        entry.name.removesuffix(".toml"): entry.read_text(encoding="utf-8")
        for entry in entries
        if entry.name.endswith(".toml")
    }


@cache
def load_shipped_mappings() -> Mapping[str, CsvMapping]:
    """The mappings of the package, by name. Raises `CsvMappingError` with the faults of all of them."""
    mappings: dict[str, CsvMapping] = {}
    faults: list[str] = []
    for name, text in shipped_mapping_texts().items():
        try:
            mappings[name] = mapping_from_toml(name, text)
        except CsvMappingError as error:
            faults += [f"{name}: {fault}" for fault in error.faults]
    if faults:
        raise CsvMappingError("of the package", faults)
    return MappingProxyType(mappings)
