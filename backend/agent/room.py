"""How much room a model call has, and saying what did not fit.

Not for: what goes first (`context`).
"""

from __future__ import annotations

from collections.abc import Sequence

from backend.agent.context import fit
from backend.agent.run import Run
from backend.ports.values import ChatMessage, JsonObject, TurnEvent

PROMPT_SHARE = 0.75
LEAST_SHARE = 0.25


def fitted(
    run: Run, messages: Sequence[ChatMessage], *, specs: Sequence[JsonObject] = ()
) -> list[ChatMessage]:
    """Fit messages into the run's model beside the tools offered; the rest is for the answer.

    Raises:
        ContextTooLong: when the newest message alone does not fit.
    """
    model, estimate = run.model, run.parts.estimate
    budget = int(model.context_tokens * PROMPT_SHARE) - estimate.tools(model.id, specs)
    least = int(model.context_tokens * LEAST_SHARE)
    found = fit(messages, model=model.id, budget_tokens=max(budget, least), estimate=estimate)
    loss = (found.dropped, found.shortened)
    if any(loss) and loss != run.left_out:
        run.left_out = loss
        text = (
            f"To fit the model's context, {found.dropped} older messages were left out and "
            f"{found.shortened} tool results shortened.\n"
        )
        data = {"dropped_messages": found.dropped, "shortened_results": found.shortened}
        run.say(TurnEvent(type="notice", text=text, data=data))
    return found.messages
