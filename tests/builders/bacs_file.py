"""Writes Bacs reports in XML from what a test says is in them, with totals of its own arithmetic."""

from dataclasses import dataclass
from pathlib import Path
from random import Random
from xml.sax.saxutils import quoteattr

DECLARATION = '<?xml version="1.0" encoding="ISO-8859-1"?>'


def element(tag: str, inside: str = "", /, **attributes: str | None) -> str:
    """An element on a line of its own; an underscore in the name of an attribute becomes a hyphen."""
    told = "".join(
        f" {key.replace('_', '-')}={quoteattr(value)}" for key, value in attributes.items() if value is not None
    )
    return f"<{tag}{told}>{inside}</{tag}>\n"


def pounds(amount_minor: int) -> str:
    return f"{amount_minor // 100}.{amount_minor % 100:02}"


@dataclass(frozen=True, slots=True)
class ReturnedDebit:
    """One collection that comes back unpaid."""

    reference: str = "PL100234"
    amount_minor: int = 4_750
    code: str = "0"
    description: str = "REFER TO PAYER"
    collected_on: str = "2026-11-16"
    transaction_code: str = "17"
    currency: str = "GBP"
    payer_sort_code: str = "20-00-00"
    payer_number: str = "55779911"
    payer_name: str = "M OKAFOR"

    @property
    def xml(self) -> str:
        payer = element(
            "PayerAccount",
            number=self.payer_number,
            ref=self.reference,
            name=self.payer_name,
            sortCode=self.payer_sort_code,
            bankName="A BANK",
        )
        return element(
            "ReturnedDebitItem",
            payer,
            ref=self.reference,
            transCode=self.transaction_code,
            returnCode=self.code,
            returnDescription=self.description,
            originalProcessingDate=self.collected_on,
            valueOf=pounds(self.amount_minor),
            currency=self.currency,
        )


@dataclass(frozen=True, slots=True)
class Account:
    """One originating account with the debits that come back to it, and its Totals."""

    number: str = "30020011"
    sort_code: str = "40-00-01"
    items: tuple[ReturnedDebit, ...] = (ReturnedDebit(),)

    @property
    def xml(self) -> str:
        account = element("OriginatingAccount", name="PAWLEDGER", number=self.number, sortCode=self.sort_code, type="0")
        currencies = sorted({item.currency for item in self.items}) or ["GBP"]
        chosen = [(each, [item for item in self.items if item.currency == each]) for each in currencies]
        totals = "".join(
            element(
                "Totals",
                numberOf=str(len(items)),
                valueOf=pounds(sum(item.amount_minor for item in items)),
                currency=currency,
            )
            for currency, items in chosen
        )
        inside = account + "".join(item.xml for item in self.items) + totals
        return element("OriginatingAccountRecord", "\n" + inside)


def document(inside: str, *, root: str = "BACSDocument", encoding: str = "iso-8859-1") -> bytes:
    """A document with the declaration, its data and the mark of a signature."""
    whole = element(root, "\n" + element("Data", "\n" + inside) + element("Signature"))
    return f"{DECLARATION}\n{whole}".encode(encoding)


def write_arudd(*accounts: Account, user_number: str = "281881", advice: str = "017", day: str = "2026-11-18") -> bytes:
    """An ARUDD report."""
    header = element("Header", reportType="REFT1019", adviceNumber=advice, currentProcessingDate=day)
    licence = element("ServiceLicenseInformation", userName="PAWLEDGER", userNumber=user_number)
    records = element("OriginatingAccountRecords", "\n" + "".join(account.xml for account in accounts))
    return document(element("ARUDD", "\n" + header + licence + element("Advice", "\n" + records)))


@dataclass(frozen=True, slots=True)
class Advice:
    """One advice on an instruction; a hyphen of its attributes' names is left out where `is_camel`."""

    reference: str = "PL100234"
    record_type: str = "A"
    reason: str = "3"
    effective: str | None = "2026-11-20"
    new_sort_code: str | None = None
    new_number: str | None = None
    is_camel: bool = False

    @property
    def xml(self) -> str:
        told = {
            "user-number": "281881",
            "record-type": self.record_type,
            "reference": self.reference,
            "reason-code": self.reason,
            "effective-date": self.effective,
            "payer-name": "M OKAFOR",
            "payer-sort-code": "20-00-00",
            "payer-account-number": "55779911",
            "payer-new-sort-code": self.new_sort_code,
            "payer-new-account-number": self.new_number,
        }
        if self.is_camel:
            told = {
                key.title().replace("-", "")[0].lower() + key.title().replace("-", "")[1:]: told[key] for key in told
            }
        return element("MessagingAdvice", **told)


