"""The page in a real browser: answers are shown well, safely, and the same however they come."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from run_frontend import FOLDER
from tests.fakes.browser import Page, browser
from tests.fakes.page_server import page_server

ROOT = Path(__file__).resolve().parents[2]
PROBE = ROOT / "tests" / "frontend" / "probe.js"
ATTACKS = json.loads((ROOT / "tests" / "fixtures" / "xss.json").read_text(encoding="utf-8"))
PARTS = 4


def put(page: Page) -> Page:
    """Log in and load what looks at answers."""
    page.type("#username", "ada")
    page.type("#password", "a password")
    page.press("Enter")
    page.wait("!document.querySelector('#page').hidden")
    page.run(PROBE.read_text(encoding="utf-8"))
    page.run("window.probe().then((made) => void (window.probe = made))")
    return page


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> Iterator[Page]:
    """Give a page somebody has logged in to."""
    with browser() as chromium, page_server() as (_, address):
        yield put(Page(chromium, address=address))


def shown(page: Page, how: str, source: str, **more: Any) -> str:
    """Give the markup of an answer without what is ours: copy buttons, directions and what lies between blocks."""
    rest = "".join(f", {json.dumps(one)}" for one in more.values())
    html = page.run(f"probe.{how}({json.dumps(source)}{rest}).innerHTML")
    html = re.sub(r'<button.*?</button>|<svg.*?</svg>| dir="auto"', "", html)
    html = re.sub(r"\n+</code></pre>", "</code></pre>", html)
    return re.sub(r"\s*\n\s*(?=<)|(?<=>)\s*\n\s*", "", html)


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_hostile_survives_in_any_place_of_the_page(page: Page, part: int) -> None:
    """Whole and letter by letter: no script, no unknown element or attribute, no request, no report."""
    before = len(page.asked)
    found = {text: page.run(f"probe.attack({json.dumps(text)})") for text in ATTACKS[part::PARTS]}
    assert {text: faults for text, faults in found.items() if faults} == {}
    page.run("probe.polished()")
    assert page.run("probe.inspect()") == []
    own = page.run("location.origin")
    assert [one for one in page.asked[before:] if not one.startswith(f"{own}/")] == []
    assert page.complaints == []


def test_what_looks_for_faults_finds_them(tmp_path) -> None:
    """Or the test above could not fail."""
    with browser() as chromium, page_server() as (_, address):
        page = put(Page(chromium, address=address))
        page.run("void probe.whole('fine')")
        assert page.run("probe.inspect()") == []
        bad = "<p id=x style='top:0'><img src=//evil.example/x onerror=z><svg><a href=javascript:x>"
        page.run(f"void document.querySelector('.answer-text').setHTMLUnsafe({json.dumps(bad)})")
        assert page.run("probe.inspect()") == [
            "P id=x",
            "P style=top:0",
            "IMG src=//evil.example/x",
            "IMG onerror=z",
            "a",
            "a href=javascript:x",
        ]
        page.wait("probe.reports.length > 2")
        assert any("img-src" in one for one in page.run("probe.reports"))
        assert page.complaints != []


LINES = [
    ("**bold** and *soft*", "strong(bold) and em(soft)"),
    ("***both***", "em(strong(both))"),
    ("snake_case_name and __dunder", "snake_case_name and __dunder"),
    ("__bold__ and _soft_ and ~~gone~~", "strong(bold) and em(soft) and del(gone)"),
    ("2 * 3 * 4 and **open", "2 * 3 * 4 and **open"),
    ("from ~5 to ~6~", "from ~5 to ~6~"),
    ("`a * b` and ``c ` d``", "code(a * b) and code(c ` d)"),
    ("`open", "`open"),
    ("\\*not soft\\*", "*not soft*"),
    ("see [1], [2][3] and a[0]", "see cite(1), cite(2)cite(3) and a[0]"),
    ("see 【1】, 【2†L4】 and [4]", "see cite(1), cite(2) and [4]"),
    ("**bold**[1]", "strong(bold)cite(1)"),
    ("`[1]` and [1](https://a.org)", "code([1]) and link<https://a.org>(1)"),
    ('[site](https://a.org/x_(y) "t")', "link<https://a.org/x_(y)>(site)"),
    ("[**b** [1]](https://a.org)", "link<https://a.org>(strong(b) [1])"),
    ("![chart](https://a.org/c.png)", "link<https://a.org/c.png>(chart)"),
    ("![](https://a.org/c.png)", "link<https://a.org/c.png>(https://a.org/c.png)"),
    ("[![i](https://e.org/i.png)](https://a.org)", "link<https://a.org>(i)"),
    (
        "at https://a.org/b. Or <https://c.org/>!",
        "at link<https://a.org/b>(https://a.org/b). Or link<https://c.org/>(https://c.org/)!",
    ),
    ("(https://a.org/x_(y))", "(link<https://a.org/x_(y)>(https://a.org/x_(y)))"),
    ("https://a.org/?a=1&amp;b=2", "link<https://a.org/?a=1&b=2>(https://a.org/?a=1&b=2)"),
    ("[x](https://a.org/?a=1&b=2)", "link<https://a.org/?a=1&b=2>(x)"),
    ("[x](javascript:alert(1))", "x"),
    ("[x](data:text/html,hi) [y](/api/me) [z](//e.org)", "x y z"),
    ("![x](javascript:alert(1))", "x"),
    ("<b>html</b> & <img src=x>", "<b>html</b> & <img src=x>"),
    ("a<br>b &lt;i&gt; &copy;", "ab <i> ©"),
    ("www.a.org/x and awww.a.org", "link<http://www.a.org/x>(www.a.org/x) and awww.a.org"),
    ("mail bob@a.org", "mail bob@a.org"),
    ("![a.png](http://h:1/api/artifacts/art_1-x?key=k.1)", "picture art_1-x(a.png)"),
    (
        "[out.csv](https://e.org/api/artifacts/art_2) <http://h/api/artifacts/art_3?key=k>",
        "file art_2(out.csv) file art_3(art_3)",
    ),
    ("[x](/api/artifacts/art_4#y)", "file art_4(x)"),
    ("[x](https://e.org/?/api/artifacts/art_5)", "link<https://e.org/?/api/artifacts/art_5>(x)"),
    ("[x](/api/artifacts/art_6/../../me) [y](/api/artifacts/me)", "x y"),
    ("[![i](http://h/api/artifacts/art_7)](https://a.org)", "link<https://a.org>(i)"),
    ("[x]: https://a.org\n[x]", "[x]: link<https://a.org>(https://a.org)\n[x]"),
    (
        "[x](https://evil.example/a\u202eb)",
        "unlinked(x (https://evil.example/a%E2%80%AEb) (Link not shown: host not seen in sources))",
    ),
    ("costs $5 and $6, `$x$`, $x^2$", "costs $5 and $6, code($x$), maths(x^2)"),
    ("\\(a_1\\) and $$b$$ and \\[c\\]", "maths(a_1) and maths(b) and maths(c)"),
]


@pytest.mark.parametrize(("line", "expected"), LINES)
def test_a_line_becomes_what_it_means(page: Page, line: str, expected: str) -> None:
    """Emphasis, code, links, markers and formulas are found, and nothing dangerous becomes a link."""
    assert page.run(f"probe.line({json.dumps(line)})") == expected


BLOCKS = [
    ("# A #\n\n### B `c`", '<h3 class="rank-1">A</h3><h3 class="rank-3">B <code>c</code></h3>'),
    ("A\n===\n\n***", '<h3 class="rank-1">A</h3><hr>'),
    ("one\ntwo\n\nthree", "<p>one\ntwo</p><p>three</p>"),
    (
        "> said\n> > more",
        "<blockquote><p>said</p><blockquote><p>more</p></blockquote></blockquote>",
    ),
    ("- a\n- b\n  - c", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>"),
    ("3. a\n\n4. b\n\n   c", '<ol start="3"><li>a</li><li><p>b</p><p>c</p></li></ol>'),
    (
        "- [x] a\n- [ ] b",
        '<ul><li><input checked="" disabled="" type="checkbox" aria-label="Done"> a</li>'
        '<li><input disabled="" type="checkbox" aria-label="Not done"> b</li></ul>',
    ),
    (
        "| a | b |\n|---|:-:|\n| 1 \\| 2 | **c** |\n| d |",
        '<div class="table" tabindex="0"><table><thead><tr><th>a</th><th align="center">b</th></tr>'
        '</thead><tbody><tr><td>1 | 2</td><td align="center"><strong>c</strong></td></tr>'
        '<tr><td>d</td><td align="center"></td></tr></tbody></table></div>',
    ),
    ("a | b\nc", "<p>a | b\nc</p>"),
    (
        "~~~~none x=y\n# <b>\n~~~\n- c",
        '<figure class="code"><figcaption><span>none</span></figcaption><pre tabindex="0">'
        '<code data-lang="none"># &lt;b&gt;\n~~~\n- c</code></pre></figure>',
    ),
    ("<div>\n**b**\n</div>", "<p>&lt;div&gt;<strong>b</strong>&lt;/div&gt;</p>"),
    ("$$\na\n$$", '<p><code data-maths="block">a</code></p>'),
    ("so\n\\[\na\n\\]\nthen", '<p>so</p><p><code data-maths="block">a</code></p><p>then</p>'),
    ("```math\na\n```", '<p><code data-maths="block">a</code></p>'),
]


@pytest.mark.parametrize(("source", "expected"), BLOCKS)
def test_a_block_becomes_what_it_means(page: Page, source: str, expected: str) -> None:
    """What GitHub's Markdown has, with headings of one rank for readers."""
    assert shown(page, "whole", source) == expected


