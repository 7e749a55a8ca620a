"""Counts what the server does, in plain dictionaries: the `Measuring` port.

Nothing of Prometheus is needed to count (`exposition` reads the figures when somebody asks). All
calls come from the event loop, so nothing is locked. Not for: what is kept (`minutes`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from backend.observability.histogram import Histogram
from backend.observability.minutes import ModelMinutes
from backend.observability.names import KnownNames
from backend.ports.measuring import CacheResult, ModelCall, RequestDone, RunDone

MOST_MODELS = 100
MOST_ROUTES = 300
MOST_TOOLS = 200
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
ANSWER_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
TOKEN_S = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1.0, 5.0)
WAIT_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
QUICK_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5)
HITS = (0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0)

Labels = tuple[str, ...]


@dataclass(slots=True)
class Counted:
    """Numbers by labels; `names` are what the labels mean."""

    about: str
    names: Labels
    values: defaultdict[Labels, float] = field(default_factory=lambda: defaultdict(float))


class Timed:
    """Histograms by labels."""

    def __init__(self, about: str, names: Labels, bounds: Sequence[float]) -> None:
        self.about = about
        self.names = names
        self.values: defaultdict[Labels, Histogram] = defaultdict(lambda: Histogram(bounds))


class Figures:
    """The `Measuring` port; what it counts are its `counted`, `timed` and `in_flight`."""

    def __init__(self) -> None:
        self.minutes = ModelMinutes()
        self.in_flight: defaultdict[str, int] = defaultdict(int)
        self.counted = {
            "http_requests": Counted(
                "HTTP requests by route, method and class of status.", ("route", "method", "status")
            ),
            "model_calls": Counted(
                "Calls of models by result: ok, or the class of the error.",
                ("provider", "model", "result"),
            ),
            "tokens": Counted("Tokens by model and kind.", ("model", "kind")),
            "runs": Counted(
                "Runs that ended, by route, by who chose it, and by state.",
                ("route", "why", "state"),
            ),
            "tool_calls": Counted("Calls of tools by result.", ("tool", "result")),
            "cache": Counted("Looks into caches by result.", ("cache", "result")),
            "refused": Counted("Requests that a limit refused, by limit.", ("limit",)),
        }
        self.timed = {
            "http_answer_seconds": Timed(
                "Time until a request began to be answered.", ("route",), ANSWER_S
            ),
            "run_first_token_seconds": Timed(
                "Time from the start of a run until its first words were shown.", ("route",), WAIT_S
            ),
            "run_seconds": Timed("Time that runs took.", ("route",), WAIT_S),
            "model_first_token_seconds": Timed(
                "Time from the call of a model to its first token.", ("model",), WAIT_S
            ),
            "model_token_gap_seconds": Timed("Time between two tokens.", ("model",), TOKEN_S),
            "tool_seconds": Timed("Time that calls of tools took.", ("tool",), WAIT_S),
            "search_seconds": Timed("Time that searches in documents took.", (), ANSWER_S),
            "search_hits": Timed("Passages that searches found.", (), HITS),
            "database_seconds": Timed(
                "Time that units of work of the database took, waiting included.",
                ("kind",),
                QUICK_S,
            ),
        }
        self._models = KnownNames(most=MOST_MODELS)
        self._providers = KnownNames(most=MOST_MODELS)
        self._routes = KnownNames(most=MOST_ROUTES)
        self._tools = KnownNames(most=MOST_TOOLS)
        self._words = KnownNames(most=MOST_TOOLS, longest=60)

    def request(self, done: RequestDone) -> None:
        """Count an HTTP request."""
        route = self._routes.learn(done.route)
        method = done.method if done.method in METHODS else "other"
        status = f"{done.status // 100}xx"
        self.counted["http_requests"].values[route, method, status] += 1
        self.timed["http_answer_seconds"].values[route,].add(done.seconds)

    def model_began(self, call: ModelCall) -> None:
        """Count a call of a model that is under way."""
        self.in_flight[self._providers.learn(call.provider)] += 1

    def model_ended(self, call: ModelCall) -> None:
        """Count its end, its tokens and their times.

        A server without a list of models is asked for any name: only one that answered is a model.
        """
        provider = self._providers.learn(call.provider)
        self.in_flight[provider] -= 1
        known = self._models.learn if call.pieces_s or not call.failed else self._models.of
        model = known(call.model)
        result = self._words.learn(call.failed or "ok")
        self.counted["model_calls"].values[provider, model, result] += 1
        self._tokens(model, call)
        if call.pieces_s:
            first_s = call.pieces_s[0] - call.began_s
            self.timed["model_first_token_seconds"].values[model,].add(first_s)
            self.timed["model_token_gap_seconds"].values[model,].add_gaps(call.pieces_s)
        self.minutes.note(model, call)

    def _tokens(self, model: str, call: ModelCall) -> None:
        if call.usage is not None:
            tokens = self.counted["tokens"].values
            tokens[model, "prompt"] += call.usage.prompt_tokens
            tokens[model, "completion"] += call.usage.completion_tokens
            if call.usage.reasoning_tokens:
                tokens[model, "reasoning"] += call.usage.reasoning_tokens

    def run(self, done: RunDone) -> None:
        """Count a run that has ended, or that waits for its user."""
        route = self._words.learn(done.route or "none")
        why, state = self._words.learn(done.why or "none"), self._words.learn(done.state)
        self.counted["runs"].values[route, why, state] += 1
        self.timed["run_seconds"].values[route,].add(done.seconds)
        if done.first_shown_s is not None:
            self.timed["run_first_token_seconds"].values[route,].add(done.first_shown_s)

    def tool(self, tool: str, result: str, seconds: float) -> None:
        """Count a call of a tool by its outcome; a tool that there is not is not named."""
        known = self._tools.of if result == "refused" else self._tools.learn
        name = known(tool)
        self.counted["tool_calls"].values[name, self._words.learn(result)] += 1
        self.timed["tool_seconds"].values[name,].add(seconds)

    def search(self, seconds: float, hits: int) -> None:
        """Count a search in somebody's documents."""
        self.timed["search_seconds"].values[()].add(seconds)
        self.timed["search_hits"].values[()].add(float(hits))

    def embedded(self, model: str, tokens: int) -> None:
        """Count tokens that were embedded for a caller."""
        self.counted["tokens"].values[self._models.learn(model), "embedding"] += tokens

    def database(self, kind: str, seconds: float) -> None:
        """Count a unit of work of the database, a `read` or a `write`."""
        self.timed["database_seconds"].values[kind,].add(seconds)

    def cache(self, cache: str, result: CacheResult) -> None:
        """Count a look into a cache, by its name."""
        self.counted["cache"].values[self._words.learn(cache), result] += 1

    def refused(self, kind: str) -> None:
        """Count a request that a limit refused, by the limit's name."""
        self.counted["refused"].values[self._words.learn(kind),] += 1
