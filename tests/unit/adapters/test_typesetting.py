"""PDF documents: read back by another library for what people and their assistive technology get of them."""

import json
import shutil
import struct
import subprocess
import sys
import zlib
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import segno
import typst
import zxingcpp
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject

from pawledger.adapters.typesetting.errors import DocumentNotTypesetError
from pawledger.adapters.typesetting.typst_documents import (
    LINES_MAX,
    TEMPLATES,
    TypstTypesetter,
    lay_out,
)
from pawledger.adapters.typesetting.views import invoice_view, statement_view, write_amount, write_day
from pawledger.domain.billing.documents import (
    invoice_as_json,
    make_invoice_document,
    make_statement_of_invoice,
    statement_as_json,
)
from pawledger.domain.matching.creditors import Creditor
from tests.builders.documents import AccountStory, build_creditor

CHECKOUT = Path(__file__).resolve().parents[3]
IBAN_IN_WORDS = "IBAN DE89 3704 0044 0532 0130 00"
REFERENCE_IN_WORDS = "RF98 ABCD 1234 0001"
CHARGES = [("premium", 1_234_50), ("tax:ipt", 43_21), ("discount:multi_pet", -5_00)]


def invoice_of(charges: list[tuple[str, int]] = CHARGES, currency: str = "EUR", **changes: Any) -> dict[str, Any]:
    story = AccountStory(currency=currency)
    story.open()
    entry = story.invoice(date(2026, 3, 1), charges, policy_id=changes.pop("policy_id", "POL-1"))
    return invoice_as_json(
        make_invoice_document(entry, currency=currency, creditor=build_creditor(currency, **changes))
    )


def statement_of(creditor: Creditor | None = None) -> dict[str, Any]:
    story = AccountStory()
    story.open()
    story.pay(date(2026, 2, 20), 100_00)
    story.pay(date(2026, 2, 21), 2_000_00)
    entry = story.invoice(date(2026, 3, 1), CHARGES)
    return statement_as_json(make_statement_of_invoice(story.entries, entry, creditor=creditor or build_creditor()))


def read(pdf: bytes) -> PdfReader:
    return PdfReader(BytesIO(pdf), strict=True)


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in read(pdf).pages)


def structure_of(pdf: bytes) -> list[tuple[str, DictionaryObject]]:
    """The elements of the structure tree in reading order, with their types."""
    found: list[tuple[str, DictionaryObject]] = []

    def walk(node: Any) -> None:
        resolved = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(resolved, ArrayObject):
            for child in resolved:
                walk(child)
        elif isinstance(resolved, DictionaryObject):
            if "/S" in resolved:
                found.append((str(resolved["/S"]), resolved))
            if "/K" in resolved:
                walk(resolved["/K"])

    walk(read(pdf).trailer["/Root"]["/StructTreeRoot"]["/K"])  # type: ignore[index]
    return found


@pytest.mark.parametrize("document", [invoice_of(), statement_of()], ids=["invoice", "statement"])
def test_a_document_states_language_title_and_both_standards(document: dict[str, Any]) -> None:
    reader = read(TypstTypesetter().typeset(document))
    root: Any = reader.trailer["/Root"]

    assert root["/Lang"] == "en"
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata is not None
    assert reader.metadata.title == root_title(document)
    declared = root["/Metadata"].get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in declared.replace(" ", "")
    assert "<pdfaid:part>2</pdfaid:part>" in declared.replace(" ", "")
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in declared.replace(" ", "")


def root_title(document: dict[str, Any]) -> str:
    return f"Invoice {document['invoice_id']}" if "invoice_id" in document else "Statement of account ABCD1234"


@pytest.mark.parametrize("document", [invoice_of(), statement_of()], ids=["invoice", "statement"])
def test_headings_and_header_cells_guide_through_a_document(document: dict[str, Any]) -> None:
    kinds = [kind for kind, _ in structure_of(TypstTypesetter().typeset(document))]

    headings = [kind for kind in kinds if kind.startswith("/H") and kind[2:].isdigit()]
    assert headings[0] == "/H1"
    assert headings.count("/H1") == 1
    assert set(headings[1:]) == {"/H2"}
    assert kinds.count("/THead") == kinds.count("/Table") >= 2
    assert kinds.count("/TH") >= 4


