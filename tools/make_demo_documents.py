"""Makes the demo tenant's PDFs in interfaces/cli/demo/data: `python tools/make_demo_documents.py`. The same input gives the same bytes.

What they say is `tools/demo/texts.toml`. The FAQ has one column, the product guide has two, and the service guide is a scan: a picture of its text.
"""

from __future__ import annotations

import sys
import tomllib
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.units import cm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    FrameBreak,
    PageBreak,
    PageTemplate,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
)

ROOT = Path(__file__).parent.parent
DATA = ROOT / "interfaces" / "cli" / "demo" / "data"
TEXTS: dict[str, Any] = tomllib.loads((ROOT / "tools" / "demo" / "texts.toml").read_text())
AUTHOR = "Nordfell Outdoor"

DOTS = 150
"""Of the scan, an inch."""

GREYS = 16
"""Of the scan: few, so that it stays small."""

_styles = getSampleStyleSheet()
BODY, HEADING, TITLE = _styles["BodyText"], _styles["Heading2"], _styles["Title"]


def faq() -> bytes:
    story: list[Flowable] = [Paragraph("Frequently asked questions", TITLE)]
    for number, each in enumerate(TEXTS["faq"], 1):
        story += [
            Paragraph(f"{number}. {each['question']}", HEADING),
            Paragraph(each["answer"], BODY),
            Spacer(1, 6),
        ]
    return _one_column("faq.pdf", story)


def product_guide() -> bytes:
    """Two columns, in each one product; the title stands over both."""
    file = BytesIO()
    width, height = A4
    column, top = (width - 5 * cm) / 2, 3 * cm
    frames = [
        Frame(2 * cm, 2 * cm, column, height - 2 * cm - top),
        Frame(3 * cm + column, 2 * cm, column, height - 2 * cm - top),
    ]
    document = BaseDocTemplate(file, pagesize=A4, invariant=1, title="product-guide.pdf", author=AUTHOR)

    def head(canvas: Canvas, _: BaseDocTemplate) -> None:
        if canvas.getPageNumber() == 1:
            canvas.setFont("Helvetica-Bold", 18)
            canvas.drawCentredString(width / 2, height - 2 * cm, "Product guide")

    document.addPageTemplates([PageTemplate(frames=frames, onPage=head)])
    story: list[Flowable] = []
    for number, each in enumerate(TEXTS["product"]):
        if number:
            story.append(FrameBreak() if number % 2 else PageBreak())
        story += [Paragraph(each["name"], HEADING), *(Paragraph(text, BODY) for text in each["texts"])]
    document.build(story)
    return file.getvalue()


def service_guide() -> bytes:
    """A page of text, and then its picture alone."""
    story: list[Flowable] = [Paragraph("Service guide", TITLE)]
    for each in TEXTS["service"]:
        story += [Paragraph(each["name"], HEADING), Paragraph(each["text"], BODY)]
    typed = pypdfium2.PdfDocument(_one_column("service-guide.pdf", story))
    picture: Image.Image = typed[0].render(scale=DOTS / 72, grayscale=True).to_pil()
    typed.close()
    step = 256 // GREYS
    picture = picture.convert("L").point([value // step * 255 // (GREYS - 1) for value in range(256)])
    file = BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=1)
    canvas.setTitle("service-guide.pdf")
    canvas.setAuthor(AUTHOR)
    canvas.drawImage(ImageReader(picture), 0, 0, *A4)
    canvas.save()
    return file.getvalue()


def _one_column(name: str, story: list[Flowable]) -> bytes:
    file = BytesIO()
    SimpleDocTemplate(file, pagesize=A4, invariant=1, title=name, author=AUTHOR).build(story)
    return file.getvalue()


DOCUMENTS = {"faq.pdf": faq, "product-guide.pdf": product_guide, "service-guide.pdf": service_guide}


def main(folder: Path = DATA) -> None:
    for name, made in DOCUMENTS.items():
        (folder / name).write_bytes(made())


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
