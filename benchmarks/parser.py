"""How well and how fast tool calls written as text are read, on the project's own corpus."""

from __future__ import annotations

import sys
import time

from backend.agent.tool_call_text.gate import CallTextGate
from backend.agent.tool_call_text.parse import parse_tool_calls
from tests.unit.agent.tool_call_text.corpus import ALL_CASES, TOOLS
from tests.unit.agent.tool_call_text.negatives import NEGATIVES

ROUNDS = 20
PROSE = "The quick brown fox jumps over the lazy dog, and then it rests a while. " * 60


def calls_in(text: str) -> list[tuple[str, dict[str, object]]]:
    """Give the calls found in a reply."""
    return [(call.name, call.arguments) for call in parse_tool_calls(text, tools=TOOLS).calls]


def main() -> None:
    """Print counts and times."""
    texts = [case.reply for case in ALL_CASES]
    right = sum(1 for case in ALL_CASES if calls_in(case.reply) == case.calls)
    false = sum(1 for text in NEGATIVES if calls_in(text))
    begun_s = time.process_time()
    for _ in range(ROUNDS):
        for text in texts:
            parse_tool_calls(text, tools=TOOLS)
    per_reply_us = (time.process_time() - begun_s) / ROUNDS / len(texts) * 1e6
    words = PROSE.split(" ")
    begun_s = time.process_time()
    for _ in range(ROUNDS):
        gate = CallTextGate(tools=TOOLS)
        for word in words:
            gate.feed(word + " ")
        gate.close()
    per_delta_us = (time.process_time() - begun_s) / ROUNDS / len(words) * 1e6
    sys.stdout.write(
        f"examples read exactly               {right} of {len(texts)}\n"
        f"prose in which none is found        {len(NEGATIVES) - false} of {len(NEGATIVES)}\n"
        f"reading one reply                   {per_reply_us:.0f} us\n"
        f"gate, per streamed word of prose    {per_delta_us:.1f} us\n"
    )


if __name__ == "__main__":
    main()