def test_every_fact_of_an_invoice_is_in_its_text() -> None:
    text = text_of(TypstTypesetter().typeset(invoice_of()))

    for fact in (
        "Invoice ABCD1234-0001",
        "1 March 2026",
        "15 March 2026",
        "Policy POL-1, installment 1",
        "Premium 1,234.50",
        "Tax, ipt 43.21",
        "Discount, multi pet −5.00",  # noqa: RUF001 - the sign that is printed
        "To be paid 1,272.71",
        IBAN_IN_WORDS,
        f"Reference {REFERENCE_IN_WORDS}",
        "Page 1 of 1",
    ):
        assert fact in text, fact


def test_every_fact_of_a_statement_is_in_its_text() -> None:
    text = text_of(TypstTypesetter().typeset(statement_of()))

    for fact in (
        "Statement of account ABCD1234",
        "20 February 2026",
        "Payment received, thank you",
        "−2,000.00",  # noqa: RUF001 - the sign that is printed
        "due 15 March 2026",
        "1,272.71 of your money settles ABCD1234-0001",
        "No invoice is open.",
        "On 1 March 2026 827.29 EUR of your money is on your account.",
    ):
        assert fact in text, fact


def test_the_payment_code_is_told_in_words_and_is_read_by_another_reader() -> None:
    document = invoice_of(bic="BANKDEXXXXX")
    figures = [node for kind, node in structure_of(TypstTypesetter().typeset(document)) if kind == "/Figure"]

    payment = f"1,272.71 EUR to Sample Pet Insurance, {IBAN_IN_WORDS}, reference {REFERENCE_IN_WORDS}"
    assert [str(figure["/Alt"]) for figure in figures] == [f"QR code for a SEPA credit transfer: {payment}."]
    read_from_page = list(zxingcpp.read_barcodes(print_page(document)))
    assert [code.text for code in read_from_page] == [document["payment_code"]]
    assert (str(read_from_page[0].format), read_from_page[0].ec_level) == ("QR Code", "M")


def print_page(document: dict[str, Any]) -> memoryview:
    """The first page as somebody's camera sees it: 110 dots an inch, one byte of grey a dot."""
    template, view = lay_out(document)
    compiler = typst.Compiler(TEMPLATES / template, root=TEMPLATES, ignore_system_fonts=True)
    drawn = compiler.compile(sys_inputs={"document": json.dumps(view)}, format="png", ppi=110)
    assert isinstance(drawn, bytes)
    return read_png(drawn)


def read_png(png: bytes) -> memoryview:
    """The green channel of a PNG of eight bits a channel, after the specification's chapter 9 on filters."""
    chunks: dict[bytes, bytes] = {}
    at = 8
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        chunks[kind] = chunks.get(kind, b"") + png[at + 8 : at + 8 + length]
        at += 12 + length
    width, height, depth, colours = struct.unpack_from(">IIBB", chunks[b"IHDR"])
    step = {2: 3, 6: 4}[colours]
    assert depth == 8
    raw, row_bytes = zlib.decompress(chunks[b"IDAT"]), width * step
    above, green = bytearray(row_bytes), bytearray()
    for row in range(height):
        start = row * (row_bytes + 1)
        line = bytearray(raw[start + 1 : start + 1 + row_bytes])
        unfilter(raw[start], line, above, step)
        green += line[1::step]
        above = line
    return memoryview(bytes(green)).cast("B", (height, width))


def unfilter(kind: int, line: bytearray, above: bytearray, step: int) -> None:
    for index in range(len(line)):
        left = line[index - step] if index >= step else 0
        corner = above[index - step] if index >= step else 0
        line[index] = (line[index] + predict(kind, left, above[index], corner)) & 0xFF