def write_instructions(*advices: Advice, more: str = "") -> bytes:
    """An ADDACS or AUDDIS report; `more` stands behind the header."""
    header = element("Header", report_generation_date="2026-11-18")
    return document(element("MessagingAdvices", "\n" + header + more + "".join(advice.xml for advice in advices)))


@dataclass(frozen=True, slots=True)
class Claim:
    """One indemnity claim over collections of the given amounts; or the cancellation of one."""

    amounts_minor: tuple[int, ...] = (4_750,)
    reference: str = "PL100234"
    claim_reference: str = "DDICNWBK0001"
    reason: str = "2"
    is_cancellation: bool = False

    @property
    def amount_minor(self) -> int:
        return sum(self.amounts_minor)

    @property
    def xml(self) -> str:
        collections = "".join(
            element(
                "DDCollection", element("DateOfDirectDebit", f"2026-{10 - at:02}-01") + element("Amount", pounds(each))
            )
            for at, each in enumerate(self.amounts_minor)
        )
        told = {
            "SeqNo": "1",
            "PayingBankReference": self.claim_reference,
            "SUReference": self.reference,
            "ReasonCode": self.reason,
            "ReasonCodeMeaning": "No advance notice",
            "PayerSortCode": "200000",
            "PayerName": "M OKAFOR",
            "PayerAccount": "55779911",
            "TotalAmount": f"{self.amount_minor // 100:,}.{self.amount_minor % 100:02}",
        }
        inside = "".join(element(name, value) for name, value in told.items()) + element("DDCollections", collections)
        return element("DDICCancellation" if self.is_cancellation else "DDICAdvice", inside)


def write_claims(*claims: Claim) -> bytes:
    """A DDICA report with its sums."""
    new = [claim for claim in claims if not claim.is_cancellation]
    cancelled = [claim for claim in claims if claim.is_cancellation]
    inside = element("ServiceUserNumber", "281881")
    if new:
        total = f"{sum(claim.amount_minor for claim in new) / 100:,.2f}"
        told = element("TotalValueOfDebits", total) + element("DateOfDebit", "2026-12-03")
        inside += element("NewAdvices", "".join(claim.xml for claim in new) + told)
    if cancelled:
        total = f"{sum(claim.amount_minor for claim in cancelled) / 100:,.2f}"
        told = element("TotalValueOfCancellations", total)
        inside += element("Cancellations", "".join(claim.xml for claim in cancelled) + told)
    return document(element("Document", inside), root="VocaDocument")


def write_bacs_bulk(path: Path, records: int) -> None:
    """Write an ordinary ARUDD report of many returned debits quickly."""
    chance = Random(records)  # noqa: S311 - test data
    reasons = (("0", "REFER TO PAYER"), ("1", "INSTRUCTION CANCELLED"), ("B", "ACCOUNT CLOSED"), ("5", "NO ACCOUNT"))
    before, item, after = (
        write_arudd(Account(items=(ReturnedDebit("MARK"),))).decode().partition(ReturnedDebit("MARK").xml)
    )
    total_minor = 0
    with path.open("w", encoding="iso-8859-1") as out:
        out.write(before)
        for number in range(records):
            code, description = chance.choice(reasons)
            amount_minor = chance.randrange(500, 30_000)
            total_minor += amount_minor
            debit = ReturnedDebit(
                f"PL{number:08}",
                amount_minor,
                code,
                description,
                f"2026-11-{chance.randrange(10, 17)}",
                payer_number=f"{chance.randrange(10**8):08}",
                payer_name=f"PAYER {chance.randrange(10**6)}",
            )
            out.write(debit.xml)
        out.write(after.replace('numberOf="1"', f'numberOf="{records}"').replace('"47.50"', f'"{pounds(total_minor)}"'))
    assert item
