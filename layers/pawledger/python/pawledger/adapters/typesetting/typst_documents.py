"""Documents set by Typst: tagged PDF/A-2a and PDF/UA-1, with no trace of the machine or the hour in their bytes.

Fonts are those that Typst itself carries, Libertinus Serif (SIL Open Font License): none is looked for on the system.
What is printed goes in as one JSON value, so that nothing in it is ever read as Typst's markup.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import segno
import typst

from pawledger.adapters.typesetting.errors import DocumentNotTypesetError
from pawledger.adapters.typesetting.views import invoice_view, statement_view
from pawledger.domain.billing.documents import INVOICE_DOCUMENT, STATEMENT_DOCUMENT

TEMPLATES: Final = Path(__file__).parent / "templates"

LINES_MAX: Final = 5_000
"""A hundred pages and more: a longer statement is asked for in parts."""

QUIET_ZONE_MODULES: Final = 4
"""ISO/IEC 18004: the margin of a QR code is four modules wide."""

_STANDARDS: "Final[list[typst.PDFStandard]]" = ["a-2a", "ua-1"]
_VIEWS: Final[Mapping[str, tuple[str, Callable[[Mapping[str, Any]], dict[str, Any]]]]] = {
    INVOICE_DOCUMENT: ("invoice.typ", invoice_view),
    STATEMENT_DOCUMENT: ("statement.typ", statement_view),
}


class TypstTypesetter:
    """Fulfils `Typesetter`."""

    def typeset(self, document: Mapping[str, Any]) -> bytes:
        """See `Typesetter.typeset`. Raises `DocumentNotTypesetError` where Typst refuses it or it is too long."""
        template, view = lay_out(document)
        try:
            typeset = _compiler(template).compile(
                sys_inputs={"document": json.dumps(view)},
                format="pdf",
                pdf_standards=_STANDARDS,
                timestamp=datetime.fromisoformat(view["day"]).replace(tzinfo=UTC),
            )
        except typst.TypstError as error:
            hints = "; ".join([error.message, *error.hints])
            raise DocumentNotTypesetError(f"{view['title']} could not be typeset: {hints}") from error
        if not isinstance(typeset, bytes):
            raise DocumentNotTypesetError(f"{view['title']} was typeset into {type(typeset).__name__}, not one file")
        return typeset


def lay_out(document: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The template of a document and what it prints, payment code drawn. Raises `DocumentNotTypesetError`."""
    template, make_view = _VIEWS[document["schema"]]
    if len(document["lines"]) > LINES_MAX:
        raise DocumentNotTypesetError(
            f"a document of {len(document['lines'])} lines is over {LINES_MAX}: ask for fewer days"
        )
    view = make_view(document)
    if view.get("payment") and document["payment_code"]:
        view["payment"]["code"] = draw_payment_code(document["payment_code"])
    return template, view


def draw_payment_code(payload: str) -> str:
    """A payload as a QR code in SVG: error correction level M, nothing boosted, at most version 13 (EPC069-12)."""
    code = segno.make_qr(payload, error="m", boost_error=False, encoding="utf-8", mode="byte")
    drawn = BytesIO()
    code.save(drawn, kind="svg", border=QUIET_ZONE_MODULES, xmldecl=False, svgns=True)
    return drawn.getvalue().decode()


@cache
def _compiler(template: str) -> typst.Compiler:
    """One compiler a template: it keeps the fonts, which take longer to read than a document to set."""
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
    return typst.Compiler(TEMPLATES / template, root=TEMPLATES, font_paths=fonts)
