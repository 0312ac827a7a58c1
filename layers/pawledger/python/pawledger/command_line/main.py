"""`pawledger`, the command line: reads arguments, opens the books of an environment, prints what a command found.

Exit codes: 0 done, 1 a named condition (told in one sentence) or a broken ledger, 2 wrong usage; `inspect` has its own.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, redirect_stderr, redirect_stdout
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TextIO

from pawledger.command_line import (
    accounts,
    discrepancies,
    documents,
    files,
    ledgers,
    refunds,
    resolutions,
    runs,
    write_offs,
)
from pawledger.command_line.tables import escape_text
from pawledger.domain.billing.bill_runs import RunStatus
from pawledger.domain.calendar import Month, MonthInvalidError, read_month
from pawledger.domain.errors import PawledgerError
from pawledger.domain.identifiers import IdentifierError, check_account_id, is_settlement_ledger, is_suspense_ledger
from pawledger.domain.worklist.discrepancies import DiscrepancyKind, Owner
from pawledger.runtime.books import ENVIRONMENT_DEFAULT, ENVIRONMENT_VARIABLE, Books, choose_environment

EXIT_DONE: Final = 0
EXIT_CONDITION: Final = 1
EXIT_USAGE: Final = 2
EXIT_INTERRUPTED: Final = 130
"""What shells report for a command that was stopped from the keyboard."""

ENTRIES_SHOWN: Final = 500
"""An account that pays monthly for twenty years; `--last` shows more."""

DISCREPANCIES_SHOWN: Final = 200
"""More than anybody works through in a day; `--limit` shows more."""

DAYS_LISTED: Final = 7
DAYS_LISTED_MAX: Final = 366
"""One query a day."""

COUNT_DIGITS_MAX: Final = 9
"""Beyond any ledger, and short enough to be read as a number at once."""

OpenBooks = Callable[[str], AbstractContextManager[Books]]


def open_deployed_books(environment: str) -> AbstractContextManager[Books]:
    """The books of a deployed environment; AWS's libraries are loaded only here. Raises what opening them raises."""
    from pawledger.runtime.deployment import open_books  # noqa: PLC0415 - files are inspected without AWS's libraries

    return open_books(environment)


def run() -> None:
    """The `pawledger` command."""
    for stream in (sys.stdout, sys.stderr):
        # A name in a bank file may hold letters that this terminal cannot show.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = main(sys.argv[1:], sys.stdout, sys.stderr)
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader (`head`, a pager) has seen enough; what is left must not fail when the interpreter flushes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = EXIT_DONE
    sys.exit(code)


def main(argv: Sequence[str], out: TextIO, err: TextIO, *, open_books: OpenBooks = open_deployed_books) -> int:
    """Run one command and return its exit code; documents and tables go to `out`, everything else to `err`."""
    try:
        with redirect_stdout(out), redirect_stderr(err):
            arguments = _build_parser().parse_args(argv)
    except SystemExit as ended:
        return EXIT_USAGE if ended.code else EXIT_DONE
    if arguments.command == "inspect":
        from pawledger.command_line.inspect import inspect_files  # noqa: PLC0415 - only it needs the file readers

        try:
            return inspect_files(arguments.paths, out, arguments.mapping)
        except PawledgerError as error:
            err.write(f"pawledger: {escape_text(str(error))}\n")
            return EXIT_CONDITION
    if arguments.command == "csv propose":
        return _propose_mapping(arguments.path, out, err)
    if arguments.command == "providers check":
        return _check_providers(arguments.paths, out, err)
    if arguments.command in {"rules check", "rules show", "returns reasons"}:
        return _run_rules(arguments, out, err)
    try:
        with open_books(choose_environment(arguments.environment)) as books:
            document, write = _COMMANDS[arguments.command](arguments, books, err)
            if arguments.json:
                out.write(json.dumps(document, indent=2) + "\n")
            else:
                out.writelines(f"{line}\n" for line in write(document))
    except PawledgerError as error:
        err.write(f"pawledger: {escape_text(str(error))}\n")
        return EXIT_CONDITION
    is_right = document.get("is_unbroken", True) and document.get("is_proven", True)
    return EXIT_DONE if is_right else EXIT_CONDITION


