"""A book of a shop as PDF, of any number of pages: four of text, then one with a table; and pages of it as a scanner gives them."""

from __future__ import annotations

import io
from random import Random

import pypdfium2
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate, Table

WORDS = [
    "delivery",
    "return",
    "parcel",
    "within",
    "days",
    "customer",
    "order",
    "price",
    "shipping",
    "refund",
    "warranty",
    "service",
    "store",
    "product",
    "article",
    "invoice",
    "payment",
    "address",
    "number",
    "please",
    "contact",
    "our",
    "team",
    "the",
    "of",
    "and",
    "to",
    "a",
    "in",
    "is",
    "for",
    "with",
    "on",
]
PARAGRAPHS, SENTENCES = 6, 6
ROWS = 35


def book(pages: int, seed: int = 1) -> bytes:
    random, styles = Random(seed), getSampleStyleSheet()
    story: list[Flowable] = []
    for page in range(pages):
        story.append(Paragraph(f"Chapter {page + 1}", styles["Heading2"]))
        if page % 5 == 4:
            rows = [
                [
                    f"Article {page}-{n}",
                    str(random.randint(0, 99)),
                    f"{random.randint(100, 99_999) / 100:.2f}",
                ]
                for n in range(ROWS)
            ]
            story.append(Table([["Article", "Stock", "Price"], *rows]))
        else:
            story += [Paragraph(_paragraph(random), styles["BodyText"]) for _ in range(PARAGRAPHS)]
        story.append(PageBreak())
    file = io.BytesIO()
    SimpleDocTemplate(file, invariant=1).build(story)
    return file.getvalue()


def scanned(content: bytes, dots: int = 150) -> bytes:
    """Its pages as pictures, `dots` an inch."""
    file = io.BytesIO()
    canvas = Canvas(file, invariant=1)
    document = pypdfium2.PdfDocument(content)
    for page in document:
        width, height = page.get_size()
        canvas.setPageSize((width, height))
        canvas.drawImage(ImageReader(page.render(scale=dots / 72).to_pil()), 0, 0, width, height)
        canvas.showPage()
    document.close()
    canvas.save()
    return file.getvalue()


def _paragraph(random: Random) -> str:
    sentences = [" ".join(random.choices(WORDS, k=random.randint(8, 18))) for _ in range(SENTENCES)]
    return " ".join(f"{each.capitalize()}." for each in sentences)
