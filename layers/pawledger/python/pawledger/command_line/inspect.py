"""`pawledger inspect FILE...`: one JSON object per file on one line, and an exit code."""

import json
from pathlib import Path
from typing import TextIO

from pawledger.bank_files.inspection import exit_code_of, inspect_stream, report_as_json_object
from pawledger.bank_files.report import FileReport, Rule


def inspect_files(paths: list[str], out: TextIO) -> int:
    """Write what each file holds to `out`, in the order given, and return the exit code (see `exit_code_of`).

    A path that cannot be opened or read is an unreadable file like any other; whatever the bytes, nothing is raised.
    What a file says is written with JSON escapes, so that it can neither break a line nor steer a terminal.
    """
    verdicts = []
    for path in paths:
        report = _inspect_path(path)
        verdicts.append(report.verdict)
        out.write(json.dumps(report_as_json_object(path, report)) + "\n")
    return exit_code_of(verdicts)


def _inspect_path(path: str) -> FileReport:
    report = FileReport()
    try:
        with Path(path).open("rb") as stream:
            inspect_stream(stream, report)
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
