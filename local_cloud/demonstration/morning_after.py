"""The morning after the bad day: two persons work off the worklist with `pawledger`, and the books still agree."""

import json
import re
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from local_cloud.demonstration.bank_files import write_camt053
from local_cloud.demonstration.book import (
    EARLY_ACCOUNT,
    EURO_ACCOUNTS,
    FORGETFUL_ACCOUNT,
    LATE_DEPOSIT_MINOR,
    MISTYPED_ACCOUNT,
    NEW_ACCOUNT_PAYER,
    OVERPAID_ACCOUNT,
    SHORT_ACCOUNT,
    STRAY_MINOR,
    lines_missing_overnight,
)
from local_cloud.demonstration.cloud import Cloud, DemonstrationStuckError, wait_until
from local_cloud.demonstration.steps import show_step
from local_cloud.demonstration.story import close_day, opening_before_the_gap, read_invoices
from local_cloud.errors import LocalCloudError
from pawledger.domain.books.entries import LedgerAccount
from pawledger.domain.money import format_amount
from pawledger.domain.worklist.discrepancies import DiscrepancyKind, DiscrepancyStatus

CLERK: Final = "clerk"
CONTROLLER: Final = "controller"

PROGRAM: Final = Path(sys.executable).with_name("pawledger")
COMMAND_TIMEOUT_SECONDS: Final = 60
"""A command takes a second or two; a busy machine may take ten times as long."""

LINES_MAX: Final = 9
"""Of what a command prints, unless more is worth reading."""

MANY_LINES: Final = 40
"""More than any of the commands shown prints."""

WRONG_ACCOUNT: Final = EURO_ACCOUNTS[0]
RIGHT_ACCOUNT: Final = EURO_ACCOUNTS[1]
FAMILY_ACCOUNTS: Final = (EURO_ACCOUNTS[2], EURO_ACCOUNTS[4])

_REFUND_LINE: Final = re.compile(r"^refund +(\S+)$", re.MULTILINE)
_ADMINISTRATOR_POLICY: Final = (
    '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
)


class CommandFailedError(LocalCloudError):
    """A command of the demonstration was refused, or failed."""

    def __init__(self, command: str, answer: str) -> None:
        super().__init__(f"`{command}` failed: {answer}")


@dataclass(frozen=True, slots=True)
class KindOvernight:
    """How many discrepancies of a kind were open in the evening, and what became of them by the end of the morning."""

    kind: str
    evening_count: int
    healed_count: int
    resolved_count: int
    dismissed_count: int
    morning_count: int
    """Open ones, those that the morning found included."""