def _check_providers(paths: Sequence[str], out: TextIO, err: TextIO) -> int:
    from pawledger.command_line.providers import check_profiles  # noqa: PLC0415 - only it needs the profiles

    try:
        return EXIT_DONE if check_profiles(paths, out) else EXIT_CONDITION
    except PawledgerError as error:
        err.write(f"pawledger: {escape_text(str(error))}\n")
        return EXIT_CONDITION


def _run_rules(arguments: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    from pawledger.command_line.billing_rules import check_rules, show_rules  # noqa: PLC0415 - only they need the rules
    from pawledger.command_line.returns import show_reasons  # noqa: PLC0415 - as above

    try:
        if arguments.command == "rules check":
            return EXIT_DONE if check_rules(arguments.directory, out) else EXIT_CONDITION
        if arguments.command == "returns reasons":
            show_reasons(arguments.code, out)
        else:
            show_rules(arguments.jurisdiction, arguments.on, out)
    except PawledgerError as error:
        err.write(f"pawledger: {escape_text(str(error))}\n")
        return EXIT_CONDITION
    return EXIT_DONE


def _propose_mapping(path: str, out: TextIO, err: TextIO) -> int:
    from pawledger.command_line.csv_proposals import propose  # noqa: PLC0415 - only it needs the mappings

    try:
        propose(path, out)
    except PawledgerError as error:
        err.write(f"pawledger: {escape_text(str(error))}\n")
        return EXIT_CONDITION
    return EXIT_DONE


Answer = tuple[dict[str, Any], Callable[[dict[str, Any]], list[str]]]
"""A document, and how to write it for people."""


def _show_account(arguments: argparse.Namespace, books: Books, err: TextIO) -> Answer:  # noqa: ARG001 - one shape for all commands
    document = accounts.show_account(
        arguments.account_id,
        ledger=books.ledger,
        archive=books.archive,
        as_of=arguments.as_of or _today(),
        entries_max=arguments.last,
        with_hashes=arguments.hashes,
    )
    return document, accounts.write_account


def _show_statement(arguments: argparse.Namespace, books: Books, err: TextIO) -> Answer:  # noqa: ARG001 - as above
    document = documents.show_statement(
        arguments.account_id,
        archive=books.archive,
        first_day=arguments.first_day,
        last_day=arguments.last_day,
        entry_count=arguments.entries,
    )
    if arguments.pdf:
        documents.write_pdf(document, arguments.pdf)
    return document, documents.write_statement


def _show_invoice(arguments: argparse.Namespace, books: Books, err: TextIO) -> Answer:  # noqa: ARG001 - as above
    document = documents.show_invoice(arguments.invoice_id, archive=books.archive)
    if arguments.pdf:
        documents.write_pdf(document, arguments.pdf)
    return document, documents.write_invoice


def _explain_invoice(arguments: argparse.Namespace, books: Books, err: TextIO) -> Answer:  # noqa: ARG001 - as above
    from pawledger.command_line import explanations  # noqa: PLC0415 - it needs the rules
    from pawledger.rules.billing_rules import load_shipped_rules  # noqa: PLC0415 - as above

    document = explanations.show_explanation(arguments.invoice_id, archive=books.archive, rulebook=load_shipped_rules())
    return document, explanations.write_explanation


def _explain_payment(arguments: argparse.Namespace, books: Books, err: TextIO) -> Answer:  # noqa: ARG001 - as above
    from pawledger.command_line import payment_explanations  # noqa: PLC0415 - it needs the rules
    from pawledger.rules.allocation_rules import load_allocation_rules  # noqa: PLC0415 - as above

    document = payment_explanations.show_payment(
        arguments.payment_id,
        account_id=arguments.account,
        file_id=arguments.file,
        books=books,
        rules=load_allocation_rules(),
        as_of=arguments.as_of or _today(),
    )
    return document, payment_explanations.write_payment


def _question_payment(arguments: argparse.Namespace, books: Books, err: TextIO) -> Answer:  # noqa: ARG001 - as above
    from pawledger.command_line import payment_questions  # noqa: PLC0415 - it needs the rules

    as_of = arguments.as_of or _today()
    return payment_questions.question(arguments, books, datetime.now(UTC), as_of), payment_questions.write_question


def _preview_account(arguments: argparse.Namespace, books: Books, err: TextIO) -> Answer:  # noqa: ARG001 - as above
    from pawledger.command_line import previews  # noqa: PLC0415 - it needs the rules
    from pawledger.rules.billing_rules import load_shipped_rules  # noqa: PLC0415 - as above

    document = previews.show_preview(
        arguments.account_id,
        arguments.event,
        first_day=arguments.as_of or _today(),
        until=arguments.until,
        ledger=books.ledger,
        rulebook=load_shipped_rules(),
    )
    return document, previews.write_preview


def _list_discrepancies(arguments: argparse.Namespace, books: Books, err: TextIO) -> Answer:  # noqa: ARG001 - as above
    document = discrepancies.list_discrepancies(
        books.discrepancies,
        kind=arguments.kind,
        owner=arguments.owner,
        is_overdue=arguments.overdue,
        as_of=arguments.as_of or _today(),
        shown_max=arguments.limit,
    )
    return document, discrepancies.write_discrepancy_list


def _show_discrepancy(arguments: argparse.Namespace, books: Books, err: TextIO) -> Answer:  # noqa: ARG001 - as above
    as_of = arguments.as_of or _today()
    document = discrepancies.show_discrepancy(resolutions.ports_of(books), arguments.discrepancy_id, as_of=as_of)
    return document, discrepancies.write_discrepancy


def _resolve_discrepancy(arguments: argparse.Namespace, books: Books, err: TextIO) -> Answer:  # noqa: ARG001 - as above
    return resolutions.resolve(arguments, books, datetime.now(UTC)), resolutions.write_resolved


def _undo_resolution(arguments: argparse.Namespace, books: Books, err: TextIO) -> Answer:  # noqa: ARG001 - as above
    return resolutions.undo(arguments, books, datetime.now(UTC)), resolutions.write_resolved


def _list_files(arguments: argparse.Namespace, books: Books, err: TextIO) -> Answer:  # noqa: ARG001 - as above
    last_day = arguments.day or arguments.as_of or _today()
    first_day = last_day if arguments.day else last_day - timedelta(days=arguments.days - 1)
    listed = files.list_files(books.register, first_day=first_day, last_day=last_day, is_of_webhooks=arguments.webhooks)
    return listed, files.write_file_list


def _show_file(arguments: argparse.Namespace, books: Books, err: TextIO) -> Answer:  # noqa: ARG001 - as above
    return files.show_file(books.register, arguments.file_id, as_of=arguments.as_of or _today()), files.write_file


def _list_runs(arguments: argparse.Namespace, books: Books, err: TextIO) -> Answer:  # noqa: ARG001 - as above
    last_day = arguments.as_of or _today()
    first_day = last_day - timedelta(days=arguments.days - 1)
    return runs.list_runs(books.runs, first_day=first_day, last_day=last_day), runs.write_run_list


def _show_run(arguments: argparse.Namespace, books: Books, err: TextIO) -> Answer:  # noqa: ARG001 - as above
    return runs.show_run(books.runs, arguments.day), runs.write_run


def _decide_run(arguments: argparse.Namespace, books: Books, err: TextIO) -> Answer:  # noqa: ARG001 - as above
    document = runs.decide(
        books.runs,
        arguments.day,
        arguments.decision,
        actor=books.find_actor(),
        reason=arguments.reason,
        decided_at=datetime.now(UTC),
    )
    return document, runs.write_run


def _verify_ledger(arguments: argparse.Namespace, books: Books, err: TextIO) -> Answer:
    if arguments.account_id:
        document = ledgers.verify_ledger(arguments.account_id, ledger=books.ledger, archive=books.archive)
    else:
        document = ledgers.verify_all_ledgers(ledger=books.ledger, archive=books.archive, progress=err)
    return document, ledgers.write_verification


def _close_month(arguments: argparse.Namespace, books: Books, err: TextIO) -> Answer:
    from pawledger.command_line import finance  # noqa: PLC0415 - only it needs the rules and the tables

    document = finance.close(
        arguments.month,
        arguments.out,
        ledger=books.ledger,
        archive=books.archive,
        today=arguments.as_of or _today(),
        progress=err,
    )
    return document, finance.write_close


def _take_refund_step(arguments: argparse.Namespace, books: Books, err: TextIO) -> Answer:  # noqa: ARG001 - as above
    return refunds.take_step(arguments, books, datetime.now(UTC)), refunds.write_step


def _list_refunds(arguments: argparse.Namespace, books: Books, err: TextIO) -> Answer:  # noqa: ARG001 - as above
    as_of = arguments.as_of or _today()
    return refunds.list_refunds(books, arguments.account, arguments.csv, as_of=as_of), refunds.write_refund_list


def _show_refund(arguments: argparse.Namespace, books: Books, err: TextIO) -> Answer:  # noqa: ARG001 - as above
    return refunds.show_refund(books, arguments.ledger_id, arguments.refund_id), refunds.write_refund


def _take_write_off_step(arguments: argparse.Namespace, books: Books, err: TextIO) -> Answer:  # noqa: ARG001 - as above
    return write_offs.take_step(arguments, books, datetime.now(UTC)), write_offs.write_step


def _list_write_offs(arguments: argparse.Namespace, books: Books, err: TextIO) -> Answer:  # noqa: ARG001 - as above
    return write_offs.list_write_offs(books, arguments.account_id), write_offs.write_write_off_list


_COMMANDS: Final[dict[str, Callable[[argparse.Namespace, Books, TextIO], Answer]]] = {
    "account show": _show_account,
    "account statement": _show_statement,
    "discrepancies list": _list_discrepancies,
    "discrepancies resolve": _resolve_discrepancy,
    "discrepancies show": _show_discrepancy,
    "discrepancies undo": _undo_resolution,
    "files list": _list_files,
    "files show": _show_file,
    "finance close": _close_month,
    "invoice document": _show_invoice,
    "invoice explain": _explain_invoice,
    "ledger verify": _verify_ledger,
    "payment explain": _explain_payment,
    "payment question": _question_payment,
    "preview": _preview_account,
    "refunds approve": _take_refund_step,
    "refunds list": _list_refunds,
    "refunds reject": _take_refund_step,
    "refunds request": _take_refund_step,
    "refunds send": _take_refund_step,
    "refunds show": _show_refund,
    "refunds void": _take_refund_step,
    "runs drop": _decide_run,
    "runs list": _list_runs,
    "runs release": _decide_run,
    "runs show": _show_run,
    "write-offs approve": _take_write_off_step,
    "write-offs list": _list_write_offs,
    "write-offs reject": _take_write_off_step,
    "write-offs request": _take_write_off_step,
    "write-offs undo": _take_write_off_step,
}


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pawledger",
        description="Looks into bank files, accounts, discrepancies and the ledger.",
        epilog="AWS_PROFILE, AWS_REGION and AWS_ENDPOINT_URL choose AWS or the local cloud, as with other AWS tools.",
        allow_abbrev=False,
    )
    groups = parser.add_subparsers(required=True, metavar="COMMAND")
    inspect = groups.add_parser("inspect", help="check bank files on this machine; one JSON object each")
    inspect.add_argument("paths", nargs="+", metavar="FILE")
    inspect.add_argument("--mapping", metavar="MAPPING", help="read them by this mapping of columns (TOML)")
    inspect.set_defaults(command="inspect")
    propose = _add_group(groups, "csv", "map the columns of a provider's delimited file").add_parser(
        "propose", help="propose a mapping from a sample file, with the reasons", allow_abbrev=False
    )
    propose.add_argument("path", metavar="SAMPLE")
    propose.set_defaults(command="csv propose")
    _add_account_commands(_add_group(groups, "account", "explain one account"))
    _add_invoice_commands(_add_group(groups, "invoice", "what a customer is sent"))
    _add_discrepancy_commands(_add_group(groups, "discrepancies", "what differs between billed and paid"))
    _add_file_commands(_add_group(groups, "files", "what became of bank files"))
    _add_payment_commands(_add_group(groups, "payment", "explain or question one payment"))
    _add_finance_commands(_add_group(groups, "finance", "close a month"))
    _add_ledger_commands(_add_group(groups, "ledger", "prove that history is unbroken"))
    preview = _add_command(groups, "preview", "what an account will be billed, when and why; --as-of is the first day")
    preview.add_argument("account_id", type=_read_account_id, metavar="ACCOUNT")
    preview.add_argument("--until", type=_read_day, required=True, metavar="DATE", help="the last day that is billed")
    preview.add_argument("--event", metavar="FILE", help="as it would be with the event in this file (JSON)")
    refunds.add_refund_commands(_add_group(groups, "refunds", "what goes back to payers"), _add_command)
    write_offs.add_write_off_commands(
        _add_group(groups, "write-offs", "what invoices are not asked for any more"), _add_command
    )
    _add_run_commands(_add_group(groups, "runs", "the bill runs of the last days"))
    check = _add_group(groups, "providers", "what providers are expected to drop").add_parser(
        "check", help="check provider profiles: those named, else those of this installation", allow_abbrev=False
    )
    check.add_argument("paths", nargs="*", metavar="PROFILE")
    check.set_defaults(command="providers check")
    _add_rules_commands(_add_group(groups, "rules", "taxes, fees, discounts, cancellations, renewals and plans"))
    _add_return_commands(_add_group(groups, "returns", "payments that banks and providers take back"))
    return parser


