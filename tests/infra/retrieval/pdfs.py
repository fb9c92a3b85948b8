"""PDFs for the tests."""

from __future__ import annotations

import io
import zlib

from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas


def pdf(*pages: str, password: str | None = None) -> bytes:
    """A PDF with a line of text for each line; a page without text has a drawing."""
    file = io.BytesIO()
    canvas = Canvas(file, invariant=1, encrypt=StandardEncryption(password) if password else None)
    for page in pages:
        if not page:
            canvas.rect(100, 100, 300, 300, fill=1)
        for place, line in enumerate(page.splitlines()):
            canvas.drawString(72, 780 - 14 * place, line)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def bomb(megabytes: int) -> bytes:
    """A small PDF whose only page unfolds to many megabytes of text."""
    packer = zlib.compressobj(9)
    text = b"BT /F1 9 Tf " + b"(abcdefgh) Tj " * 74_898
    stream = b"".join(packer.compress(text) for _ in range(megabytes)) + packer.flush()
    stream = zlib.compress(stream, 9)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d /Filter [/FlateDecode /FlateDecode] >>\nstream\n%s\nendstream"
        % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body = b"%PDF-1.4\n" + b"".join(b"%d 0 obj\n%s\nendobj\n" % each for each in enumerate(objects, 1))
    return body + b"trailer << /Root 1 0 R /Size 6 >>\n%%EOF\n"
