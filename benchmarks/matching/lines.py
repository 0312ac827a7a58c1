"""Bank lines one after the other, each with its truth. The same books, seed and count always give the same lines."""

import random
from collections.abc import Iterator
from datetime import timedelta
from itertools import accumulate
from typing import Final

from benchmarks.matching.books import TODAY, Books
from benchmarks.matching.drafting import Drafter
from benchmarks.matching.judging import Judge
from benchmarks.matching.shares import SHARES
from benchmarks.matching.truth import BankLine, Truth
from benchmarks.matching.wording import write_name

STATEMENT_DAYS: Final = 30
"""Over so many days before today the lines are booked."""


def stream_lines(books: Books, seed: int, count: int) -> Iterator[BankLine]:
    """Make so many lines, drawn by their shares; no line is kept."""
    chance = random.Random(f"{seed} lines")
    drafter, judge = Drafter(books, chance), Judge(books)
    classes = [share.line_class for share in SHARES]
    weights = list(accumulate(share.per_ten_thousand for share in SHARES))
    for number in range(count):
        (line_class,) = chance.choices(classes, cum_weights=weights)
        draft = drafter.draft(line_class)
        parts = tuple((books.accounts[place].account_id, amount_minor) for place, amount_minor in draft.parts)
        yield BankLine(
            number=number,
            line_class=line_class,
            amount_minor=draft.amount_minor,
            currency=draft.currency,
            booked_on=TODAY - timedelta(days=chance.randrange(STATEMENT_DAYS)),
            references=draft.references,
            text=draft.text,
            mandate_id=draft.mandate_id,
            bank_account=draft.bank_account,
            payer_name=write_name(draft.name, chance) if draft.name else "",
            truth=Truth(judge.judge(draft), parts, draft.invoice_ids),
        )
