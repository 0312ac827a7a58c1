"""Closes a day, fired by a schedule or by an operator who closes a day by hand, and pushes its digests."""

from dataclasses import asdict
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from pawledger.domain.books.entries import LedgerAccount
from pawledger.runtime.observability import create_logger, create_metrics, write_daily_metrics
from pawledger.runtime.settings import CloseDaySettings, read_settings
from pawledger.runtime.wiring import connect_alert_references, connect_alerts, connect_closing
from pawledger.services.closing.close_day import CLOSING_DAY, close_day
from pawledger.services.messages import read_business_date
from pawledger.services.resolving.push_digests import push_digests

logger, metrics = create_logger(), create_metrics()
settings = read_settings(CloseDaySettings)
ports = connect_closing(settings)
references, alerts = connect_alert_references(settings), connect_alerts(settings)


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    proof = close_day(read_business_date(event, CLOSING_DAY, settings.billing_time_zone), ports)
    metrics.add_metric("DiscrepanciesOpen", "Count", proof.discrepancies_open)
    metrics.add_metric("OldestDiscrepancyDays", "Count", proof.oldest_discrepancy_days)
    metrics.add_metric("DiscrepancyDaysOverdue", "Count", proof.digest.most_overdue_days)
    metrics.add_metric("AccountsOverdueForBilling", "Count", proof.accounts_overdue)
    metrics.add_metric("PolicyMonthsUnexplained", "Count", proof.months.unexplained)
    write_daily_metrics(metrics, "DiscrepanciesOpenByKind", "kind", proof.open_by_kind)
    write_daily_metrics(metrics, "OldestDiscrepancyDaysByKind", "kind", proof.oldest_days_by_kind)
    for name, ledger_account in (
        ("UnappliedMinor", LedgerAccount.UNAPPLIED),
        ("SuspenseMinor", LedgerAccount.SUSPENSE),
    ):
        write_daily_metrics(metrics, name, "currency", proof.credit_by_currency(ledger_account))
    summary = {
        "business_date": proof.business_date.isoformat(),
        "files_proven": proof.files_proven,
        "files_unproven": proof.files_unproven,
        "accounts": proof.account_count,
        "accounts_overdue": proof.accounts_overdue,
        "accounts_out_of_balance": proof.accounts_out_of_balance,
        "policy_months": asdict(proof.months),
        "discrepancies_open": proof.discrepancies_open,
        "oldest_discrepancy_days": proof.oldest_discrepancy_days,
        "balances_minor": {f"{currency} {name}": amount for (currency, name), amount in sorted(proof.balances.items())},
    }
    # Last, because a day is closed also where nobody can be told.
    summary["digests_pushed"] = push_digests(proof.digest, references=references, alerts=alerts)
    logger.info("day closed", extra=summary)
    return summary
