"""Uploads as clients send them."""

from __future__ import annotations

from typing import Any

from httpx import AsyncClient, Response

UPLOAD = "/api/files/upload"
DOCUMENTS = "/api/files/documents"
SEARCH = "/api/files/search"
TEXT = b"Returns are taken within 30 days.\n\nShipping is free above 50 euros.\n"
FORM = {"content-type": "multipart/form-data; boundary=x"}


async def upload(
    http: AsyncClient, name: str = "terms.txt", content: bytes = TEXT, **options: Any
) -> Response:
    """Send one file."""
    return await http.post(UPLOAD, files={"file": (name, content)}, **options)


async def uploaded(
    http: AsyncClient, name: str = "terms.txt", content: bytes = TEXT, **options: Any
) -> str:
    """Send one file that is taken, and give its id."""
    answer = await upload(http, name, content, **options)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["file_id"])


def part(content: bytes = TEXT, *, name: str = "file", filename: str | bytes = "a.txt") -> bytes:
    """Write one part of a form whose boundary is x, with the name as it stands."""
    raw = filename if isinstance(filename, bytes) else filename.encode()
    head = b'content-disposition: form-data; name="%s"; filename="%s"' % (name.encode(), raw)
    return b"--x\r\n" + head + b"\r\n\r\n" + content + b"\r\n"


def field(value: str, *, name: str) -> bytes:
    """Write one part that is no file."""
    head = f'--x\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
    return head.encode()


END = b"--x--\r\n"