def _add_group(groups: Any, name: str, help_text: str) -> Any:
    return groups.add_parser(name, help=help_text, description=help_text).add_subparsers(
        required=True, metavar="ACTION"
    )


def _add_command(group: Any, command: str, help_text: str) -> argparse.ArgumentParser:
    """A command that reads an environment, with the options that all of those have."""
    parser: argparse.ArgumentParser = group.add_parser(
        command.rsplit(maxsplit=1)[-1], help=help_text, description=help_text, allow_abbrev=False
    )
    parser.set_defaults(command=command)
    parser.add_argument("--json", action="store_true", help="one JSON document for programs")
    parser.add_argument("--as-of", type=_read_day, metavar="DATE", help="count ages up to this day; today if not given")
    parser.add_argument(
        "--environment", metavar="NAME", help=f"default: {ENVIRONMENT_VARIABLE}, else {ENVIRONMENT_DEFAULT}"
    )
    return parser


def _add_account_commands(group: Any) -> None:
    show = _add_command(group, "account show", "balances, open invoices and every entry, explained")
    show.add_argument("account_id", type=_read_account_id, metavar="ACCOUNT")
    show.add_argument("--last", type=_read_count, default=ENTRIES_SHOWN, metavar="N", help="how many entries are shown")
    show.add_argument("--hashes", action="store_true", help="show the hash of each entry")

    statement = _add_command(group, "account statement", "what happened between two days, as a customer is told")
    statement.add_argument("account_id", type=_read_account_id, metavar="ACCOUNT")
    statement.add_argument("--from", dest="first_day", type=_read_day, required=True, metavar="DATE")
    statement.add_argument("--until", dest="last_day", type=_read_day, required=True, metavar="DATE")
    statement.add_argument("--entries", type=_read_count, metavar="N", help="as it was when the ledger had N entries")
    statement.add_argument("--pdf", metavar="FILE", help="write it as PDF as well")


