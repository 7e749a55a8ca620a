"""`/api/files/documents/{id}/pages/{page}/image`: what a page of one's PDF looks like."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from typing import Any

import pytest
from httpx import AsyncClient, Response
from PIL import Image

from tests.fakes import hostile_files as hostile
from tests.fakes import sample_files as sample
from tests.fakes.live_server import LiveServer
from tests.fakes.people import someone
from tests.fakes.refusals import error_of
from tests.fakes.uploads import DOCUMENTS, uploaded

NOTICE = "Either party may end the lease with a notice of 90 days."
LEASE = [["The rent is 900 euros a month."], ["Above it.", NOTICE, "Below it."]]
YELLOW = (255, 228, 120)


async def image(http: AsyncClient, file_id: str, page: object = 1, **options: Any) -> Response:
    """Ask for the picture of a page."""
    return await http.get(f"{DOCUMENTS}/{file_id}/pages/{page}/image", **options)


def picture(answer: Response) -> Image.Image:
    """Open the picture that was answered."""
    assert answer.status_code == 200, answer.text
    return Image.open(io.BytesIO(answer.content)).convert("RGB")


def rows_of(shown: Image.Image, colour: tuple[int, int, int]) -> list[int]:
    """Give the rows in which there is (nearly) that colour."""
    width, height = shown.size
    raw = shown.tobytes()

    def is_in(row: int) -> bool:
        pixels = raw[3 * width * row : 3 * width * (row + 1)]
        return any(
            all(abs(pixels[at + part] - colour[part]) < 12 for part in range(3))
            for at in range(0, len(pixels), 3)
        )

    return [row for row in range(height) if is_in(row)]


async def test_a_page_is_shown_as_wide_as_it_is_asked_for(mine: AsyncClient) -> None:
    """In the proportions of the page, on white, as a PNG that no other site and no cache may share."""
    file_id = await uploaded(mine, "lease.pdf", sample.pdf_of_lines(LEASE))
    answer = await image(mine, file_id)
    shown = picture(answer)
    assert shown.size == (1000, 1414)
    assert shown.getpixel((5, 5)) == (255, 255, 255)
    assert rows_of(shown, (0, 0, 0))
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "private, no-cache"
    assert picture(await image(mine, file_id, params={"width": 300})).size == (300, 424)


async def test_a_photograph_is_sent_as_webp(mine: AsyncClient) -> None:
    """It would be several times as large as a PNG."""
    noise = [Image.effect_noise((500, 300), 90) for _ in range(3)]
    file_id = await uploaded(mine, "photo.pdf", sample.pdf_of_picture(Image.merge("RGB", noise)))
    answer = await image(mine, file_id)
    assert picture(answer).size[0] == 1000
    assert answer.headers["content-type"] == "image/webp"


async def test_the_cited_words_are_marked_where_they_stand(mine: AsyncClient) -> None:
    """On their page alone, and nothing around them."""
    file_id = await uploaded(mine, "lease.pdf", sample.pdf_of_lines(LEASE))
    pages = (await mine.get(f"{DOCUMENTS}/{file_id}/text")).json()["pages"]
    start = pages[1]["start"] + pages[1]["text"].index(NOTICE)
    mark = {"mark": f"{start}-{start + len(NOTICE)}"}
    rows = rows_of(picture(await image(mine, file_id, 2, params=mark)), YELLOW)
    line = (842 - 746) / 842 * 1414  # the second line of the page, 14 points below the first
    assert line - 30 < rows[0] < rows[-1] < line + 15
    assert not rows_of(picture(await image(mine, file_id, 2)), YELLOW)
    assert not rows_of(picture(await image(mine, file_id, 1, params=mark)), YELLOW)


async def test_a_picture_that_is_known_is_not_sent_again(mine: AsyncClient) -> None:
    """Unless another page, size or mark is asked for."""
    file_id = await uploaded(mine, "lease.pdf", sample.pdf_of_lines(LEASE))
    tag = (await image(mine, file_id)).headers["etag"]
    known = {"if-none-match": f'"other", W/{tag}'}
    again = await image(mine, file_id, headers=known)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    for page, more in ((2, {}), (1, {"width": 999}), (1, {"mark": "0-8"})):
        assert (await image(mine, file_id, page, params=more, headers=known)).status_code == 200


async def test_what_is_no_page_of_a_pdf_is_not_found(
    server: LiveServer, mine: AsyncClient, http: AsyncClient
) -> None:
    """Other people's files, other kinds, other numbers, and files that are gone, all alike."""
    lease = await uploaded(mine, "lease.pdf", sample.pdf_of_lines(LEASE))
    words = await uploaded(mine, "words.txt", b"Some words.")
    other = await someone(server, http)
    async with server.http(other.token) as stranger:
        refused = [await image(stranger, lease)]
    refused += [await image(mine, lease, page) for page in (0, -1, 3, 999_999_999)]
    refused += [await image(mine, words), await image(mine, "file-nobodys")]
    await mine.delete(f"{DOCUMENTS}/{lease}")
    refused.append(await image(mine, lease))
    assert [one.status_code for one in refused] == [404] * len(refused)
    assert len({error_of(one)["message"] for one in refused}) == 1


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"width": 99}, "width"),
        ({"width": 2401}, "width"),
        ({"width": "wide"}, "width"),
        ({"mark": "1"}, "mark"),
        ({"mark": "-1-4"}, "mark"),
    ],
)
async def test_a_picture_that_makes_no_sense_names_the_fault(
    mine: AsyncClient, params: dict[str, Any], param: str
) -> None:
    """Before anything is drawn."""
    answer = await image(mine, "file-1", params=params)
    assert (answer.status_code, error_of(answer)["param"]) == (400, param)


