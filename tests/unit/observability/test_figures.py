"""What is counted, and that the number of series stays bounded whatever comes."""

from __future__ import annotations

import time
from itertools import count

from backend.observability.exposition import Exposition
from backend.observability.figures import MOST_MODELS, MOST_ROUTES, Figures
from backend.observability.minutes import percentile
from backend.ports.measuring import ModelCall, Queue, RequestDone, RunDone, Standing
from backend.ports.values import Usage


async def page(figures: Figures) -> str:
    async def standing() -> Standing:
        upstreams = [("ollama", True), ("openai_compatible", False)]
        queue = Queue(waiting=2, running=1, oldest_s=7.5)
        return Standing(version="1.2", active_runs=3, queue=queue, upstreams=upstreams)

    content, media_type = await Exposition(figures, standing).render("")
    assert media_type.startswith("text/plain")
    return content.decode()


def call(figures: Figures, model: str, *pieces_s: float, failed: str = "") -> None:
    made = ModelCall("ollama", model, 10.0)
    figures.model_began(made)
    made.pieces_s += pieces_s
    made.usage = Usage(prompt_tokens=5, completion_tokens=len(pieces_s), model_calls=1)
    made.failed = failed
    figures.model_ended(made)


async def test_what_was_done_is_on_the_page():
    """Each kind of work moves its own figures."""
    figures = Figures()
    figures.request(RequestDone("/v1/models", "GET", 200, 0.004))
    figures.run(RunDone("react", "rules", "completed", 2.0, first_shown_s=0.3))
    figures.tool("weather", "ok", 0.2)
    figures.search(0.02, 4)
    figures.database("write", 0.001)
    figures.cache("answers", "hit")
    figures.refused("tokens")
    figures.embedded("minilm", 12)
    call(figures, "small", 10.5, 10.52, 10.56)
    text = await page(figures)
    for line in (
        'steward_http_requests_total{method="GET",route="/v1/models",status="2xx"} 1.0',
        'steward_runs_total{route="react",state="completed",why="rules"} 1.0',
        'steward_run_first_token_seconds_sum{route="react"} 0.3',
        'steward_tool_calls_total{result="ok",tool="weather"} 1.0',
        "steward_search_hits_sum 4.0",
        'steward_database_seconds_count{kind="write"} 1.0',
        'steward_cache_total{cache="answers",result="hit"} 1.0',
        'steward_refused_total{limit="tokens"} 1.0',
        'steward_tokens_total{kind="embedding",model="minilm"} 12.0',
        'steward_tokens_total{kind="prompt",model="small"} 5.0',
        'steward_model_first_token_seconds_sum{model="small"} 0.5',
        'steward_model_token_gap_seconds_count{model="small"} 2.0',
        'steward_upstream_in_flight{provider="ollama"} 0.0',
        'steward_upstream_up{provider="openai_compatible"} 0.0',
        'steward_ingest_jobs{state="waiting"} 2.0',
        "steward_ingest_oldest_seconds 7.5",
        "steward_active_runs 3.0",
        "process_resident_memory_bytes",
    ):
        assert line in text, line


async def test_a_thousand_names_stay_few_series():
    """Whatever models, paths and tools callers name, the page grows no further than its bounds."""
    figures = Figures()
    for number in range(1000):
        figures.request(RequestDone(f"/made/up/{number}", "GET", 404, 0.001))
        figures.request(RequestDone("", f"M{number}", 404, 0.001))
        call(figures, f"model-{number}", 10.1, 10.2)
        figures.tool(f"tool-{number}", "refused", 0.0)
    text = await page(figures)
    assert text.count("\nsteward_http_requests_total{") <= MOST_ROUTES + 2
    assert text.count("\nsteward_model_calls_total{") == MOST_MODELS + 1
    assert text.count("\nsteward_tool_calls_total{") == 1
    assert 'steward_tokens_total{kind="prompt",model="other"} 4500.0' in text
    assert len(text) < 1_000_000


async def test_a_model_that_never_answered_is_not_named():
    """A server that lists no models is asked for any name; those it refuses are `other`."""
    figures = Figures()
    call(figures, "made-up", failed="ModelNotFound")
    text = await page(figures)
    assert "made-up" not in text
    assert 'model="other",provider="ollama",result="ModelNotFound"} 1.0' in text


def test_minutes_have_percentiles_and_begin_again():
    """What is taken once is not told again."""
    figures = Figures()
    for first_s in (10.1, 10.2, 10.4):
        call(figures, "small", first_s, first_s + 0.5, first_s + 1.0)
    call(figures, "small", failed="UpstreamCut")
    (told,) = figures.minutes.take(at_ms=60_000, server="srv_1")
    assert (told.calls, told.failed, told.tokens) == (4, 1, 9)
    assert told.first_token_p50_s is not None
    assert abs(told.first_token_p50_s - 0.2) < 1e-6
    assert told.tokens_per_s_p95 is not None
    assert abs(told.tokens_per_s_p95 - 2.0) < 1e-6
    assert figures.minutes.take(at_ms=120_000, server="srv_1") == []


def test_percentiles_are_values_that_were_measured():
    """The smallest value that so large a share does not exceed."""
    assert percentile([], 0.5) is None
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([float(one) for one in range(1, 101)], 0.95) == 95.0


def test_counting_costs_next_to_nothing():
    """A token costs far less than a microsecond, a request a few; bounds are wide for a busy machine."""
    figures, moments = Figures(), count()
    pieces = [10.0 + next(moments) * 0.01 for _ in range(50_000)]
    began = time.process_time()
    call(figures, "small", *pieces)
    per_token_s = (time.process_time() - began) / len(pieces)
    began = time.process_time()
    for _ in range(2000):
        figures.request(RequestDone("/v1/chat/completions", "POST", 200, 0.01))
        figures.run(RunDone("chat", "rules", "completed", 1.0, first_shown_s=0.1))
    per_request_s = (time.process_time() - began) / 2000
    assert per_token_s < 3e-6
    assert per_request_s < 100e-6
