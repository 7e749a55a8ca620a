"""Makes files that are meant to hurt their reader: bombs, loops, lies, depth, and cut-off ones."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

from tests.fakes import sample_files as sample

MIB = 1024 * 1024
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_S = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
ENTITY_BOMB = '<!DOCTYPE l [<!ENTITY a "aaaaaaaaaaaaaaaaaaaaaaaa">' + "".join(
    f'<!ENTITY {name} "{f"&{below};" * 10}">' for below, name in zip("abcdefghi", "bcdefghij", strict=True)
) + "]>"  # fmt: skip
FILE_ENTITY = '<!DOCTYPE l [<!ENTITY j SYSTEM "file:///etc/passwd">]>'


def docx(body: str, *, before: str = "") -> bytes:
    """Wrap the body of a Word document."""
    document = f"{before}<w:document {_W}><w:body>{body}</w:body></w:document>"
    return sample.packed({"[Content_Types].xml": "<Types/>", "word/document.xml": document})


def docx_paragraph(text: str) -> str:
    """Write a paragraph of one run."""
    return f"<w:p><w:pPr><w:jc/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def xlsx(sheet_data: str, *, before: str = "") -> bytes:
    """Put raw rows into a real workbook."""
    with zipfile.ZipFile(io.BytesIO(sample.xlsx({"S": [("a", "b")]}))) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    sheet = f"{before}<worksheet {_S}><sheetData>{sheet_data}</sheetData></worksheet>"
    return sample.packed({**entries, "xl/worksheets/sheet1.xml": sheet})


def zip_bomb() -> bytes:
    """Pack 600 MiB of zeros into a file that says it is a Word document."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("word/document.xml", "w", force_zip64=True) as entry:
            for _ in range(600):
                entry.write(bytes(MIB))
    return target.getvalue()


def lying_zip() -> bytes:
    """Declare 100 bytes for an entry that unpacks to 5 MB."""
    content = bytearray(docx(docx_paragraph("x" * 5_000_000)))
    last_entry = content.rfind(b"PK\x01\x02")
    content[last_entry + 24 : last_entry + 28] = struct.pack("<I", 100)
    return bytes(content)


def raw_pdf(objects: list[bytes]) -> bytes:
    """Write a PDF object by object; the first is the catalogue."""
    out, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return out + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer <</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
        % (size, table, size, len(out))
    )


def stream(content: bytes, *, more: bytes = b"") -> bytes:
    """Write a stream object."""
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (more, len(content), content)


def pdf_tree(
    pages: bytes, *, content: bytes = b"", resources: bytes = b"", more: tuple = ()
) -> bytes:
    """Write a PDF whose page tree (2 0 R) is given; 3 0 R is a page that says "hello page"."""
    words = b"BT /F1 12 Tf 72 700 Td (hello page) Tj ET"
    page = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>%s>>>>" % resources
    )
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    catalogue = b"<</Type/Catalog/Pages 2 0 R>>"
    return raw_pdf([catalogue, pages, page, stream(content + words), font, *more])


def pdf_page_repeated(times: int) -> bytes:
    """List one page many times."""
    return pdf_tree(b"<</Type/Pages/Count %d/Kids[%s]>>" % (times, b"3 0 R " * times))


def pdf_tree_in_itself() -> bytes:
    """Make the page tree a child of its own."""
    return pdf_tree(b"<</Type/Pages/Count 3/Kids[2 0 R 3 0 R 2 0 R]>>")


def pdf_form_in_itself() -> bytes:
    """Draw a form that draws itself."""
    form = stream(
        b"/X Do", more=b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>>>"
    )
    return pdf_tree(
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        content=b"/X Do ",
        resources=b"/XObject<</X 6 0 R>>",
        more=(form,),
    )


def huge_png() -> bytes:
    """Claim 30,000 by 30,000 pixels in a few bytes."""

    def chunk(name: bytes, content: bytes) -> bytes:
        sealed = name + content
        return struct.pack(">I", len(content)) + sealed + struct.pack(">I", zlib.crc32(sealed))

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(30_001))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


def pdf_of_size(box: bytes) -> bytes:
    """Print a page on paper of any size."""
    content = pdf_tree(b"<</Type/Pages/Count 1/Kids[3 0 R]>>")
    return content.replace(b"0 0 600 800", box)


def pdf_of_huge_picture() -> bytes:
    """Show a picture of 30,000 by 30,000 pixels that takes a few bytes."""
    packed = zlib.compress(bytes(1_000_000))
    about = (
        b"/Type/XObject/Subtype/Image/Width 30000/Height 30000/ColorSpace/DeviceRGB"
        b"/BitsPerComponent 8/Filter/FlateDecode"
    )
    return pdf_tree(
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        content=b"q 500 0 0 500 0 0 cm /X Do Q ",
        resources=b"/XObject<</X 6 0 R>>",
        more=(stream(packed, more=about),),
    )


def pdf_of_endless_painting() -> bytes:
    """Paint half a million large circles over each other."""
    circle = b"0 0 m 0 900 900 900 900 0 c 900 -900 -900 -900 0 0 c b* "
    return pdf_tree(
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>", content=b"9 w 1 0 0 rg " + circle * 500_000
    )