async def test_nobody_sees_a_page_without_logging_in(server: LiveServer) -> None:
    """As with every route of files."""
    async with server.http() as nobody:
        assert (await image(nobody, "file-1")).status_code == 401


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (sample.pdf([[("BodyText", "secret")]], password="x"), "protected by a password"),
        (b"%PDF-1.7\nnothing", "damaged"),
    ],
)
async def test_a_pdf_that_cannot_be_drawn_says_why(
    mine: AsyncClient, content: bytes, words: str
) -> None:
    """In the words of a person, as an error of the client's."""
    answer = await image(mine, await uploaded(mine, "bad.pdf", content))
    assert (answer.status_code, error_of(answer)["code"]) == (415, "unsupported_file")
    assert words in error_of(answer)["message"]


@pytest.mark.parametrize(
    "make",
    [
        hostile.pdf_form_in_itself,
        hostile.pdf_tree_in_itself,
        lambda: hostile.pdf_of_size(b"0 0 1000000000 1000000000"),
        lambda: hostile.pdf_of_size(b"0 0 0.00001 100000"),
        lambda: hostile.pdf_of_size(b"0 0 100000 0.00001"),
        lambda: hostile.pdf_of_size(b"5 5 5 5"),
        lambda: hostile.pdf_of_size(b"0 0 nan 1e99"),
        hostile.pdf_of_huge_picture,
        hostile.pdf_of_endless_painting,
    ],
    ids=["form", "tree", "huge", "thin", "flat", "empty", "no numbers", "picture", "endless"],
)
async def test_a_hostile_page_ends_soon_and_stops_nobody(
    mine: AsyncClient, make: Callable[[], bytes]
) -> None:
    """As a picture of a bounded size, or with a reason; other pages are shown meanwhile."""
    lease = await uploaded(mine, "lease.pdf", sample.pdf_of_lines(LEASE))
    bad = await uploaded(mine, "hostile.pdf", make())
    drawing = asyncio.ensure_future(image(mine, bad, params={"width": 2400}))
    assert picture(await image(mine, lease)).size == (1000, 1414)
    answer = await drawing
    if answer.status_code == 200:
        width, height = picture(answer).size
        assert 0 < width * height < 8_100_000
    else:
        assert answer.status_code in (404, 415), answer.text
        assert error_of(answer)["message"].endswith((".", "show"))
