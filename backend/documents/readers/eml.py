"""Reads saved mails: subject, who wrote to whom and when, the text, and the names of attachments."""

from __future__ import annotations

from collections.abc import Iterator
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import cast

from backend.documents.blocks import plain_spans
from backend.documents.building import TextBuilder
from backend.documents.extracted import Extracted, Source
from backend.documents.html_text import add_html, parse_html
from backend.kit.decoding import decode

KIND = "eml"
LABEL = "mail (EML)"

_HEADERS = ("From", "To", "Cc", "Date")


def read(source: Source) -> Extracted:
    """Read the plain text, or else the HTML, of a mail."""
    with source.path.open("rb") as file:
        mail = BytesParser(policy=policy.default).parse(file)
    builder = TextBuilder(source.limits)
    subject = " ".join(str(mail.get("Subject", "")).split())
    builder.add(subject, "heading", level=1)
    for name in _HEADERS:
        if shown := " ".join(str(mail.get(name, "")).split()):
            builder.add(f"{name}: {shown}", "record")
    _add_body(builder, mail)
    attachments = list(_attachments(mail))
    if attachments:
        builder.add(f"Attachments: {', '.join(attachments)}")
    return builder.build(title=subject, details={"attachments": attachments})


def _add_body(builder: TextBuilder, mail: EmailMessage) -> None:
    body = cast("EmailMessage | None", mail.get_body(("plain", "html")))
    if body is None:
        return
    text = _content(body)
    if body.get_content_subtype() == "html":
        root = parse_html(text)
        if root is not None:
            add_html(builder, root)
        return
    text = text.replace("\r\n", "\n")
    for span in plain_spans(text):
        builder.add(text[span.start : span.end], span.kind, level=span.level and span.level + 1)


def _content(part: EmailMessage) -> str:
    data = part.get_payload(decode=True)
    return decode(data, declared=part.get_content_charset("")) if isinstance(data, bytes) else ""


def _attachments(mail: EmailMessage) -> Iterator[str]:
    for part in mail.walk():
        name = part.get_filename()
        if name and not part.is_multipart():
            yield " ".join(name.split())
