"""Page files leave their folder with the right headers, and nothing else leaves it."""

import base64
import gzip
import hashlib

import brotli
import pytest

from backend.kit.page_files import PageFile, PageFiles
from backend.kit.page_headers import page_headers

IMPORT_MAP = '{"imports":\r\n{}}'
HTML = f'<script type="importmap">{IMPORT_MAP}</script><script src="/app.js"></script>'


@pytest.fixture
def folder(tmp_path):
    page = tmp_path / "page"
    (page / "css").mkdir(parents=True)
    (page / "index.html").write_bytes(HTML.encode())
    (page / "app.js").write_text("1")
    (page / "css" / "a b.css").write_text("x")
    (page / ".env").write_text("secret")
    (page / ".hidden.js").write_text("secret")
    (page / "notes.md").write_text("x")
    (tmp_path / "outside.txt").write_text("secret")
    (page / "link.txt").symlink_to(tmp_path / "outside.txt")
    (page / "folder.txt").mkdir()
    return page


def test_a_file_comes_with_its_type_and_the_security_headers(folder):
    """Everything the answer needs is in one value."""
    etag = f'"{hashlib.sha256(b"1").hexdigest()[:32]}"'
    assert PageFiles(folder).read("/app.js") == PageFile(
        body=b"1",
        etag=etag,
        headers={
            **page_headers(),
            "Content-Type": "text/javascript; charset=utf-8",
            "Cache-Control": "no-cache",
            "ETag": etag,
        },
    )


def test_the_root_is_the_page_and_its_import_map_is_allowed_by_hash(folder):
    """The browser hashes the script with line feeds only; scripts from files need no hash."""
    digest = hashlib.sha256(IMPORT_MAP.replace("\r\n", "\n").encode()).digest()
    allowed = f"script-src 'self' 'sha256-{base64.b64encode(digest).decode()}';"
    found = PageFiles(folder).read("/")
    assert found is not None
    assert found.body == HTML.encode()
    assert allowed in found.headers["Content-Security-Policy"]


def test_names_with_spaces_and_folders_are_found(folder):
    """The path comes decoded."""
    found = PageFiles(folder).read("/css/a b.css")
    assert found is not None
    assert found.headers["Content-Type"] == "text/css; charset=utf-8"


@pytest.mark.parametrize(
    "path",
    [
        "/missing.js",
        "/css",
        "/css/",
        "/.env",
        "/.hidden.js",
        "/../outside.txt",
        "/css/../../outside.txt",
        "//outside.txt",
        "/..\\outside.txt",
        "/a\0.txt",
        "/link.txt",
        "/notes.md",
        "/folder.txt",
        "/" + "a" * 5000 + ".js",
    ],
)
def test_nothing_else_is_served(folder, path):
    """No listing, no hidden files, no way up, no links out, no other types."""
    assert PageFiles(folder).read(path) is None


def test_nothing_may_run_or_load_from_elsewhere():
    """The policy starts from nothing and never allows inline code."""
    policy = page_headers()["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("accepted", "coding", "unpack"),
    [
        ("gzip, deflate, br, zstd", "br", brotli.decompress),
        ("GZIP;q=0.5", "gzip", gzip.decompress),
        ("br;q=0, gzip", "gzip", gzip.decompress),
        ("br; q=0.000, gzip;q=0", None, bytes),
        ("brotli, x-gzip", None, bytes),
        ("", None, bytes),
    ],
)
def test_text_is_packed_as_the_browser_accepts_it(folder, accepted, coding, unpack):
    """Each form has a tag of its own, so that a cache never mixes them up."""
    words = b"const answer = 42;\n" * 100
    (folder / "long.js").write_bytes(words)
    found = PageFiles(folder).read("/long.js", accepted)
    assert found is not None
    assert found.headers.get("Content-Encoding") == coding
    assert found.headers["Vary"] == "Accept-Encoding"
    assert found.etag.endswith(f'-{coding}"' if coding else '"')
    assert unpack(found.body) == words


def test_a_file_that_changed_is_packed_anew(folder):
    """What was packed is kept by what it holds, not by its name alone."""
    files = PageFiles(folder)
    for words in (b"a" * 1000, b"b" * 1000):
        (folder / "long.js").write_bytes(words)
        for _ in range(2):
            found = files.read("/long.js", "br")
            assert found is not None
            assert brotli.decompress(found.body) == words


def test_pictures_and_short_files_are_sent_as_they_are(folder):
    """There is nothing to gain."""
    (folder / "a.png").write_bytes(b"\x89PNG" * 1000)
    for name in ("/a.png", "/app.js"):
        found = PageFiles(folder).read(name, "br, gzip")
        assert found is not None
        assert not {"Content-Encoding", "Vary"} & found.headers.keys()


def test_comments_are_not_sent_and_lines_keep_their_numbers(folder):
    """What is code stays as it is, also behind and before a comment on its line."""
    source = """/**
 * Does it. // all of it
 */
export const one = "/* no comment */"; // a reason
  /** @type {number} */
  let a = /** @type {any} */ (1);
/* short */ let b = "*/";
  // only a comment
/* begins
ends */ let c = 1;
"""
    sent = """


export const one = "/* no comment */"; // a reason

  let a = /** @type {any} */ (1);
/* short */ let b = "*/";


 let c = 1;
"""
    (folder / "code.js").write_text(source)
    found = PageFiles(folder).read("/code.js")
    assert found is not None
    assert found.body.decode() == sent
