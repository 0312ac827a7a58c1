"""`pawledger discrepancies resolve` and `undo`: what a person decides, shown before and after it is done."""

import argparse
import shlex
from datetime import datetime
from typing import Any, Final

from pawledger.command_line.decisions import AddCommand, add_decision_arguments
from pawledger.command_line.errors import ShareUnreadableError
from pawledger.command_line.planned_entries import planned_as_json, write_planned
from pawledger.command_line.tables import write_fields
from pawledger.domain.books.entries import PAYMENT_ENTRIES
from pawledger.domain.identifiers import IdentifierError, check_account_id
from pawledger.domain.money import AmountError, parse_amount
from pawledger.domain.posting.splitting import PART_ENTRIES
from pawledger.domain.worklist.discrepancies import ResolutionCommand
from pawledger.domain.worklist.resolutions import ResolutionRequest, Share
from pawledger.ports import DiscrepancyBook
from pawledger.runtime.books import Books
from pawledger.services.posting.post_returns import ReturnPorts, load_return_rules
from pawledger.services.receiving.decide_file import FileDecisionPorts, decide_file
from pawledger.services.resolving.resolution_steps import ResolvingPorts
from pawledger.services.resolving.resolve_discrepancy import (
    Deed,
    DiscrepancyUnknownError,
    Resolved,
    resolve_discrepancy,
    undo_resolution,
)

_HELP: Final = {
    ResolutionCommand.APPLY: "put money that waits to an account, or to invoices of it",
    ResolutionCommand.SPLIT: "put money that waits to several accounts",
    ResolutionCommand.MOVE: "reverse a payment on the account it was posted to and post it to another",
    ResolutionCommand.WRITE_OFF: "ask for what is open of an invoice no more",
    ResolutionCommand.RETURN: "set money that waits aside to go back to its payer",
    ResolutionCommand.TAKE_BACK: "take back the payment that the bank meant when it took money that waits",
    ResolutionCommand.SETTLE_REFUNDS: "settle all refunds of a payment file, which the bank booked as one debit",
    ResolutionCommand.BOOK_COST: "book a debit that waits as what the bank or provider charges",
    ResolutionCommand.ACCEPT_FILE: "post a file that was set aside after all",
    ResolutionCommand.REJECT_FILE: "set a file aside for good",
    ResolutionCommand.DISMISS: "do nothing about it",
}

_OF_AN_AMOUNT: Final = (
    ResolutionCommand.APPLY,
    ResolutionCommand.WRITE_OFF,
    ResolutionCommand.RETURN,
    ResolutionCommand.BOOK_COST,
)
_FILE_COMMANDS: Final = (ResolutionCommand.ACCEPT_FILE, ResolutionCommand.REJECT_FILE)


def add_resolution_commands(group: Any, add_command: AddCommand) -> None:
    """Add `resolve DISCREPANCY COMMAND` and `undo DISCREPANCY` to the group of discrepancies."""
    what = f"resolve one: {', '.join(_HELP)}"
    resolve = group.add_parser("resolve", help=what, description=what, allow_abbrev=False)
    resolve.add_argument("discrepancy_id", metavar="DISCREPANCY")
    actions = resolve.add_subparsers(required=True, metavar="COMMAND")
    for command, help_text in _HELP.items():
        parser = add_command(actions, f"discrepancies resolve {command}", help_text)
        parser.set_defaults(command="discrepancies resolve", resolution=command)
        _add_arguments(parser, command)
        add_decision_arguments(parser)
    undo = add_command(group, "discrepancies undo", "take back what was done last about one, by the reverse entries")
    undo.add_argument("discrepancy_id", metavar="DISCREPANCY")
    add_decision_arguments(undo)


def _add_arguments(parser: argparse.ArgumentParser, command: ResolutionCommand) -> None:
    if command in {ResolutionCommand.APPLY, ResolutionCommand.MOVE}:
        parser.add_argument("--account", required=True, metavar="ACCOUNT", help="where the money belongs")
        parser.add_argument(
            "--invoice", action="append", default=[], metavar="INVOICE", help="an invoice of it; may be given again"
        )
    if command is ResolutionCommand.SPLIT:
        parser.add_argument(
            "--to",
            action="append",
            required=True,
            metavar="ACCOUNT=AMOUNT[@INVOICE]",
            help="one share, such as ABCD1234=12.50; given for each account",
        )
    if command is ResolutionCommand.TAKE_BACK:
        parser.add_argument("--payment", required=True, metavar="PAYMENT", help="the entry of the payment")
        parser.add_argument("--account", metavar="ACCOUNT", help="its account, where the return waits elsewhere")
    if command is ResolutionCommand.SETTLE_REFUNDS:
        parser.add_argument("--file", required=True, metavar="NAME", help="the payment file, as it was noted when sent")
    if command is ResolutionCommand.WRITE_OFF:
        parser.add_argument("--invoice", metavar="INVOICE", help="needed where more than one is open")
    if command in _OF_AN_AMOUNT:
        parser.add_argument("--amount", metavar="AMOUNT", help="such as 12.50; all of it if not given")


def resolve(arguments: argparse.Namespace, books: Books, decided_at: datetime) -> dict[str, Any]:
    """Resolve a discrepancy; the document of what that came to. Raises what `resolve_discrepancy` raises."""
    request = _read_request(arguments, books.discrepancies)
    deed = _deed(arguments, books, decided_at, str(request.command))
    if request.command in _FILE_COMMANDS:
        file_ports = FileDecisionPorts(books.discrepancies, books.register, books.open_store())
        done = decide_file(deed, request.command, file_ports, is_preview=arguments.preview)
    else:
        done = resolve_discrepancy(deed, request, ports_of(books), is_preview=arguments.preview)
    return _document(done, is_preview=arguments.preview)


