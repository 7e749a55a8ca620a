"""Web pages, office documents, books and mails: their words in reading order."""

from __future__ import annotations

import pytest

from backend.documents.extracted import Unreadable
from tests.fakes import hostile_files as hostile
from tests.fakes import sample_files as sample
from tests.fakes.extracted_text import shown


def test_html(read):
    """The main text: no navigation, forms, scripts or hidden parts; the title is the page's own."""
    _, extracted = read(sample.HTML.encode(), "a.html")

    assert extracted.title == "Opening hours"
    assert shown(extracted) == [
        ("heading1", "Opening hours"),
        ("paragraph", "We open at nine and\nclose at five."),
        ("list", "- Monday"),
        ("list", "- Tuesday"),
        ("table", "Day | Hours\nFriday | 9-12"),
        ("code", "def hours():\n    return 8"),
    ]


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        ("<nav>all there is</nav>", ["all there is"]),
        ("<form><h1>Title</h1><p>A page in a form.</p></form>", ["Title", "A page in a form."]),
        ("<div>a<div>b</div>c</div>", ["a", "b", "c"]),
        ("<p>x<span style='display: none'>no</span>y</p>", ["xy"]),
        ("<p>&lt;b&gt; &amp; &#228;</p>", ["<b> & ä"]),
        ("<table><tr><td><h2>Layout</h2><p>Words</p></td></tr></table>", ["Layout", "Words"]),
        ("<table><tr><td>a<script>no</script></td><td>b<br>c</td></tr></table>", ["a | b c"]),
        ("<p>one<p>two</li></div>three", ["one", "twothree"]),
        ("<dl><dt>Term</dt><dd>Meaning</dd></dl>", ["Term", "Meaning"]),
    ],
)
def test_pages_as_they_come(read, body, texts):
    """Broken, old and odd markup is read too; nothing is silently empty."""
    page = f"<html><body>{body}</body></html>"

    assert [text for _, text in shown(read(page.encode(), "a.html")[1])] == texts


def test_html_in_a_declared_encoding(read):
    """The page names it."""
    page = '<html><head><meta charset="windows-1251"></head><body><p>Да</p></body></html>'

    assert read(page.encode("cp1251"), "a.html")[1].text == "Да"


def test_html_that_is_merely_deep_is_read_whole(read):
    """Pages of page builders nest a few hundred levels."""
    page = "<html><body>" + "<div>" * 500 + "deep words" + "</div>" * 500 + "<p>after</p>"

    assert read(page.encode(), "a.html")[1].text == "deep words\n\nafter"


def test_docx(read):
    """Reading order; heading levels; short tables as rows and long ones as records; the header once."""
    _, extracted = read(sample.docx(), "a.docx")
    blocks = shown(extracted)

    assert extracted.title == "Staff handbook"
    assert blocks[:8] == [
        ("heading1", "Holidays"),
        ("paragraph", "Everybody has thirty days of leave."),
        ("heading2", "Asking for leave"),
        ("list", "- Write to your lead"),
        ("list", "- Wait for the answer"),
        ("table", "Office | Days\nKöln | 30\nOslo | 25"),
        ("paragraph", "After the table."),
        ("record", f"City: City 0; Note: {('a note ' * 10).strip()}"),
    ]
    assert blocks[-1] == ("paragraph", "Confidential draft")


def test_pptx(read):
    """Slides are pages, their titles headings; notes and tables belong to them."""
    _, extracted = read(sample.pptx(), "a.pptx")

    assert [(span.page, *block) for span, block in zip(extracted.spans, shown(extracted), strict=True)] == [
        (1, "heading1", "Quarterly results"),
        (1, "list", "- Revenue grew"),
        (1, "list", "- Costs fell"),
        (1, "paragraph", "Notes: Thank the team"),
        (2, "heading1", "Figures"),
        (2, "table", "Region | Sales\nNorth | 17"),
    ]  # fmt: skip
    assert extracted.title == "Quarterly results"


