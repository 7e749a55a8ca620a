"""Makes small real files of every format that documents are read from, with known words in them."""

from __future__ import annotations

import io
import sqlite3
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from docx import Document
from openpyxl import Workbook
from PIL import Image, ImageDraw, ImageFont
from pptx import Presentation
from pptx.util import Inches
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas
from reportlab.platypus import Flowable, PageBreak, Paragraph, SimpleDocTemplate, Spacer

SENTENCE = "The quick brown fox jumps over the lazy dog near the river bank."


def pdf(
    pages: Sequence[Sequence[tuple[str, str]]], *, title: str = "", password: str | None = None
) -> bytes:
    """Typeset pages of (style, text), styles as reportlab names them: Heading1, BodyText ..."""
    styles = getSampleStyleSheet()
    flow: list[Flowable] = []
    for page in pages:
        for style, text in page:
            flow.extend([Paragraph(text, styles[style]), Spacer(1, 8)])
        flow.append(PageBreak())
    target = io.BytesIO()
    locked = None if password is None else StandardEncryption(password, ownerPassword="owner")
    SimpleDocTemplate(target, pagesize=A4, title=title, encrypt=locked).build(flow)
    return target.getvalue()


def pdf_of_lines(pages: Sequence[Sequence[str]]) -> bytes:
    """Print lines as they are, 14 points apart."""
    target = io.BytesIO()
    sheet = canvas.Canvas(target, pagesize=A4)
    for lines in pages:
        for number, line in enumerate(lines):
            sheet.drawString(72, 760 - 14 * number, line)
        sheet.showPage()
    sheet.save()
    return target.getvalue()


def pdf_of_picture(shown: Image.Image) -> bytes:
    """Print a picture, with a word above it."""
    target = io.BytesIO()
    sheet = canvas.Canvas(target, pagesize=A4)
    sheet.drawString(72, 800, "A photograph of the office in the morning, as it was taken.")
    sheet.drawImage(ImageReader(shown), 72, 300, 450, 270)
    sheet.showPage()
    sheet.save()
    return target.getvalue()


def picture(text: str, *, kind: str = "PNG", height: int = 300) -> bytes:
    """Draw text in black on white, large enough to be recognised."""
    image = Image.new("RGB", (1400, height), "white")
    ImageDraw.Draw(image).text((60, 100), text, fill="black", font=ImageFont.load_default(64))
    target = io.BytesIO()
    image.save(target, format=kind)
    return target.getvalue()


def scanned_pdf(texts: Sequence[str], *, stamp: str = "") -> bytes:
    """Print pictures of text, one per page, with a stamp; an empty one gives a page of real text."""
    target = io.BytesIO()
    sheet = canvas.Canvas(target, pagesize=A4)
    for text in texts:
        if text:
            sheet.drawImage(ImageReader(io.BytesIO(picture(text, height=1980))), 0, 0, 595, 842)
            sheet.drawString(72, 20, stamp)
        else:
            sheet.drawString(72, 760, SENTENCE)
        sheet.showPage()
    sheet.save()
    return target.getvalue()


def docx() -> bytes:
    """Write headings, paragraphs, a list, two tables, a header and a title."""
    document = Document()
    document.core_properties.title = "Staff handbook"
    document.sections[0].header.paragraphs[0].text = "Confidential draft"
    document.add_heading("Holidays", level=1)
    document.add_paragraph("Everybody has thirty days of leave.")
    document.add_heading("Asking for leave", level=2)
    document.add_paragraph("Write to your lead", style="List Bullet")
    document.add_paragraph("Wait for the answer", style="List Number")
    _table(document, [("Office", "Days"), ("Köln", "30"), ("Oslo", "25")])
    document.add_paragraph("After the table.")
    _table(document, [("City", "Note"), *((f"City {n}", "a note " * 10) for n in range(20))])
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def _table(document, rows):
    table = document.add_table(rows=0, cols=2)
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text


