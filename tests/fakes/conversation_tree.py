"""A conversation that keeps every version of its messages, as a small tree; for the scripted server."""

from __future__ import annotations

from typing import Any

Message = dict[str, Any]


class ConversationTree:
    """Messages by id, each with what it follows; `head` is the last one that is shown."""

    def __init__(self) -> None:
        self.head = ""
        self._kept: dict[str, Message] = {}
        self._after: dict[str, str] = {}

    def add(self, message: Message, *, run: str, state: str = "completed") -> str:
        """Put a message at the end of what is shown; give its id."""
        made = f"msg_{len(self._kept) + 1}"
        self._kept[made] = {"id": made, "message": message, "run_id": run, "state": state}
        self._after[made] = self.head
        self.head = made
        return made

    def change(self, run: str, message: Message, *, state: str) -> None:
        """Replace the answer of a run that goes on."""
        answers = (one for one in self._kept.values() if one["message"]["role"] == "assistant")
        next(one for one in answers if one["run_id"] == run).update(message=message, state=state)

    def replace(self, message_id: str) -> None:
        """Let what comes stand in the place of a message.

        Raises:
            KeyError: when there is none.
        """
        self.head = self._after[message_id]

    def show(self, message_id: str) -> None:
        """Show the version that holds a message, to the end of its newest continuation.

        Raises:
            KeyError: when there is none.
        """
        self.head = self._kept[message_id]["id"]
        while later := [one for one, before in self._after.items() if before == self.head]:
            self.head = later[-1]

    def role(self, message_id: str) -> str:
        """Tell who said a message."""
        return self._kept[message_id]["message"]["role"]

    @property
    def question(self) -> str:
        """The words of the last question that is shown."""
        asked = (one["message"] for one in reversed(self.shown) if one["message"]["role"] == "user")
        content = next(asked)["content"]
        return content if isinstance(content, str) else content[0]["text"]

    @property
    def shown(self) -> list[Message]:
        """The path from the first message to the head, each with its versions."""
        path: list[Message] = []
        at = self.head
        while at:
            before = self._after[at]
            versions = [one for one, after in self._after.items() if after == before]
            path.append({**self._kept[at], "versions": versions})
            at = before
        return path[::-1]