LONG = "\n\n".join([
    *(source.replace("~~~\n- c", "~~~\n- c\n~~~~") for source, _ in BLOCKS),
    *(line for line, _ in LINES),
    "- one\n- two\n\n  ```py\n  def f():\n      return 1\n  ```\n- three\n- four\n\n\n- five",
    "1. a\n\n2. b\n   more\n- c\n\n  d",
    "| a | b |\n|---|---|\n" + "\n".join(f"| {one} | `{one}` |" for one in range(9)),
    "```js\n" + "\n".join(f"let x{one} = 1; // ** `" for one in range(9)) + "\n\n```",
    "A long one, with **bold words** and `code`, [1] and more. " * 25,
    "text\n- item\n> quote\n# title\n***\nend",
])  # fmt: skip


@pytest.mark.parametrize("step", [1, 3, 64, 1000])
def test_an_answer_is_the_same_however_it_comes(page: Page, step: int) -> None:
    """Blocks that are settled early are those of the whole text."""
    whole = shown(page, "whole", LONG)
    assert len(whole) > len(LONG)
    assert shown(page, "streamed", LONG, step=step) == whole


def test_finished_blocks_are_left_alone_while_the_answer_goes_on(page: Page) -> None:
    """Selection and focus in them survive; of an open list, table or code all but the end stays."""
    later = " and more of it.\n\n- x\n- y"
    for source, most in [
        ("# A\n\npara **b**\n\nlast", 3),
        ("- a\n- b\n- c\n- d\n- e", 2),
        ("|a|\n|-|\n|1|\n|2|\n|3|", 2),
        ("```js\nlet x;\nlet y;\nlet z", 0),
    ]:
        kept = page.run(f"probe.kept({json.dumps(source)}, {json.dumps(later)})")
        assert kept.count(False) <= most, source
        assert kept.count(True) >= 1, source


