"""What every command has by which a person decides something: a reason that is kept, and a look at it beforehand."""

import argparse
from collections.abc import Callable
from typing import Any

AddCommand = Callable[[Any, str, str], argparse.ArgumentParser]
"""Adds a command of a name, with a sentence of help, to a group of them."""


def add_decision_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--reason` and `--preview`."""
    parser.add_argument("--reason", required=True, metavar="TEXT", help="kept with each entry, with your name")
    parser.add_argument("--preview", action="store_true", help="show entries and balances, write nothing")