def test_docx_as_word_writes_it(read):
    """Revisions, text boxes, content controls, tabs and breaks read as they are shown."""
    body = (
        "<w:p><w:r><w:t>Kept </w:t></w:r><w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
        "<w:ins><w:r><w:t>added</w:t><w:tab/><w:t>x</w:t><w:br/><w:t>y</w:t></w:r></w:ins></w:p>"
        "<w:sdt><w:sdtContent><w:p><w:r><w:t>controlled</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        "<w:p><w:pPr><w:outlineLvl w:val='1'/></w:pPr><w:r><w:t>Outlined</w:t></w:r></w:p>"
        "<w:p><w:r><w:t>Outside</w:t><w:pict><w:txbxContent><w:p><w:r><w:t>In a box</w:t></w:r></w:p>"
        "</w:txbxContent></w:pict></w:r></w:p>"
        "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:tbl><w:tr><w:tc><w:p>"
        "<w:r><w:t>nested</w:t></w:r></w:p></w:tc></w:tr></w:tbl><w:p/></w:tc></w:tr></w:tbl>"
    )

    assert shown(read(hostile.docx(body), "a.docx")[1]) == [
        ("paragraph", "Kept added\tx\ny"),
        ("paragraph", "controlled"),
        ("heading2", "Outlined"),
        ("paragraph", "Outside\nIn a box"),
        ("table", "a | nested"),
    ]


def test_what_decorates_a_slide_is_left_out(read):
    """Slide numbers, dates and footers are on every one."""
    number = (
        '<p:sp><p:nvSpPr><p:cNvPr id="99" name="n"/><p:cNvSpPr/><p:nvPr><p:ph type="sldNum"/></p:nvPr>'
        "</p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/><a:p><a:r><a:t>7777</a:t></a:r></a:p></p:txBody></p:sp>"
    )
    content = sample.edited(
        sample.pptx(), "ppt/slides/slide1.xml", "</p:spTree>", f"{number}</p:spTree>"
    )

    assert "7777" not in read(content, "a.pptx")[1].text


def test_epub(read):
    """Chapters in the order of the spine; one without a heading takes its name from the contents."""
    chapters = {"a.xhtml": "<p>Last.</p>", "b.xhtml": "<h1>Two</h1><p>First.</p>"}
    _, extracted = read(sample.epub(chapters, spine=["b.xhtml", "a.xhtml", "b.xhtml"]), "a.epub")

    assert extracted.title == "A small book"
    assert shown(extracted) == [
        ("heading1", "Two"),
        ("paragraph", "First."),
        ("heading1", "About a.xhtml"),
        ("paragraph", "Last."),
    ]


def test_a_locked_book_is_told(read):
    """Its chapters would be noise."""
    locked = '<encryption xmlns:e="u"><e:EncryptionMethod Algorithm="aes256-cbc"/></encryption>'
    book = sample.epub({"a.xhtml": "<p>x</p>"}, extra={"META-INF/encryption.xml": locked})

    with pytest.raises(Unreadable, match="DRM"):
        read(book, "a.epub")


@pytest.mark.parametrize("html_only", [False, True])
def test_eml(read, html_only):
    """Headers, the plain text or else the HTML, and attachments by name."""
    _, extracted = read(sample.eml(html_only=html_only), "a.eml")
    texts = [text for _, text in shown(extracted)]

    assert texts[:5] == [
        "Grüße aus Köln",
        "From: Ann <ann@example.org>",
        "To: bob@example.org",
        "Date: Mon, 02 Nov 2026 10:00:00 +0100",
        "Hello Bob,",
    ]
    assert "the invoice number is RX-4711." in texts
    assert "twin" not in extracted.text
    assert texts[-1] == "Attachments: invoice.pdf"
    assert extracted.details["attachments"] == ["invoice.pdf"]