def undo(arguments: argparse.Namespace, books: Books, decided_at: datetime) -> dict[str, Any]:
    """Undo the last resolution; the document of what that came to. Raises what `undo_resolution` raises."""
    done = undo_resolution(
        _deed(arguments, books, decided_at, "undo"),
        ports_of(books),
        is_preview=arguments.preview,
    )
    return _document(done, is_preview=arguments.preview)


def write_resolved(document: dict[str, Any]) -> list[str]:
    """What a resolution came to for people: its entries, then each ledger before and after."""
    lines = write_fields(
        [
            ("discrepancy", document["discrepancy_id"]),
            ("resolution", document["resolution_id"]),
            ("status", document["status"]),
        ]
    )
    lines += write_planned(document)
    return [*lines, "", document["what_happened"]]


def ports_of(books: Books) -> ResolvingPorts:
    """The books that resolving touches."""
    returns = ReturnPorts(
        books.ledger, books.archive, books.references, books.discrepancies, books.pause, load_return_rules
    )
    return ResolvingPorts(books.ledger, books.archive, books.discrepancies, books.pause, returns)


def _deed(arguments: argparse.Namespace, books: Books, decided_at: datetime, name: str) -> Deed:
    return Deed(
        discrepancy_id=arguments.discrepancy_id,
        actor=books.find_actor(),
        reason=arguments.reason,
        decided_at=decided_at,
        command=_spell(arguments, name),
    )


def _spell(arguments: argparse.Namespace, name: str) -> str:
    """The command with its arguments, as it would be typed again."""
    words = [name]
    for option in ("payment", "file", "account", "invoice", "to", "amount"):
        given = getattr(arguments, option, None) or []
        for value in [given] if isinstance(given, str) else given:
            words += [f"--{option}", shlex.quote(value)]
    return " ".join(words)


def _read_request(arguments: argparse.Namespace, book: DiscrepancyBook) -> ResolutionRequest:
    """The request in minor units of the discrepancy's currency. Raises `AmountError`, `ShareUnreadableError`."""
    command: ResolutionCommand = arguments.resolution
    recorded = book.read(arguments.discrepancy_id)
    if recorded is None:
        raise DiscrepancyUnknownError(
            f"there is no discrepancy {arguments.discrepancy_id}; `pawledger discrepancies list` shows open ones"
        )
    currency = recorded.discrepancy.currency
    amount_minor = _read_amount(getattr(arguments, "amount", None), currency)
    if command is ResolutionCommand.TAKE_BACK:
        account_id = _read_account_id(arguments.account) if arguments.account else None
        return ResolutionRequest(command, payment=(account_id, _name_entry(arguments.payment)))
    if command is ResolutionCommand.SETTLE_REFUNDS:
        return ResolutionRequest(command, payment_file=arguments.file)
    if command is ResolutionCommand.SPLIT:
        return ResolutionRequest(command, tuple(_read_share(text, currency) for text in arguments.to))
    if command in {ResolutionCommand.APPLY, ResolutionCommand.MOVE}:
        account_id = _read_account_id(arguments.account)
        return ResolutionRequest(command, (Share(account_id, amount_minor, tuple(arguments.invoice)),))
    return ResolutionRequest(command, invoice_id=getattr(arguments, "invoice", None), amount_minor=amount_minor)


def _name_entry(typed: str) -> str:
    """The entry of a payment, typed with or without `payment#`; that of one account's part of it is typed whole."""
    return typed if typed.startswith((PAYMENT_ENTRIES, PART_ENTRIES)) else f"{PAYMENT_ENTRIES}{typed}"


def _read_amount(text: str | None, currency: str | None) -> int | None:
    if text is None:
        return None
    if currency is None:
        raise AmountError("the discrepancy is not about money, so that no amount can be given")
    return parse_amount(text, currency)


def _read_share(text: str, currency: str | None) -> Share:
    account_id, has_amount, rest = text.partition("=")
    amount, _, invoice_id = rest.partition("@")
    if not has_amount:
        raise ShareUnreadableError(f"{text!r} is not ACCOUNT=AMOUNT or ACCOUNT=AMOUNT@INVOICE")
    invoices = (invoice_id,) if invoice_id else ()
    return Share(_read_account_id(account_id), _read_amount(amount, currency), invoices)


def _read_account_id(text: str) -> str:
    try:
        return check_account_id(text)
    except IdentifierError as error:
        raise ShareUnreadableError(f"{text!r} is no account: {error}") from None


def _document(done: Resolved, *, is_preview: bool) -> dict[str, Any]:
    count = len(done.planned)
    what_happened = "1 entry was appended." if count == 1 else f"{count or 'No'} entries were appended."
    if is_preview:
        what_happened = "This is a preview: nothing was written."
    elif done.is_repeated:
        what_happened = "The very same was done before; nothing was written."
    for entry in done.booked_returns:
        what_happened += f" A return had waited for this: {entry.decision.reason}"
    return {
        "discrepancy_id": done.recorded.discrepancy.discrepancy_id,
        "resolution_id": done.resolution_id,
        "status": done.recorded.status.value,
        "is_preview": is_preview,
        "is_repeated": done.is_repeated,
        **planned_as_json(done.planned),
        "what_happened": what_happened,
    }