@dataclass(frozen=True, slots=True)
class MorningAfter:
    """What the morning came to."""

    kinds: tuple[KindOvernight, ...]
    balances_minor: Mapping[tuple[str, str], int]
    """The sum of all postings by currency and ledger account."""
    books_minor: Mapping[str, tuple[int, int]]
    """Debits and credits by currency."""
    verified: str
    """What `pawledger ledger verify --all` says."""


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where two persons sit, each with credentials of their own."""

    cloud: Cloud
    environments: Mapping[str, Mapping[str, str]] = field(repr=False)

    def run(self, person: str, *arguments: str, lines_max: int = LINES_MAX) -> str:
        """Give a command, show it and what it answers, shortened; its whole answer. Raises `CommandFailedError`."""
        command = shlex.join(["pawledger", *arguments])
        print(f"\n    {person}$ {command}", flush=True)
        finished = subprocess.run(  # noqa: S603 - our own program, arguments from this file, no shell
            [PROGRAM, *arguments],
            env=dict(self.environments[person]),
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_SECONDS,
            check=False,
        )
        if finished.returncode != 0:
            raise CommandFailedError(command, finished.stderr or finished.stdout)
        for line in shorten(finished.stdout.splitlines(), lines_max):
            print(f"    | {line}" if line else "    |")
        return finished.stdout

    def resolve(self, person: str, discrepancy_id: str, *arguments: str, lines_max: int = LINES_MAX) -> None:
        self.run(person, "discrepancies", "resolve", discrepancy_id, *arguments, lines_max=lines_max)

    def find(self, kind: DiscrepancyKind, **wanted: object) -> str:
        """The id of the one open discrepancy of a kind with these facts. Raises `DemonstrationStuckError`."""
        found = [
            str(item["discrepancy_id"]["S"])
            for item in self.cloud.scan("DiscrepanciesTableName")
            if item["status"]["S"] == DiscrepancyStatus.OPEN and _has_facts(item, {"kind": kind, **wanted})
        ]
        if len(found) != 1:
            raise DemonstrationStuckError(f"{len(found)} open discrepancies are {kind} with {wanted}, not one")
        return found[0]


def shorten(lines: Sequence[str], lines_max: int) -> Iterator[str]:
    """The first lines of an answer and its last one, with a word about those between."""
    if len(lines) <= lines_max:
        yield from lines
        return
    yield from lines[: lines_max - 2]
    yield f"... {len(lines) - lines_max + 1} more lines ..."
    yield lines[-1]


def live_morning_after(cloud: Cloud, today: date, environment: Mapping[str, str]) -> MorningAfter:
    """Work off what the bad day left over, against a deployed app; what that came to.

    `environment` is that of a shell which reaches the app. Raises `CommandFailedError`, `DemonstrationStuckError`.
    """
    print("\n  The morning after: what is left over is worked off on the command line")
    evening = _statuses(cloud)
    desk = _Desk(cloud, {person: {**environment, **_hire(cloud, person)} for person in (CLERK, CONTROLLER)})
    desk.run(CLERK, "discrepancies", "list", "--owner", "billing", lines_max=18)
    _place_money(desk)
    _give_back_and_write_off(desk)
    _deal_with_files(desk)
    _find_missing_statement(cloud, today)
    close_day(cloud, today)
    verified = desk.run(CONTROLLER, "ledger", "verify", "--all").strip()
    return _summarise(cloud, evening, verified)


def print_morning_after(morning: MorningAfter) -> None:
    """Show what was open in the evening and is open in the morning, and that the books agree."""
    print(f"\n  {'What became of the worklist':<30}{'evening':>9}{'healed':>9}", end="")
    print(f"{'resolved':>10}{'dismissed':>11}{'morning':>9}\n  {'-' * 78}")
    total = KindOvernight("all", *(sum(column) for column in zip(*map(_counts_of, morning.kinds), strict=True)))
    for each in (*morning.kinds, total):
        evening, healed, resolved, dismissed, still_open = _counts_of(each)
        print(f"  {each.kind:<30}{evening:>9}{healed:>9}{resolved:>10}{dismissed:>11}{still_open:>9}")
    print(f"  {'-' * 78}")
    for currency, (debits_minor, credits_minor) in morning.books_minor.items():
        mark = "balanced" if debits_minor == credits_minor else "OUT OF BALANCE"
        debits, credits_ = format_amount(debits_minor, currency), format_amount(credits_minor, currency)
        print(f"  {currency}  debits {debits:>14}   credits {credits_:>14}   {mark}")
        for name in (LedgerAccount.CLEARING, LedgerAccount.SUSPENSE, LedgerAccount.REFUNDS):
            waiting_minor = -morning.balances_minor.get((currency, name), 0)
            print(f"       {name:<10}{format_amount(waiting_minor, currency):>14}")
    print(f"  {'-' * 78}\n  {morning.verified.splitlines()[-1]}")


def _hire(cloud: Cloud, person: str) -> dict[str, str]:
    """Make a user of that name; the variables with which a shell is that person's."""
    identities = cloud.client("iam")
    identities.create_user(UserName=person)
    identities.put_user_policy(UserName=person, PolicyName="all", PolicyDocument=_ADMINISTRATOR_POLICY)
    key = identities.create_access_key(UserName=person)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def _place_money(desk: _Desk) -> None:
    """Money that waits finds its households; one resolution is wrong, and is undone."""
    print("\n  A payer lost the letter and paid the exact amount: a preview first, then the same in earnest")
    owed_minor = read_invoices(desk.cloud)[FORGETFUL_ACCOUNT].amount_minor
    forgotten = desk.find(DiscrepancyKind.UNIDENTIFIED_PAYMENT, currency="EUR", amount_minor=owed_minor)
    apply = ("apply", "--account", FORGETFUL_ACCOUNT, "--reason", "The premium of Rex to the cent.")
    desk.resolve(CLERK, forgotten, *apply, "--preview", lines_max=MANY_LINES)
    desk.resolve(CLERK, forgotten, *apply, lines_max=4)

    print("\n  A cheque without a reference was for two households")
    cheque = desk.find(DiscrepancyKind.UNIDENTIFIED_PAYMENT, currency="EUR", amount_minor=LATE_DEPOSIT_MINOR)
    first, second = (f"{account_id}=100.00" for account_id in FAMILY_ACCOUNTS)
    split = ("split", "--to", first, "--to", second, "--reason", "Sisters, by phone.")
    desk.resolve(CLERK, cheque, *split, lines_max=MANY_LINES)

    print(
        "\n  Where the amount fits no invoice, a reference with an error only suggests: wrongly here, undone, put right"
    )
    stray = desk.find(DiscrepancyKind.UNIDENTIFIED_PAYMENT, currency="EUR", amount_minor=STRAY_MINOR)
    desk.run(CLERK, "discrepancies", "show", stray, lines_max=MANY_LINES)
    desk.resolve(CLERK, stray, "apply", "--account", WRONG_ACCOUNT, "--reason", "Looks like it.", lines_max=4)
    undo_reason = "The neighbour paid it."
    desk.run(CLERK, "discrepancies", "undo", stray, "--reason", undo_reason, lines_max=MANY_LINES)
    desk.resolve(CLERK, stray, "apply", "--account", RIGHT_ACCOUNT, "--reason", undo_reason, lines_max=4)

    print("\n  A reference with a typing error found its invoice by itself; why that was certain")
    entries = desk.cloud.bodies("EntriesTableName")
    [mistyped] = [
        entry["entry_id"]
        for entry in entries
        if entry["account_id"] == MISTYPED_ACCOUNT and entry["kind"] == "payment_posted"
    ]
    desk.run(CLERK, "payment", "explain", mistyped, lines_max=MANY_LINES)


