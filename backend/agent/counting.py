"""How many tokens a request brings, before it is asked."""

from __future__ import annotations

from backend.agent import prompts, resume
from backend.agent.catalog import ModelCatalog
from backend.agent.run import AgentParts, TurnRequest
from backend.ports.stores import ConversationStore


class TokenCounter:
    """Estimates with what turns work with."""

    def __init__(
        self, catalog: ModelCatalog, parts: AgentParts, conversations: ConversationStore
    ) -> None:
        self._catalog = catalog
        self._parts = parts
        self._conversations = conversations

    async def count(self, request: TurnRequest) -> int:
        """Estimate how many tokens a request brings, its session and the tools it names included.

        Raises:
            ModelNotFound: when there is no such model.
        """
        _, model = await self._catalog.resolve(request.template.model)
        messages = list(request.messages)
        if request.session_id:
            stored = await self._conversations.messages(request.user_id, request.session_id)
            messages = resume.continued(stored, messages)
        if request.instructions:
            messages = prompts.with_system(messages, request.instructions)
        estimate = self._parts.estimate
        ours = self._parts.bound_to(request).toolbox.specs if request.tools_named else ()
        specs = [*request.client_tools, *ours]
        return estimate.tokens(model.id, messages) + estimate.tools(model.id, specs)
