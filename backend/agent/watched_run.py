"""A run as those see it who watch the server. Not for: running it (`turn`)."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from backend.agent.run import Run
from backend.ports.measuring import RunDone
from backend.ports.tracing import Value

AGENT = "steward"


@contextmanager
def watched_run(run: Run) -> Generator[None]:
    """Make a span of the work of a run.

    Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-agent-spans/.
    """
    about: dict[str, Value] = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": AGENT,
        "gen_ai.provider.name": run.provider.name,
        "gen_ai.request.model": run.model.id,
        "steward.run.id": run.id,
    }
    if run.session_id:
        about["gen_ai.conversation.id"] = run.session_id
    with run.parts.watch.tracing.span(f"invoke_agent {AGENT}", attributes=about) as span:
        try:
            yield
        finally:
            route = run.decision.route if run.decision else ""
            span.note({
                "steward.route": route,
                "gen_ai.usage.input_tokens": run.usage.prompt_tokens,
                "gen_ai.usage.output_tokens": run.usage.completion_tokens,
                "gen_ai.response.finish_reasons": [run.finish_reason],
            })


def count_run(run: Run) -> None:
    """Count a run that has ended or waits."""
    decision, shown_s = run.decision, run.first_shown_s
    run.parts.watch.measuring.run(
        RunDone(
            route=decision.route if decision else "",
            why=decision.by if decision else "",
            state=run.state,
            seconds=run.parts.clock.monotonic_s() - run.began_s,
            first_shown_s=None if shown_s is None else shown_s - run.began_s,
        )
    )
