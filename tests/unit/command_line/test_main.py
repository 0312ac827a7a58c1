"""The command line as a program: usage, errors in one sentence, and nothing loaded that is not needed."""

import io
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pawledger.command_line.main import main
from pawledger.domain.errors import PawledgerError
from pawledger.runtime.books import Books
from tests.fakes.memory import MemoryWorld
from tests.unit.command_line.conftest import Ran, books_of

Run = Callable[..., Ran]


class OutOfOrderError(PawledgerError):
    """A condition that names a hostile text."""


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["nonsense"],
        ["account"],
        ["account", "show"],
        ["account", "show", "abc"],
        ["account", "show", "ABCD1234", "--last", "0"],
        ["account", "show", "ABCD1234", "--as-of", "2026-02-30"],
        ["account", "show", "ABCD1234", "--as-of", "20260228"],
        ["files", "list", "--day", "2026-01-01", "--days", "3"],
        ["ledger", "verify", "ABCD1234", "--all"],
        ["inspect"],
    ],
)
def test_wrong_usage_exits_2_and_says_so_on_standard_error(argv: list[str], run: Run) -> None:
    ran = run(*argv)

    assert (ran.code, ran.out) == (2, "")
    assert "usage: pawledger" in ran.err


@pytest.mark.parametrize("argv", [["--help"], ["account", "show", "--help"], ["ledger", "--help"]])
def test_help_goes_to_standard_output(argv: list[str], run: Run) -> None:
    ran = run(*argv)

    assert (ran.code, ran.err) == (0, "")
    assert "usage: pawledger" in ran.out


def test_a_named_condition_is_one_escaped_sentence_and_exits_1() -> None:
    def fail(environment: str) -> nullcontext[Books]:
        raise OutOfOrderError(f"{environment} is \x1b[31mout of order")

    out, err = io.StringIO(), io.StringIO()
    code = main(["discrepancies", "list", "--environment", "sandbox"], out, err, open_books=fail)

    assert (code, out.getvalue()) == (1, "")
    assert err.getvalue() == "pawledger: sandbox is \\x1b[31mout of order\n"


@pytest.mark.parametrize(
    ("variable", "option", "chosen"),
    [(None, [], "production"), ("local", [], "local"), ("local", ["--environment", "sandbox"], "sandbox")],
)
def test_the_environment_is_the_option_else_the_variable_else_production(
    variable: str | None, option: list[str], chosen: str, world: MemoryWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PAWLEDGER_ENVIRONMENT", raising=False)
    if variable:
        monkeypatch.setenv("PAWLEDGER_ENVIRONMENT", variable)
    opened = []

    def open_books(environment: str) -> nullcontext[Books]:
        opened.append(environment)
        return nullcontext(books_of(world))

    main(["discrepancies", "list", *option], io.StringIO(), io.StringIO(), open_books=open_books)

    assert opened == [chosen]


def test_ages_are_counted_up_to_today_where_no_day_is_given(run: Run) -> None:
    before = datetime.now(UTC).astimezone().date()
    shown = run("discrepancies", "list").out
    after = datetime.now(UTC).astimezone().date()

    assert shown in {f"No open discrepancies as of {day}.\n" for day in (before, after)}


def test_inspect_passes_on_its_own_exit_code(run: Run, tmp_path: Path) -> None:
    missing = run("inspect", str(tmp_path / "missing.bai"))

    assert missing.code == 4
    assert '"verdict": "unreadable"' in missing.out


def test_inspecting_files_and_asking_for_help_load_no_aws_library() -> None:
    program = (
        "import io, sys\n"
        "from pawledger.command_line.main import main\n"
        "main(['inspect', 'missing'], io.StringIO(), io.StringIO())\n"
        "main(['--help'], io.StringIO(), io.StringIO())\n"
        "print(sorted({'boto3', 'botocore', 'pynamodb', 'aws_lambda_powertools'} & set(sys.modules)))\n"
    )
    ran = subprocess.run(  # noqa: S603 - this interpreter on a program of this test
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env={"PYTHONPATH": ":".join(sys.path)},
    )

    assert ran.stdout == "[]\n"


def test_a_reader_that_stops_early_sees_no_traceback(tmp_path: Path) -> None:
    # Two thousand lines do not fit into a pipe, so that writing goes on after the reader is gone.
    names = [str(tmp_path / str(number)) for number in range(2000)]
    with subprocess.Popen(  # noqa: S603 - as above
        [sys.executable, "-c", "from pawledger.command_line.main import run; run()", "inspect", *names],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PYTHONPATH": ":".join(sys.path)},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()
        code = process.wait(timeout=60)

    assert (said, code) == (b"", 0)


def test_a_terminal_that_lacks_a_letter_shows_its_code() -> None:
    program = (
        "from pawledger.command_line import main as module\n"
        "module.main = lambda argv, out, err: out.write('M\\xfcller') and 0\n"
        "module.run()\n"
    )
    ran = subprocess.run(  # noqa: S603 - this interpreter on a program of this test
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        timeout=60,
        env={"PYTHONPATH": ":".join(sys.path), "PYTHONIOENCODING": "ascii"},
    )

    assert ran.stdout == b"M\\xfcller"