def _add_invoice_commands(group: Any) -> None:
    document = _add_command(group, "invoice document", "one invoice, as a customer is sent it")
    document.add_argument("invoice_id", metavar="INVOICE")
    document.add_argument("--pdf", metavar="FILE", help="write it as PDF as well")
    explain = _add_command(
        group, "invoice explain", "where each amount comes from, and what changed since the last one"
    )
    explain.add_argument("invoice_id", metavar="INVOICE")


def _add_payment_commands(group: Any) -> None:
    explain = _add_command(group, "payment explain", "how it found its account, what it settled by which rule, and why")
    question = _add_command(
        group, "payment question", "put a payment that is posted wrongly on the list of discrepancies"
    )
    question.add_argument("--reason", required=True, metavar="TEXT", help="kept with the discrepancy, with your name")
    for command in (explain, question):
        command.add_argument("payment_id", metavar="PAYMENT", help="its id, with or without `payment#` in front")
        where = command.add_mutually_exclusive_group()
        where.add_argument("--account", type=_read_account_id, metavar="ACCOUNT", help="the account that it went to")
        where.add_argument(
            "--file", type=_read_file_id, metavar="FILE", help="the bank file that told of it, or its beginning"
        )


def _add_discrepancy_commands(group: Any) -> None:
    listing = _add_command(group, "discrepancies list", "open discrepancies, oldest first within a kind")
    listing.add_argument("--kind", choices=[kind.value for kind in DiscrepancyKind], metavar="KIND")
    listing.add_argument("--owner", choices=[owner.value for owner in Owner], metavar="OWNER")
    listing.add_argument("--overdue", action="store_true", help="only those that are older than their kind may become")
    listing.add_argument("--limit", type=_read_count, default=DISCREPANCIES_SHOWN, metavar="N")
    show = _add_command(group, "discrepancies show", "one discrepancy, what to do about it, and what became of it")
    show.add_argument("discrepancy_id", metavar="DISCREPANCY")
    resolutions.add_resolution_commands(group, _add_command)


