"""What administrators and Prometheus see of the server, from outside."""

from __future__ import annotations

import logging
from typing import Any

import orjson
from httpx import AsyncClient

from tests.fakes.completions import CHAT, MODEL
from tests.fakes.live_server import LiveServer
from tests.fakes.ollama_double import Call, OllamaDouble, Reply
from tests.fakes.people import CHAT_BODY, Person, a_key, bearer, code

ASK: list[Any] = [{"role": "user", "content": "What is 6 times 7?"}]
METRICS = "/metrics"
LOGS = "/api/admin/logs"
logger = logging.getLogger("backend.tests")


async def figures(http: AsyncClient) -> dict[str, float]:
    """Give every series of the page by its name and labels."""
    answer = await http.get(METRICS)
    assert answer.status_code == 200, answer.text
    lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


async def test_one_chat_with_a_tool_moves_what_it_should(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """The request, the run, both calls of the model, the tool and the tokens are counted, once each."""
    before = await figures(http)
    ollama.queue(
        Reply(calls=[Call(name="math_calc", arguments={"expression": "6*7"})]),
        Reply(content="It is 42."),
    )
    body = {"model": f"{MODEL}@react", "messages": ASK}
    assert (await http.post(CHAT, json=body)).status_code == 200
    after = await figures(http)
    moved = {name: value - before.get(name, 0.0) for name, value in after.items()}
    for name, by in {
        'steward_http_requests_total{method="POST",route="/v1/chat/completions",status="2xx"}': 1,
        'steward_runs_total{route="react",state="completed",why="caller"}': 1,
        f'steward_model_calls_total{{model="{MODEL}",provider="ollama",result="ok"}}': 2,
        'steward_tool_calls_total{result="ok",tool="math_calc"}': 1,
        'steward_run_first_token_seconds_count{route="react"}': 1,
        "steward_active_runs": 0,
    }.items():
        assert moved[name] == by, (name, moved.get(name))
    assert moved[f'steward_tokens_total{{kind="completion",model="{MODEL}"}}'] > 0
    assert moved['steward_database_seconds_count{kind="write"}'] > 0


async def test_the_figures_are_for_administrators(
    server: LiveServer, http: AsyncClient, person: Person
) -> None:
    """Nobody else may read them; a key with the scope may."""
    async with server.http() as nobody:
        assert (await nobody.get(METRICS)).status_code == 401
        assert (await nobody.get(METRICS, headers=bearer(person.token))).status_code == 403
        key = await a_key(http, "admin")
        assert (await nobody.get(METRICS, headers=bearer(key))).status_code == 200
        told = {"accept": "application/openmetrics-text; version=1.0.0"}
        open_metrics = await nobody.get(METRICS, headers=bearer(key) | told)
    assert open_metrics.text.endswith("# EOF\n")


async def test_made_up_models_and_paths_are_no_series(
    http: AsyncClient, ollama: OllamaDouble
) -> None:
    """What callers make up stands nowhere on the page."""
    for number in range(30):
        await http.get(f"/api/runs/run_made_up_{number}")
        await http.get(f"/made-up/{number}")
        await http.post(CHAT, json=CHAT_BODY | {"model": f"made-up-{number}"})
    names = "\n".join(await figures(http))
    assert "made-up" not in names
    assert "made_up" not in names
    assert 'route="/api/runs/{run_id}",status="4xx"' in names


async def test_the_log_is_read_by_level_text_and_ids(
    server: LiveServer, http: AsyncClient, person: Person
) -> None:
    """Lines are found as soon as they are logged, newest first, and only by administrators."""
    for number in range(5):
        logger.warning("the needle %d with password: 'hunter2222'", number)
    first = (await http.get(LOGS, params={"text": "NEEDLE", "level": "WARNING", "limit": 3})).json()
    assert [one["message"][:12] for one in first["lines"]] == [
        f"the needle {number}" for number in (4, 3, 2)
    ]
    assert "hunter2222" not in str(first)
    more = {"text": "needle", "level": "WARNING", "cursor": first["next_cursor"]}
    second = (await http.get(LOGS, params=more)).json()
    assert [one["message"][11] for one in second["lines"]] == ["1", "0"]
    assert second["next_cursor"] is None
    exported = await http.get(f"{LOGS}/export", params={"text": "needle"})
    assert len([orjson.loads(line) for line in exported.text.splitlines()]) == 5
    assert code(await http.get(LOGS, params={"cursor": "x"}))[0] == 400
    assert code(await http.get(LOGS, params={"level": "LOUD"}))[0] == 400
    async with server.http(person.token) as other:
        for path in (LOGS, f"{LOGS}/export", "/api/admin/performance"):
            assert (await other.get(path)).status_code == 403


async def test_the_performance_is_told_as_it_is_now(http: AsyncClient) -> None:
    """Memory, disk and work of this server stand in the answer, also before the first minute is over."""
    told = (await http.get("/api/admin/performance", params={"minutes": 60})).json()
    now = told["now"]
    assert now["memory_bytes"] > 20_000_000
    assert 0 < now["disk_free_bytes"] <= now["disk_bytes"]
    assert now["active_runs"] == 0
    assert now["queue"] == 0