def test_signs_that_have_only_begun_are_never_seen(page: Page) -> None:
    """However the text is cut, what can be read are its words."""
    text = (
        "Some **bold words**, *soft*, `code` and [a link](https://known.example/x \"t\") ![i](/api/artifacts/art_1)\n\n"
        "| a | b |\n|---|---|\n| **c** | d |\n\n```py\nx\n```\n\n- [x] done\n- **b**\n\n"
        "1. one\n2. two\n\n## Title\n\n---\n\n\\(x\\) and \\[y\\]\n\n$$\nz\n$$\n"
    )  # fmt: skip
    frames = page.run(f"probe.frames({json.dumps(text)})")
    assert len(frames) > 40
    assert [one for one in frames if re.search(r"[*`#|\\$\[\]]|http|--", one)] == []


def test_code_is_coloured_and_formulas_are_set_when_they_are_finished(page: Page) -> None:
    """By libraries that are loaded when an answer wants them; an unknown language asks for no file."""
    text = "```py\ndef f(): pass\n```\n\n```nothing\nx\n```\n\n$x^2$ and $\\frac$\n\n\\[ \\boxed{42} \\]"
    page.run(f"void probe.streamed({json.dumps(text)}, 5)")
    page.wait("document.querySelector('#log .formula .boxed')")
    page.wait("document.querySelector('#log .hljs-keyword')?.textContent === 'def'")
    assert page.run("document.querySelectorAll('#log math').length") == 2
    assert page.run("document.querySelector('#log [data-maths]').textContent") == "\\frac"
    assert page.run("probe.inspect()") == []
    assert page.complaints == []


