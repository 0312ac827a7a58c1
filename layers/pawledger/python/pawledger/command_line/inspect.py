"""`pawledger inspect [--mapping MAPPING] FILE...`: one JSON object per file on one line, and an exit code."""

import json
from pathlib import Path
from typing import TextIO

from pawledger.bank_files.inspection import exit_code_of, inspect_stream, report_as_json_object
from pawledger.bank_files.mapped_csv.mapping import CsvMapping
from pawledger.bank_files.reading_options import ReadingOptions
from pawledger.bank_files.report import FileReport, Rule
from pawledger.command_line.mappings import load_mapping
from pawledger.rules.csv_mappings import load_shipped_mappings


def inspect_files(paths: list[str], out: TextIO, mapping_path: str | None = None) -> int:
    """Write what each file holds to `out`, in the order given, and return the exit code (see `exit_code_of`).

    A path that cannot be opened or read is an unreadable file like any other; whatever the bytes, nothing is raised.
    What a file says is written with JSON escapes, so that it can neither break a line nor steer a terminal.

    Delimited files are read by the mapping at `mapping_path`, else by the shipped mapping that they match. Raises
    `CsvMappingError` where there is something wrong with that mapping.
    """
    verdicts = []
    mapping = None if mapping_path is None else load_mapping(mapping_path)
    options = ReadingOptions(csv_mappings=tuple(load_shipped_mappings().values()))
    for path in paths:
        report = _inspect_path(path, options, mapping)
        verdicts.append(report.verdict)
        out.write(json.dumps(report_as_json_object(path, report)) + "\n")
    return exit_code_of(verdicts)


def _inspect_path(path: str, options: ReadingOptions, mapping: CsvMapping | None) -> FileReport:
    report = FileReport()
    try:
        with Path(path).open("rb") as stream:
            inspect_stream(stream, report, options, mapping)
    except FileNotFoundError:
        report.add(Rule.SYNTAX, "file.not_found", "there is no such file")
    except IsADirectoryError:
        report.add(Rule.SYNTAX, "file.is_folder", "the path is a folder, name the files in it")
    except PermissionError:
        report.add(Rule.SYNTAX, "file.not_permitted", "the file may not be read by this user")
    except (OSError, ValueError) as error:
        # ValueError: a path with a NUL character, which no file system has.
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "the path cannot be opened"
        report.add(Rule.SYNTAX, "file.unreadable", f"the file cannot be read: {reason}")
    return report
