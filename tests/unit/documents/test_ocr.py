"""OCR with the real program; skipped where tesseract is missing, but not in CI."""

from __future__ import annotations

import pytest

from backend.documents.extracted import Unreadable
from backend.documents.ocr import recognise_page, tesseract
from backend.kit.clocks import SystemClock
from backend.kit.workers import WorkerLimits, WorkerPool
from tests.fakes import hostile_files as hostile
from tests.fakes import sample_files as sample
from tests.fakes.processes import required_program

MIB = 1024 * 1024


@pytest.fixture
def call(tmp_path):
    """Make calls for a file, after seeing that tesseract is there."""
    program = required_program("tesseract")

    def make(content: bytes, *, kind: str, page: int = 1, **more):
        path = sample.write(tmp_path, "bytes", content)
        told = {"path": str(path), "kind": kind, "page": page, "program": program}
        return {**told, "languages": "eng", "timeout_s": 60, **more}

    return make


def test_the_program_is_found(call):
    """Where tests found it."""
    assert tesseract() == call(b"", kind="image")["program"]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_pictures_are_recognised(call, kind):
    """In every format that is taken."""
    asked = call(sample.picture("INVOICE 4711", kind=kind), kind="image")

    assert recognise_page(asked) == {"text": "INVOICE 4711"}


def test_one_page_of_a_pdf_is_recognised(call):
    """The one that was asked for."""
    asked = call(sample.scanned_pdf(["", "Total 99"]), kind="pdf", page=2)

    assert recognise_page(asked) == {"text": "Total 99"}


def test_black_on_nothing_is_recognised(call, tmp_path):
    """A transparent background is white paper."""
    import io  # noqa: PLC0415 - only here

    from PIL import Image  # noqa: PLC0415 - only here

    image = Image.open(io.BytesIO(sample.picture("CLEAR 12"))).convert("L")
    clear = Image.new("RGBA", image.size, (0, 0, 0, 0))
    clear.putalpha(image.point(lambda grey: 255 - grey))
    target = io.BytesIO()
    clear.save(target, format="PNG")

    assert recognise_page(call(target.getvalue(), kind="image")) == {"text": "CLEAR 12"}


def test_an_empty_page_gives_empty_text(call):
    """That is no error."""
    assert recognise_page(call(sample.picture(""), kind="image")) == {"text": ""}


@pytest.mark.parametrize(
    ("content", "more", "words"),
    [
        (
            sample.picture("x"),
            {"kind": "image", "languages": "xyz"},
            "no data for the language xyz",
        ),
        (sample.picture("x"), {"kind": "image", "timeout_s": 0.001}, "more than 0.001 seconds"),
        (sample.picture("x"), {"kind": "image", "program": "/nowhere/tesseract"}, "cannot run"),
        (sample.picture("x")[:2_000], {"kind": "image"}, "damaged"),
        (hostile.huge_png(), {"kind": "image"}, "too many pixels"),
        (sample.scanned_pdf(["a"]), {"kind": "pdf", "page": 9}, "Page 9"),
        (b"%PDF-1.4", {"kind": "pdf"}, "cannot be drawn"),
    ],
)
def test_what_cannot_be_recognised_is_told(call, content, more, words):
    """In one sentence."""
    with pytest.raises(Unreadable, match=words):
        recognise_page(call(content, **more))


async def test_it_runs_inside_the_bounds_of_a_worker_process(call):
    """No environment, 64 open files, 1 GiB of address space: enough for the program too."""
    limits = WorkerLimits(memory_bytes=1024 * MIB, cpu_s=60, wall_s=60)
    pool = WorkerPool("backend.documents.ocr:recognise_page", clock=SystemClock(), limits=limits)
    try:
        answer = await pool.call(call(sample.scanned_pdf(["WORKER 7"]), kind="pdf"))
    finally:
        await pool.aclose()

    assert answer == {"text": "WORKER 7"}