def _give_back_and_write_off(desk: _Desk) -> None:
    """Too much goes back, by two persons; too little is not asked for any more; the bank's fee is a cost."""
    print("\n  One household paid ten too many and asks for it; another person approves")
    request = ("refunds", "request", OVERPAID_ACCOUNT, "--reason", "She asked for it.")
    answer = desk.run(CLERK, *request, lines_max=MANY_LINES)
    refund_id = _REFUND_LINE.findall(answer)[0]
    desk.run(CONTROLLER, "refunds", "approve", OVERPAID_ACCOUNT, refund_id, "--reason", "Right.", lines_max=4)

    print("\n  One paid five short and is not asked for it; the bank's fee is a cost")
    short = desk.find(DiscrepancyKind.UNDERPAYMENT, account_id=SHORT_ACCOUNT)
    desk.resolve(CLERK, short, "write-off", "--reason", "A good customer.", lines_max=MANY_LINES)
    fee = desk.find(DiscrepancyKind.UNEXPLAINED_DEBIT)
    desk.resolve(CLERK, fee, "book-cost", "--reason", "Fee of the quarter.", lines_max=MANY_LINES)


def _deal_with_files(desk: _Desk) -> None:
    """One file is rejected, one accepted, and a copy needs nothing."""
    print("\n  The file that is one cent wrong stays out; that of our new bank account is accepted and posted")
    wrong = desk.find(DiscrepancyKind.FILE_OUT_OF_BALANCE)
    desk.resolve(CONTROLLER, wrong, "reject-file", "--reason", "The bank sends it anew.")
    expected = desk.find(DiscrepancyKind.FILE_UNEXPECTED)
    desk.resolve(CONTROLLER, expected, "accept-file", "--reason", "Our new account.")
    copy = desk.find(DiscrepancyKind.FILE_DUPLICATE)
    desk.resolve(CONTROLLER, copy, "dismiss", "--reason", "Sent twice, posted once.")
    print()
    with show_step("the accepted file is received again and posted"):
        wait_until("its payment is posted", lambda: _has_paid(desk.cloud, NEW_ACCOUNT_PAYER))