def _add_file_commands(group: Any) -> None:
    listing = _add_command(group, "files list", "bank files received on a day or on the last days")
    period = listing.add_mutually_exclusive_group()
    period.add_argument("--day", type=_read_day, metavar="DATE")
    period.add_argument("--days", type=_read_day_count, default=DAYS_LISTED, metavar="N", help="up to --as-of")
    listing.add_argument("--webhooks", action="store_true", help="webhooks that were taken in, instead of files")
    show = _add_command(group, "files show", "one bank file: verdict, statements, problems, where its money went")
    show.add_argument("file_id", type=_read_file_id, metavar="FILE", help="its id, or the beginning of it")


def _add_finance_commands(group: Any) -> None:
    close = _add_command(group, "finance close", "a month's tables as CSV and Parquet, proved against the ledger")
    close.add_argument("month", type=_read_month, metavar="MONTH", help="such as 2026-11")
    close.add_argument(
        "--out", type=Path, metavar="DIR", help="a folder that is not there yet; finance-MONTH if not given"
    )


def _add_ledger_commands(group: Any) -> None:
    verify = _add_command(group, "ledger verify", "rebuild accounts from their entries and compare")
    which = verify.add_mutually_exclusive_group(required=True)
    which.add_argument("account_id", nargs="?", type=_read_account_id, metavar="ACCOUNT")
    which.add_argument("--all", action="store_true", help="every account; progress goes to standard error")


