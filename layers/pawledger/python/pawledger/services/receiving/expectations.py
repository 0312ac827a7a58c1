"""What a provider's profile expects of its files, held against what a proven file is; and what of it is posted."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from pawledger.bank_files.formats import ADVICE_KINDS, CSV_PREFIX, EVENT_KINDS, report_kind_of
from pawledger.bank_files.reading_options import ReadingOptions
from pawledger.bank_files.records import StatementEntry
from pawledger.bank_files.report import FileReport

if TYPE_CHECKING:
    from pawledger.rules.provider_profiles import ProviderProfile

ProfileOf = Callable[[str], "ProviderProfile | None"]
"""Gives the profile of a provider, None where it has none."""


def reading_options_of(profile: "ProviderProfile | None") -> ReadingOptions:
    """How files of a provider are read whose columns it chooses itself: by its own mappings, and the shipped ones.

    Of the shipped mappings, a profile has those that it names in `formats`; without a profile any may fit.
    """
    # Imported when the first file comes, so that no function waits for it that starts.
    from pawledger.rules.csv_mappings import load_shipped_mappings  # noqa: PLC0415

    shipped = load_shipped_mappings()
    if profile is None:
        return ReadingOptions(csv_mappings=tuple(shipped.values()))
    named = (mapping for name, mapping in shipped.items() if f"{CSV_PREFIX}{name}" in profile.formats)
    return ReadingOptions(
        csv_mappings=(*profile.csv_mappings, *named),
        lockbox_layout=profile.lockbox_layout,
        webhook_terms=profile.webhooks,
    )


def find_unexpected(profile: "ProviderProfile | None", report: FileReport) -> str | None:
    """Say in one sentence what in an accepted file its provider's profile does not expect; None where nothing is.

    Accounts and other texts of the file are not quoted: alerts are made of it.
    """
    if profile is None:
        return None
    kind = report_kind_of(report.format or "")
    if kind not in profile.formats:
        return f"it is a {kind} file, and the profile names {', '.join(profile.formats)}"
    currencies: dict[str, set[str | None]] = {}
    for account in profile.accounts:
        currencies.setdefault(account.number, set()).add(account.currency)
    for place, statement in enumerate(report.statements, start=1):
        if not currencies:
            break
        expected = currencies.get("".join(statement.bank_account.split()).upper())
        if expected is None:
            return f"its statement {place} is of an account that the profile does not name"
        if not expected & {None, statement.currency}:
            named = ", ".join(sorted(filter(None, expected)))
            return f"its statement {place} is not in {named}, the currency of its account in the profile"
    # What an event leaves out is a warning in it, and told by the report.
    if kind not in EVENT_KINDS and profile.deviations is not None and report.warned_rules - profile.deviations:
        unknown = ", ".join(sorted(report.warned_rules - profile.deviations)[:5])
        return f"it has warnings that the profile does not know of: {unknown}"
    return None


def is_posted(profile: "ProviderProfile | None", format_name: str) -> bool:
    """Whether movements of a format are posted: those that a profile names, without one those of statements."""
    kind = report_kind_of(format_name)
    return kind not in ADVICE_KINDS if profile is None else kind in profile.posts


def is_event(report: FileReport) -> bool:
    """Whether a file is the body of a webhook."""
    return report_kind_of(report.format or "") in EVENT_KINDS


def leave_out_told_elsewhere(
    profile: "ProviderProfile | None", entries: Iterable[StatementEntry]
) -> Iterable[StatementEntry]:
    """The entries without those whose type code says that another file tells their movements one by one."""
    if profile is None or not profile.told_elsewhere:
        return entries
    told_elsewhere = profile.told_elsewhere
    return (entry for entry in entries if entry.type_code not in told_elsewhere)