def pptx() -> bytes:
    """Show two slides: bullets with notes, and a table."""
    deck = Presentation()
    first = deck.slides.add_slide(deck.slide_layouts[1])
    first.shapes.title.text = "Quarterly results"
    first.placeholders[1].text = "Revenue grew\nCosts fell"
    first.notes_slide.notes_text_frame.text = "Thank the team"
    second = deck.slides.add_slide(deck.slide_layouts[5])
    second.shapes.title.text = "Figures"
    frame = second.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(4), Inches(1))
    for place, text in enumerate(("Region", "Sales", "North", "17")):
        frame.table.cell(place // 2, place % 2).text = text
    target = io.BytesIO()
    deck.save(target)
    return target.getvalue()


def xlsx(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    """Fill sheets with rows."""
    workbook = Workbook()
    workbook.remove(workbook.active)
    for name, rows in sheets.items():
        sheet = workbook.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    target = io.BytesIO()
    workbook.save(target)
    return target.getvalue()


def packed(entries: Mapping[str, str | bytes]) -> bytes:
    """Pack entries into a zip archive."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return target.getvalue()


def edited(content: bytes, name: str, old: str, new: str) -> bytes:
    """Replace something in one part of a packed file."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = {entry: archive.read(entry) for entry in archive.namelist()}
    assert old.encode() in entries[name]
    return packed({**entries, name: entries[name].replace(old.encode(), new.encode())})


def epub(chapters: Mapping[str, str], *, spine: Sequence[str] = (), extra=None) -> bytes:
    """Bind chapters of HTML by file name, read in the order of `spine`, with a table of contents."""
    items = "".join(
        f'<item id="{name}" href="{name}" media-type="application/xhtml+xml"/>' for name in chapters
    )
    order = "".join(f'<itemref idref="{name}"/>' for name in spine or chapters)
    points = "".join(
        f'<navPoint><navLabel><text>About {name}</text></navLabel><content src="{name}#top"/></navPoint>'
        for name in chapters
    )
    book = (
        '<package xmlns="http://www.idpf.org/2007/opf">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>A small book</dc:title>'
        f'</metadata><manifest>{items}<item id="toc" href="toc.ncx" '
        f'media-type="application/x-dtbncx+xml"/></manifest><spine>{order}</spine></package>'
    )
    container = (
        '<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
    )
    ncx = f'<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>{points}</navMap></ncx>'
    pages = {
        f"OEBPS/{name}": f"<html><body>{body}</body></html>" for name, body in chapters.items()
    }
    return packed({
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": container,
        "OEBPS/book.opf": book,
        "OEBPS/toc.ncx": ncx,
        **pages,
        **(extra or {}),
    })


def eml(*, html_only: bool = False) -> bytes:
    """Write a mail with an attachment."""
    mail = EmailMessage()
    mail["Subject"] = "Grüße aus Köln"
    mail["From"] = "Ann <ann@example.org>"
    mail["To"] = "bob@example.org"
    mail["Date"] = "Mon, 02 Nov 2026 10:00:00 +0100"
    body = "Hello Bob,\n\nthe invoice number is RX-4711.\n\nAnn"
    if html_only:
        mail.set_content("<p>Hello Bob,</p><p>the invoice number is RX-4711.</p>", subtype="html")
    else:
        mail.set_content(body)
        mail.add_alternative("<p>the HTML twin</p>", subtype="html")
    mail.add_attachment(b"%PDF-", maintype="application", subtype="pdf", filename="invoice.pdf")
    return bytes(mail)


HTML = """<!doctype html><html><head><meta charset="utf-8"><title>Opening hours</title>
<script>var hidden = "script words"</script></head><body>
<nav><a href="/">Home</a></nav><header>Site name</header>
<main><article><header><h1>Opening hours</h1></header>
<p>We open at <b>nine</b> and<br>close at five.</p><p hidden>hidden words</p>
<ul><li>Monday</li><li><p>Tuesday</p></li></ul>
<table><tr><th>Day</th><th>Hours</th></tr><tr><td>Friday</td><td>9-12</td></tr></table>
<pre>def hours():
    return 8</pre></article></main>
<form><label>Mail</label><input value="typed words"></form><footer>Imprint</footer></body></html>
"""

MARKDOWN = """---
title: "The manual"
---
# Setting up ##

Some *text* over
two lines.

- first item
  goes on
- second item

| Name | Value |
|------|-------|
| a    | 1     |

```python
# not a heading

x = 1
```

Underlined
----------
Last paragraph.
"""

CODE = '''"""A module."""

import os


@decorated
def first():
    x = 1

    return x


class Second:
    """Two blocks."""

    def method(self):
        return 2
'''

CSV = 'name;city;amount\r\nAnn;Köln;1,50\r\nBob;"Oslo; Norway";2,00\r\n'
JSON = '{"orders": [{"customer": "Ann", "total": 1.10}, {"customer": "Bob", "tags": ["x", "y"]}]}'
JSONL = '{"id": 1, "text": "first line"}\n{"id": 2, "text": "second line"}\n'
TEXT = "INTRODUCTION\n\nThis is the first\nparagraph.\r\n\r\nThis is the second.\n\n- one\n- two\n"


def samples() -> dict[str, bytes]:
    """Give one honest file of every format, by a name that fits it."""
    return {
        "a.pdf": pdf([[("Heading1", "Fees"), ("BodyText", SENTENCE)], [("BodyText", "Page two.")]]),
        "a.docx": docx(),
        "a.pptx": pptx(),
        "a.xlsx": xlsx({"Sales": [("name", "amount"), ("Ann", 1.5), ("Bob", 2)]}),
        "a.epub": epub({"one.xhtml": "<h1>One</h1><p>First.</p>", "two.xhtml": "<p>Second.</p>"}),
        "a.eml": eml(),
        "a.html": HTML.encode(),
        "a.json": JSON.encode(),
        "a.jsonl": JSONL.encode(),
        "a.csv": CSV.encode("cp1252"),
        "a.tsv": b"name\tcity\nAnn\tBonn\nBob\tOslo\n",
        "a.md": MARKDOWN.encode(),
        "a.py": CODE.encode(),
        "a.txt": TEXT.encode(),
        "a.sqlite": sqlite(),
        "a.parquet": parquet(),
    }


def sqlite() -> bytes:
    """Make a database with one table."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(
            "CREATE TABLE people(name TEXT, city TEXT); INSERT INTO people VALUES ('Ann', 'Bonn')"
        )
        return connection.serialize()


def parquet() -> bytes:
    """Make a file with one row."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "made"
        duckdb.sql(f"COPY (SELECT 'Ann' AS name, 1.5 AS amount) TO '{path}' (FORMAT parquet)")
        return path.read_bytes()


def write(folder: Path, name: str, content: bytes) -> Path:
    """Put a file into a folder."""
    path = folder / name
    path.write_bytes(content)
    return path
