"""Small DOCX files, made part by part."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from io import BytesIO

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
STYLES = f'<w:styles xmlns:w="{W}">' + "".join(
    f'<w:style w:type="paragraph" w:styleId="H{n}"><w:name w:val="heading {n}"/></w:style>' for n in (1, 2)
)
NUMBERING = (
    f'<w:numbering xmlns:w="{W}"><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/></w:lvl>'
    '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>'
)
FORMS = {"b": "<w:b/>", "sup": '<w:vertAlign w:val="superscript"/>'}

Run = str | tuple[str, str]


def paragraph(*runs: Run, style: str = "", item: bool = False) -> str:
    """Runs of text, or (text, form): b, sup, deleted."""
    about = f'<w:pStyle w:val="{style}"/>' if style else ""
    about += '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>' if item else ""
    return f"<w:p><w:pPr>{about}</w:pPr>{''.join(map(_run, runs))}</w:p>"


def heading(level: int, text: str) -> str:
    return paragraph(text, style=f"H{level}")


def table(rows: Sequence[Sequence[str | tuple[Run, ...]]]) -> str:
    cells = [
        "".join(f"<w:tc>{paragraph(*([c] if isinstance(c, str) else c))}</w:tc>" for c in row) for row in rows
    ]
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"


def docx(*body: str, name: str = "word/document.xml", document: bytes | None = None) -> bytes:
    whole = f'<w:document xmlns:w="{W}"><w:body>{"".join(body)}</w:body></w:document>'
    parts = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": f'<Relationships xmlns="{R}"><Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="{name}"/></Relationships>',
        name: whole if document is None else document,
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{R}">'
        f'<Relationship Id="r1" Type="{OFFICE}/styles" Target="styles.xml"/>'
        f'<Relationship Id="r2" Type="{OFFICE}/numbering" Target="numbering.xml"/></Relationships>',
        "word/styles.xml": f"{STYLES}</w:styles>",
        "word/numbering.xml": NUMBERING,
    }
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for part, content in parts.items():
            packed.writestr(part, content)
    return made.getvalue()


def _run(run: Run) -> str:
    text, form = run if isinstance(run, tuple) else (run, "")
    if form == "deleted":
        return f'<w:del w:id="1"><w:r><w:delText>{text}</w:delText></w:r></w:del>'
    return f'<w:r><w:rPr>{FORMS.get(form, "")}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'