def _add_run_commands(group: Any) -> None:
    listing = _add_command(group, "runs list", "what each of the last days was to bill, and how far it is")
    listing.add_argument("--days", type=_read_day_count, default=DAYS_LISTED, metavar="N", help="up to --as-of")
    show = _add_command(group, "runs show", "one day's run, cohort by cohort, and who decided what")
    show.add_argument("day", type=_read_day, metavar="DAY")
    for command, decision, help_text in (
        ("runs release", RunStatus.RELEASED, "bill a run that is held after all"),
        ("runs drop", RunStatus.DROPPED, "give up a run that is held; what it has not billed stays due"),
    ):
        decide = _add_command(group, command, help_text)
        decide.add_argument("day", type=_read_day, metavar="DAY")
        decide.add_argument("--reason", required=True, metavar="TEXT", help="kept with the run, with your name")
        decide.set_defaults(decision=decision)


def _add_rules_commands(group: Any) -> None:
    check = group.add_parser(
        "check", help="check billing rules: those in a folder, else those of this installation", allow_abbrev=False
    )
    check.add_argument("directory", nargs="?", metavar="DIR", help="holds plans.toml, tariff.toml and jurisdictions/")
    check.set_defaults(command="rules check")
    show = group.add_parser("show", help="what the rules of this installation say, and where", allow_abbrev=False)
    show.add_argument("jurisdiction", nargs="?", metavar="JURISDICTION", help="such as GB or US-CA; all if not given")
    show.add_argument("--on", type=_read_day, metavar="DATE", help="only the rules that count on this day")
    show.set_defaults(command="rules show")


def _add_return_commands(group: Any) -> None:
    reasons = group.add_parser("reasons", help="what reasons of returns mean, and what follows", allow_abbrev=False)
    reasons.add_argument("code", nargs="?", metavar="CODE", help="such as R01, AC04 or ARUDD-0; all if not given")
    reasons.set_defaults(command="returns reasons")


def _read_day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day such as 2026-11-23") from None


def _read_month(text: str) -> Month:
    try:
        return read_month(text)
    except MonthInvalidError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _read_count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= COUNT_DIGITS_MAX and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to {10**COUNT_DIGITS_MAX - 1}")
    return int(text)


def _read_day_count(text: str) -> int:
    count = _read_count(text)
    if count > DAYS_LISTED_MAX:
        raise argparse.ArgumentTypeError(f"{count} days are more than {DAYS_LISTED_MAX}")
    return count


def _read_account_id(text: str) -> str:
    try:
        return text if is_suspense_ledger(text) or is_settlement_ledger(text) else check_account_id(text)
    except IdentifierError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _read_file_id(text: str) -> str:
    is_hexadecimal = bool(text) and not set(text.lower()) - set("0123456789abcdef")
    if not is_hexadecimal or len(text) > files.FILE_ID_LENGTH:
        raise argparse.ArgumentTypeError(f"{text!r} is not a file id: up to {files.FILE_ID_LENGTH} hexadecimal digits")
    return text


def _today() -> date:
    """The day on this machine's calendar: ages are for the person who reads them here."""
    return datetime.now(UTC).astimezone().date()