def _find_missing_statement(cloud: Cloud, today: date) -> None:
    lines = lines_missing_overnight(read_invoices(cloud))
    statement = write_camt053("NB-3", today - timedelta(days=3), opening_before_the_gap(cloud), lines)
    with show_step("the statement that was missing overnight is dropped; the gap heals, its payment is posted"):
        cloud.drop_file("incoming/northbank/found.xml", statement)
        wait_until("its payment is posted", lambda: _has_paid(cloud, EARLY_ACCOUNT))
        wait_until("the gap is healed", lambda: DiscrepancyKind.STATEMENT_GAP not in _open_kinds(cloud))


def _has_paid(cloud: Cloud, account_id: str) -> bool:
    entries = cloud.bodies("EntriesTableName")
    return any(entry["account_id"] == account_id and entry["kind"] == "payment_posted" for entry in entries)


def _has_facts(item: Mapping[str, Any], wanted: Mapping[str, object]) -> bool:
    body = json.loads(item["body"]["S"])
    return all(body[name] == value for name, value in wanted.items())


def _statuses(cloud: Cloud) -> dict[str, tuple[str, str]]:
    """Kind and status of each discrepancy, by its id."""
    found = cloud.scan("DiscrepanciesTableName")
    return {item["discrepancy_id"]["S"]: (item["kind"]["S"], item["status"]["S"]) for item in found}


def _open_kinds(cloud: Cloud) -> Counter[str]:
    return Counter(kind for kind, status in _statuses(cloud).values() if status == DiscrepancyStatus.OPEN)


def _summarise(cloud: Cloud, evening: Mapping[str, tuple[str, str]], verified: str) -> MorningAfter:
    morning = _statuses(cloud)
    open_then = {each: kind for each, (kind, status) in evening.items() if status == DiscrepancyStatus.OPEN}
    became = Counter((kind, morning[each][1]) for each, kind in open_then.items())
    before, now = Counter(open_then.values()), _open_kinds(cloud)
    kinds = tuple(
        KindOvernight(
            kind,
            before[kind],
            became[kind, DiscrepancyStatus.HEALED],
            became[kind, DiscrepancyStatus.RESOLVED],
            became[kind, DiscrepancyStatus.DISMISSED],
            now[kind],
        )
        for kind in sorted({*before, *now})
    )
    balances_minor: Counter[tuple[str, str]] = Counter()
    books: dict[str, Counter[bool]] = {}
    for name, currency, amount_minor in _postings(cloud):
        balances_minor[currency, name] += amount_minor
        books.setdefault(currency, Counter())[amount_minor > 0] += abs(amount_minor)
    books_minor = {currency: (sums[True], sums[False]) for currency, sums in sorted(books.items())}
    return MorningAfter(kinds, balances_minor, books_minor, verified)


def _postings(cloud: Cloud) -> Iterator[tuple[str, str, int]]:
    for entry in cloud.bodies("EntriesTableName"):
        yield from entry.get("postings", ())  # an approval moves nothing


def _counts_of(each: KindOvernight) -> tuple[int, ...]:
    return (each.evening_count, each.healed_count, each.resolved_count, each.dismissed_count, each.morning_count)