@pytest.mark.parametrize("source", [">" * 20_000 + " deep", "- " * 4_000 + "deep"])
def test_what_is_nested_too_deep_is_shown_as_it_was_written(page: Page, source: str) -> None:
    """As a model writes that goes in circles; the rest of the conversation is shown as well."""
    page.run(f"void (window.shown = probe.whole({json.dumps(source)}))")
    page.wait("window.shown.innerText.endsWith('deep')")
    assert page.complaints == []


def test_a_formula_keeps_to_its_place(page: Page) -> None:
    """It is not larger than a screen, nor drawn over what stands elsewhere."""
    text = "$\\rule{99999em}{99999em}$ $\\hspace{-500px} \\raisebox{-80em}{x}$ $a\\quad\\rule{2em}{1em}$"
    page.run(f"void probe.whole({json.dumps(text)})")
    page.wait("document.querySelectorAll('#log math').length === 3")
    sizes = page.run(
        "[...document.querySelectorAll('#log :is(mspace, mpadded)')].flatMap((one) => [...one.attributes])"
        ".filter(({ name }) => /^(?:width|height|voffset)$/.test(name)).map(({ value }) => value)"
    )
    assert "2em" in sizes
    assert [one for one in sizes if re.search(r"\d{3}|-\d{2}", one)] == []
    assert page.run("document.querySelector('#scroller').scrollWidth") < 1400


def test_without_the_libraries_answers_are_plain_text_and_it_is_said_once(tmp_path) -> None:
    """Nothing is broken, what is missing is named with what brings it, and it is asked for once."""
    folder = tmp_path / "page"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns("vendor"))
    with browser() as chromium, page_server(folder) as (_, address):
        page = put(Page(chromium, address=address))
        text = "See **this** [1] and https://known.example/x\nnext\n\n```py\nlet x;\n```"
        assert shown(page, "streamed", text) == (
            '<p>See **this** [1] and <a href="https://known.example/x" target="_blank"'
            ' rel="noopener noreferrer">https://known.example/x</a>next</p>'
            '<figure class="code"><figcaption><span>py</span></figcaption><pre tabindex="0">'
            '<code data-lang="py">let x;</code></pre></figure>'
        )
        page.wait("document.querySelector('#log .end-note')")
        assert "make page-libraries" in page.run("document.querySelector('#log').textContent")
        page.run("void probe.whole('another')")
        page.run("new Promise((done) => setTimeout(done, 50))")
        assert page.run("document.querySelectorAll('#log .end-note').length") == 0
        asked = [one.rpartition("/vendor/")[2] for one in page.asked if "/vendor/" in one]
        assert sorted(asked) == ["dompurify.js", "marked.js"]
        assert all("404" in one for one in page.complaints)
