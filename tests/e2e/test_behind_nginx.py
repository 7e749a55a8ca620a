"""The real nginx with the repository's nginx.conf before real servers."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Iterator

import httpx
import pytest

from backend.kit.page_files import PageFiles
from tests.fakes.completions import CHAT, HI, MODEL
from tests.fakes.models import MODEL_DIR
from tests.fakes.nginx import free_port, nginx_config, nginx_program, running_nginx
from tests.fakes.ollama_double import paced
from tests.fakes.processes import ROOT, running_program
from tests.fakes.threaded_server import Served, threaded_server

PER_SECOND = 20


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    """One real server, whose bodies are small."""
    folder = tmp_path_factory.mktemp("server")
    more = {"SERVER__REQUEST_BODY_MAX_BYTES": "65536", "SERVER__TRUSTED_PROXIES": "127.0.0.1"}
    with threaded_server(folder, **more) as made:
        yield made


@pytest.fixture(scope="module")
def nginx(served, tmp_path_factory) -> Iterator[str]:
    """nginx before it."""
    with running_nginx(tmp_path_factory.mktemp("nginx"), [served.url.split("//")[1]]) as url:
        yield url


@pytest.fixture
def http(nginx, served) -> Iterator[httpx.Client]:
    """Speak through nginx as the administrator."""
    headers = {"authorization": f"Bearer {served.token}"}
    with httpx.Client(base_url=nginx, headers=headers, trust_env=False, timeout=60) as made:
        yield made


def test_a_stream_comes_token_by_token(http, served):
    """Nothing is gathered on the way: as much time passes between tokens as the model takes."""
    served.ollama.script(paced(PER_SECOND, 10))
    body = {"model": f"{MODEL}@chat", "messages": HI, "stream": True}
    with http.stream("POST", CHAT, json=body) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        came = [time.monotonic() for line in answer.iter_lines() if '"content":"word' in line]
    served.ollama.reset()
    assert len(came) >= 10
    assert came[-1] - came[0] > 0.8 * (len(came) - 1) / PER_SECOND
    assert len({round(one * 50) for one in came}) >= 8


def test_a_body_that_is_too_large_is_refused_as_openai_does(http):
    """By the server at its own limit, announced or not, and by nginx at the most any server may have."""
    body = b'{"model": "' + b"x" * 70_000 + b'"}'
    for content in (body, iter([body[:40_000], body[40_000:]])):
        refused = http.post(
            "/v1/embeddings", content=content, headers={"content-type": "application/json"}
        )
        assert (refused.status_code, refused.json()["error"]["code"]) == (413, "request_too_large")
    huge = {"content-length": str(11 << 30), "content-type": "application/json"}
    request = http.build_request("POST", CHAT, headers=huge)
    with socket.create_connection((request.url.host, request.url.port), timeout=60) as raw:
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        raw.sendall(f"POST {CHAT} HTTP/1.1\r\n{head}\r\n".encode())
        said = raw.recv(65536)
    assert b" 413 " in said.split(b"\r\n")[0]
    assert b'"code":"request_too_large"' in said
    assert b"application/json" in said


def test_the_page_is_the_servers_own_with_its_headers(http, served):
    """Every security header that the server would send, once; files are packed, and may be asked about again."""
    wanted = PageFiles(ROOT / "frontend").read("/")
    assert wanted is not None
    page = http.get("/", headers={"accept-encoding": "gzip"})
    assert page.content == (ROOT / "frontend" / "index.html").read_bytes()
    same = {name: it for name, it in wanted.headers.items() if name not in {"ETag", "Vary"}}
    got = {name: page.headers.get_list(name) for name in same}
    assert got == {name: [it] for name, it in same.items()}
    assert page.headers["content-encoding"] == "gzip"
    assert page.headers["vary"] == "Accept-Encoding"
    script = http.get("/app.js")
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    again = http.get("/app.js", headers={"if-none-match": script.headers["etag"]})
    assert again.status_code == 304
    assert "server" not in page.headers or page.headers["server"] == "nginx"


@pytest.mark.parametrize("path", ["/metrics", "/.git/config", "/nothing.js", "/../pyproject.toml"])
def test_what_is_nobodys_to_see_is_not_there(http, path):
    """What servers count, hidden files, and what lies beside the page."""
    assert http.get(path).status_code in {400, 404}


def test_answers_of_the_server_pass_as_they_are(http, served):
    """Its errors, its headers, and the id that a client gave or nginx made."""
    direct = httpx.get(f"{served.url}/v1/models/none", headers=http.headers)
    passed = http.get("/v1/models/none")
    assert passed.status_code == 404
    assert passed.json()["error"]["code"] == "model_not_found"
    assert direct.headers.keys() - passed.headers.keys() == set()
    given = http.get("/health", headers={"x-request-id": "mine-1"})
    assert given.headers["x-request-id"] == "mine-1"
    made = http.get("/health", headers={"x-request-id": "no id: <>"})
    assert re.fullmatch(r"[0-9a-f]{32}", made.headers["x-request-id"])


def test_log_ins_by_the_hundred_are_refused(nginx):
    """Each would cost a server a hash."""
    with httpx.Client(base_url=nginx, trust_env=False, timeout=60) as anyone:
        answers = [anyone.post("/api/auth/login", json={}) for _ in range(90)]
        assert answers[0].status_code != 429
        assert answers[-1].status_code == 429
        assert answers[-1].json()["error"]["code"] == "rate_limit_exceeded"
        assert anyone.get("/health").status_code == 200


def test_a_head_that_never_ends_is_cut_off(tmp_path, served):
    """A connection costs its sender as much as it costs here."""
    port = free_port()
    config = nginx_config(tmp_path, port=port, servers=[served.url.split("//")[1]])
    text = config.read_text(encoding="utf-8")
    assert "client_header_timeout 10s;" in text
    config.write_text(text.replace("client_header_timeout 10s;", "client_header_timeout 1s;"))
    program = [nginx_program(), "-c", str(config), "-e", "stderr"]
    with subprocess.Popen(program, stderr=subprocess.DEVNULL) as process:
        try:
            raw = _connected(port)
            raw.settimeout(60)
            raw.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            with raw, pytest.raises(ConnectionResetError):
                raw.recv(1024)
        finally:
            process.terminate()


def _connected(port: int) -> socket.socket:
    for _ in range(6_000):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=1)
        except ConnectionRefusedError:
            time.sleep(0.01)
    raise AssertionError("nginx did not start")


def test_a_server_that_dies_is_replaced_by_the_other(tmp_path):
    """The next request is answered; when both are gone the answer says so in the form of OpenAI."""
    environ = {"OLLAMA_HOST": "127.0.0.1:1", "DOCUMENTS__MODEL_DIR": str(MODEL_DIR)}
    program, ready = ["-m", "backend", "--port", "0"], "Steward listens on "
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with (
        running_program(*program, folder=tmp_path / "one", ready=ready, environ=environ) as one,
        running_program(*program, folder=tmp_path / "two", ready=ready, environ=environ) as two,
    ):
        servers = [line.split("http://")[1].strip() for _, line in (one, two)]
        with (
            running_nginx(tmp_path, servers) as url,
            httpx.Client(base_url=url, trust_env=False, timeout=60) as http,
        ):
            assert [http.get("/health").status_code for _ in range(6)] == [200] * 6
            one[0].kill()
            one[0].wait()
            assert [http.get("/health").status_code for _ in range(6)] == [200] * 6
            body = {"model": "builtin", "messages": HI}
            answers = [http.post(CHAT, json=body).status_code for _ in range(4)]
            assert answers == [401] * 4
            two[0].kill()
            two[0].wait()
            gone = http.get("/v1/models")
            assert (gone.status_code, gone.json()["error"]["code"]) == (503, "unavailable")
            assert http.get("/").status_code == 200


def test_the_configuration_is_sound_with_tls_too(tmp_path):
    """As the example of the repository has it."""
    tls = tmp_path / "tls"
    tls.mkdir()
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=x",
    ]
    keys = ["-keyout", str(tls / "privkey.pem"), "-out", str(tls / "fullchain.pem")]
    subprocess.run([*made, *keys], check=True, capture_output=True)
    text = (ROOT / "docker" / "tls.conf.example").read_text(encoding="utf-8")
    (tls / "tls.conf").write_text(text.replace("/etc/nginx/tls", str(tls)), encoding="utf-8")
    for folder in (tmp_path, tmp_path / "without"):
        folder.mkdir(exist_ok=True)
        config = nginx_config(folder, port=free_port(), servers=["127.0.0.1:1"])
        program = [nginx_program(), "-t", "-c", str(config), "-e", "stderr"]
        tested = subprocess.run(program, capture_output=True, text=True, check=False)
        assert tested.returncode == 0, tested.stderr
        assert "[warn]" not in tested.stderr
