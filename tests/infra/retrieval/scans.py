"""Pages as a scanner makes them: a picture, a little aslant, with noise, as JPEG."""

from __future__ import annotations

import io
from random import Random

import numpy as np
import pypdfium2
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

Rows = list[list[str]]


def scanned(content: bytes, *, slant: float = 0.5, seed: int = 1) -> Image.Image:
    """The first page of a PDF at 150 dots an inch; `slant` in degrees."""
    picture = pypdfium2.PdfDocument(content)[0].render(scale=150 / 72).to_pil().convert("L")
    turned = picture.rotate(slant, resample=Image.Resampling.BICUBIC, fillcolor=255)
    grey = np.asarray(turned, dtype=np.float32) * 0.85 + 20
    grey += np.random.default_rng(seed).normal(0, 8, grey.shape)
    file = io.BytesIO()
    Image.fromarray(grey.clip(0, 255).astype(np.uint8)).save(file, "JPEG", quality=70)
    return Image.open(file)


def with_pages(*pages: str | Image.Image, stamp: str = "") -> bytes:
    """A PDF of lines of text, and of pictures over whole pages with a text upon them."""
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=1)
    for page in pages:
        if isinstance(page, str):
            canvas.drawString(72, 780, page)
        else:
            canvas.drawImage(ImageReader(page), 0, 0, *A4)
            if stamp:
                canvas.drawString(20, 12, stamp)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def price_list(seed: int, rows: int = 18) -> tuple[bytes, Rows]:
    random = Random(seed)
    table = [
        [
            f"Tent Fjord {n + 10}",
            f"A-{random.randint(1000, 9999)}-{random.randint(10, 99)}",
            f"{random.randint(10, 99)}",
            f"{random.randint(10, 999)}.{random.randint(0, 99):02}",
        ]
        for n in range(rows)
    ]
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=A4, invariant=1)
    canvas.setFont("Helvetica-Bold", 16)
    canvas.drawString(72, 780, "Nordfell price list")
    canvas.setFont("Helvetica", 11)
    for number, row in enumerate(table):
        for x, cell in zip((72, 220, 350, 430), row, strict=True):
            canvas.drawString(x, 740 - 24 * number, cell)
    canvas.save()
    return file.getvalue(), table
