"""Stands for `httpx` where a published test suite downloads what it attaches from the internet."""

from __future__ import annotations

import base64
import io
import wave
from typing import Any

import httpx

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


class Downloads:
    """Answers `get` with a file of the kind that the address ends with, else with a picture."""

    def get(self, url: str, **_: Any) -> httpx.Response:
        """Give a PDF, a sound, or one pixel as a PNG."""
        kinds = {"pdf": lambda: plain_pdf("A dummy PDF"), "wav": sound}
        made = kinds.get(url.rpartition(".")[2], lambda: base64.b64decode(PIXEL))
        return httpx.Response(200, content=made(), request=httpx.Request("GET", url))


def sound() -> bytes:
    """Make a tenth of a second of silence."""
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(bytes(1_600))
    return made.getvalue()


def plain_pdf(text: str) -> bytes:
    """Write a PDF of one line, without the libraries that make larger ones."""
    shown = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F1 5 0 R>>>>"
    bodies = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        page + b"/Contents 4 0 R>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(shown), shown),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    made, places = b"%PDF-1.4\n", list[int]()
    for number, body in enumerate(bodies, 1):
        places.append(len(made))
        made += b"%d 0 obj%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    ends = b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(made)
    return made + b"xref\n0 6\n0000000000 65535 f \n" + table + ends