def predict(kind: int, left: int, up: int, corner: int) -> int:
    if kind in (0, 1, 2, 3):
        return (0, left, up, (left + up) // 2)[kind]
    estimate = left + up - corner
    return min((left, up, corner), key=lambda value: abs(estimate - value))


def test_the_largest_payment_code_stays_within_version_13() -> None:
    code = segno.make_qr("x" * 331, error="m", boost_error=False, mode="byte")

    assert int(code.version) <= 13
    with pytest.raises(segno.DataOverflowError):
        segno.make_qr("x" * 332, error="m", boost_error=False, mode="byte", version=13)


def test_an_invoice_without_a_code_on_its_rail_has_no_figure() -> None:
    pdf = TypstTypesetter().typeset(
        invoice_of(currency="USD", iban=None, bank_details=(("Routing number", "000000000"),))
    )

    assert [kind for kind, _ in structure_of(pdf) if kind == "/Figure"] == []
    assert "Routing number 000000000" in text_of(pdf)
    assert read(pdf).pages[0].mediabox.height == 792  # US letter: 11 inches of 72 points


def test_an_invoice_over_nothing_asks_for_nothing() -> None:
    text = text_of(TypstTypesetter().typeset(invoice_of([("premium", 5_00), ("discount:staff", -5_00)])))

    assert "Nothing is to be paid." in text
    assert "IBAN" not in text


HOSTILE = [
    '#panic("evaluated")',
    '#read("/etc/passwd")',
    "*bold* _italic_ $x^2$ `raw` = heading",
    "]; #sys.version",
    "\\u{41} <label> @reference // comment",
    "https://example.org/",
    '"}, "title": "other',
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_is_printed_is_never_evaluated(hostile: str) -> None:
    document = invoice_of(name=hostile[:70], address=(hostile,), notes=(hostile,))
    document["lines"][0]["policy_id"] = hostile
    document["lines"][0]["charges"][0]["what"] = hostile

    text = text_of(TypstTypesetter().typeset(document))

    # name at the top and with the account, address, policy, charge, note
    assert text.replace("\n", " ").count(hostile) >= 5


@pytest.mark.parametrize("letter", ["\N{CJK UNIFIED IDEOGRAPH-4E00}", "\N{BRAILLE PATTERN DOTS-1}"])
def test_what_the_font_lacks_is_refused_and_not_left_out_nor_taken_from_another_font(letter: str) -> None:
    with pytest.raises(DocumentNotTypesetError, match="Invoice ABCD1234-0001 could not be typeset"):
        TypstTypesetter().typeset(invoice_of(name=letter))


@pytest.mark.parametrize("name", ["Ärzte für Tiere Łódź", "Ζωάκια", "Лапы и хвосты"])
def test_letters_of_europe_are_there(name: str) -> None:
    assert name in text_of(TypstTypesetter().typeset(invoice_of(name=name)))


def test_only_a_payment_code_is_made_of_shapes_all_fonts_are_embedded() -> None:
    reader = read(TypstTypesetter().typeset(invoice_of()))
    fonts: Any = reader.pages[0]["/Resources"]["/Font"]  # type: ignore[index]

    for font in fonts.values():
        for descendant in font["/DescendantFonts"]:
            descriptor = descendant.get_object()["/FontDescriptor"].get_object()
            assert "Libertinus" in descriptor["/FontName"]
            assert {"/FontFile2", "/FontFile3"} & set(descriptor)


@pytest.mark.parametrize("document", [invoice_of(), statement_of()], ids=["invoice", "statement"])
def test_the_same_document_gives_the_same_bytes(document: dict[str, Any]) -> None:
    first = TypstTypesetter().typeset(document)
    TypstTypesetter().typeset(invoice_of(policy_id="OTHER"))

    assert TypstTypesetter().typeset(document) == first
    assert TypstTypesetter().typeset({**document, "account_id": "ZZZZ9999"}) != first


REMAKE = """
import json, sys
from pawledger.adapters.typesetting.typst_documents import TypstTypesetter
sys.stdout.buffer.write(TypstTypesetter().typeset(json.load(sys.stdin)))
"""


def remake(document: dict[str, Any], folder: Path, **environment: str) -> bytes:
    return subprocess.run(  # noqa: S603 - our own interpreter on a text of this file
        [sys.executable, "-c", REMAKE],
        input=json.dumps(document).encode(),
        capture_output=True,
        check=True,
        cwd=folder,
        env={"PYTHONPATH": str(CHECKOUT / "layers" / "pawledger" / "python"), **environment},
    ).stdout


@pytest.mark.parametrize("document", [invoice_of(), statement_of()], ids=["invoice", "statement"])
def test_another_process_at_another_hour_and_place_gives_the_same_bytes(
    document: dict[str, Any], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    here = TypstTypesetter().typeset(document)

    there = remake(document, tmp_path, TZ="Asia/Tokyo", LANG="de_DE.UTF-8", HOME=str(home), PYTHONHASHSEED="7")
    elsewhere = remake(document, home, TZ="America/New_York", PYTHONHASHSEED="8", SOURCE_DATE_EPOCH="1")

    assert there == elsewhere == here


def test_where_the_package_lies_is_not_in_the_bytes(tmp_path: Path) -> None:
    document = invoice_of()
    package = tmp_path / "elsewhere" / "pawledger"
    shutil.copytree(CHECKOUT / "layers" / "pawledger" / "python" / "pawledger", package)

    there = remake(document, tmp_path, PYTHONPATH=str(package.parent))

    assert there == TypstTypesetter().typeset(document)


def test_a_statement_too_long_to_set_is_refused_before_it_is_tried() -> None:
    document = statement_of()
    document["lines"] = document["lines"][:1] * (LINES_MAX + 1)

    with pytest.raises(DocumentNotTypesetError, match="ask for fewer days"):
        TypstTypesetter().typeset(document)


def test_long_documents_repeat_their_header_and_number_their_pages() -> None:
    document = statement_of()
    document["lines"] = document["lines"] * 40

    pages = [page.extract_text() for page in read(TypstTypesetter().typeset(document)).pages]

    assert len(pages) >= 3
    for number, page in enumerate(pages[:-1], start=1):
        assert f"Page {number} of {len(pages)}" in page
        assert "You owe, EUR" in page


def test_templates_never_evaluate_text() -> None:
    for template in TEMPLATES.glob("*.typ"):
        assert "eval(" not in template.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("amount_minor", "currency", "written"),
    [
        (123_456_789, "EUR", "1,234,567.89"),
        (-5, "EUR", "−0.05"),  # noqa: RUF001 - the sign that is printed
        (1_234_567, "JPY", "1,234,567"),
        (1_234_567, "BHD", "1,234.567"),
        (0, "EUR", "0.00"),
    ],
)
def test_amounts_are_written_with_the_decimals_of_their_currency(
    amount_minor: int, currency: str, written: str
) -> None:
    assert write_amount(amount_minor, currency) == written


def test_days_are_written_with_their_month_in_letters() -> None:
    assert write_day("2026-03-05") == "5 March 2026"


def test_the_steps_on_the_page_lead_from_open_invoices_to_the_balance() -> None:
    story = AccountStory()
    story.open()
    story.pay(date(2026, 2, 5), 20_00)
    story.invoice(date(2026, 1, 5), [("premium", 30_00)])
    late = make_statement_of_invoice(story.entries, story.entries[-1], creditor=build_creditor())
    view = statement_view({**statement_as_json(late), "unallocated_minor": -20_00, "closing_minor": 30_00})

    assert view["open_totals"] == [
        {"what": "Open", "amount": "10.00"},
        {"what": "Settled with money booked after these days", "amount": "20.00"},
        {"what": "You owe", "amount": "30.00"},
    ]


def test_what_a_bank_took_back_is_told_in_words() -> None:
    story = AccountStory()
    story.open()
    story.pay(date(2026, 2, 1), 20_00)
    # It takes the 20.00, so that they are due again when the bank takes them back.
    story.invoice(date(2026, 2, 3), [("premium", 30_00)])
    story.take_back(date(2026, 2, 5), 20_00)
    story.pay(date(2026, 2, 6), 5_00)
    story.invoice(date(2026, 3, 5), [("premium", 30_00)])
    view = statement_view(
        statement_as_json(make_statement_of_invoice(story.entries, story.entries[-1], creditor=build_creditor()))
    )

    assert [invoice["what"] for invoice in view["open"]] == [
        "Payment taken back",
        "ABCD1234-0001",
        "ABCD1234-0002",
    ]
    assert view["lines"][1]["details"] == ["5.00 settles Payment taken back"]


def test_several_policies_are_summed_by_code() -> None:
    story = AccountStory()
    story.open()
    entry = story.invoice_of_terms(date(2026, 3, 1), [("A-1#1", [("premium", 10_00)]), ("B-2#1", [("premium", 20_00)])])
    document = invoice_as_json(make_invoice_document(entry, currency="EUR", creditor=build_creditor()))

    assert invoice_view(document)["totals"] == [
        {"what": "Premium, together", "amount": "30.00"},
        {"what": "Billed", "amount": "30.00"},
    ]
