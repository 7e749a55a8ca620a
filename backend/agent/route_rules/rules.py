"""The routing rules: a flat table of hand-set weights over the features; it neither reads text nor picks a route.

To add a rule, append one line here or in `kinds.py`: a reason that completes "because …", its two weights, and a test.
`tools` above zero speaks for tools, below zero for plain chat. `parts` above zero speaks for independent parts
(plan), below zero for one step or dependent steps (react). Weights are in log-odds: 0.5 is a hint, 1 is evidence,
2.5 nearly decides. They are set by hand from what the sign means, not fitted.
"""

from dataclasses import dataclass
from typing import Final

from backend.agent.route_rules import predicates as p
from backend.agent.route_rules.features import Features
from backend.agent.route_rules.kinds import KIND_OF_REQUEST
from backend.agent.route_rules.rule import Rule

# Nearly every request that needs tools is one step; parts must be shown.
PARTS_BIAS: Final = -1.6


@dataclass(frozen=True, slots=True)
class Score:
    """Hold the two sums in log-odds and the rules that made them."""

    tools: float
    parts: float
    fired: tuple[Rule, ...]


DEPENDENT_STEPS: Final[tuple[Rule, ...]] = (
    Rule("a later step uses an earlier result", 0.8, -2.0, p.dependent),
    Rule(
        "it names a thing through another thing",
        0.4,
        -0.8,
        lambda f: f.asks.relatives > 0 and not p.tool_like(f),
    ),
    Rule(
        "it names a thing through what happened to it",
        0.3,
        -0.6,
        lambda f: f.shows("participle") > 0 and not p.tool_like(f) and f.shows("change") < 2,
    ),
    Rule(
        "it names a thing through what it belongs to",
        0.3,
        -0.6,
        lambda f: (
            (f.shows("of_chain") or f.possessives) > 0
            and not f.says("aggregate")
            and not p.tool_like(f)
            and p.requests(f) < 2
            and not f.shows("two_things")
        ),
    ),
    Rule(
        "it asks yes or no about a described thing",
        0.0,
        -0.6,
        lambda f: p.yes_no(f) and f.shows("subject_of") > 0,
    ),
    Rule("it tells a story that ends in one question", 0.6, -1.8, p.story),
    Rule("it is about one stretch between two ends", 0.0, -2.4, p.one_stretch),
)
INDEPENDENT_PARTS: Final[tuple[Rule, ...]] = (
    Rule(
        "it weighs one thing against another",
        0.0,
        2.6,
        lambda f: (
            f.series.choices > 0
            or (
                f.alternative
                and (f.says("comparative") or f.says("ordinal")) > 0
                and f.question_mark
                and not f.shows("opinion")
            )
        ),
    ),
    Rule("it names several things in a row", 0.2, 2.2, lambda f: f.series.names > 0),
    Rule("it gives several numbers in a row", 0.2, 1.0, lambda f: f.series.numbers > 0),
    Rule(
        "it gives several quantities of different things",
        0.2,
        1.8,
        lambda f: f.shows("quantities") > 0,
    ),
    Rule("it sets several things to values", 0.2, 1.8, lambda f: f.shows("paired_values") > 0),
    Rule(
        "it names several years",
        0.0,
        1.0,
        lambda f: f.shows("years") > 0 and not f.shows("interval"),
    ),
    Rule(
        "it names a long row of things",
        0.0,
        0.9,
        lambda f: f.series.longest > 2 or f.series.names > 1,
    ),
    Rule(
        "it lists several things to find out",
        0.0,
        1.7,
        lambda f: (
            f.shows("list") > 0 and not p.media(f) and (f.first != "statement" or p.plain_need(f))
        ),
    ),
    Rule("it repeats its wording with other values", 0.0, 1.6, lambda f: f.repeated_frames > 0),
    Rule("it repeats its wording again and again", 0.0, 1.6, lambda f: f.repeated_frames > 2),
    Rule(
        "it compares",
        0.0,
        1.0,
        lambda f: (f.says("comparative") > 0 and not p.tool_asks(f)) or f.asks.head == "compare",
    ),
    Rule(
        "it combines several values",
        0.2,
        1.0,
        lambda f: f.says("aggregate") > 0 and bool(f.n_names or f.shows("list") or not f.n_numbers),
    ),
    Rule(
        "it combines values of several things",
        0.0,
        0.8,
        lambda f: f.says("aggregate") > 0 and f.n_names > 1,
    ),
    Rule(
        "it compares what documents say",
        0.8,
        1.2,
        lambda f: bool(f.document_talk) and (f.asks.head == "compare" or f.versus),
    ),
    Rule("it compares named things", 2.2, 0.6, lambda f: f.n_names > 1 and f.versus),
    Rule("it asks the same for each of several", 0.4, 1.8, lambda f: f.shows("each_of") > 0),
    Rule("it speaks of both or of each alone", 0.0, 1.4, lambda f: f.says("distributive") > 0),
    Rule("it adds another request", 0.2, 1.2, lambda f: f.says("additive") > 0),
    Rule("it asks for another property as well", 0.0, 1.0, lambda f: f.shows("also_its") > 0),
    Rule("it makes two or more requests", 0.3, 2.2, lambda f: p.requests(f) > 1 and p.separate(f)),
    Rule(
        "it makes three or more requests", 0.2, 0.8, lambda f: p.requests(f) > 2 and p.separate(f)
    ),
    Rule(
        "several sentences ask",
        0.0,
        0.8,
        lambda f: f.asks.asking_sentences > 1 and p.requests(f) > 0,
    ),
    Rule(
        "it asks for two things at once",
        0.2,
        1.8,
        lambda f: f.shows("two_things") > 0 and p.separate(f),
    ),
    Rule(
        "it wants the same for another one",
        0.0,
        1.7,
        lambda f: f.shows("same_for") > 0 and p.concrete(f),
    ),
    Rule(
        "two things meet in a yes-no question",
        0.0,
        1.6,
        lambda f: p.yes_no(f) and not f.document_talk and (f.n_names > 1 or f.n_indefinites > 1),
    ),
    Rule("a hypothetical question needs two facts", 0.0, 0.8, lambda f: p.yes_no(f) and f.modal),
)
HANDED_OVER: Final[tuple[Rule, ...]] = (
    Rule("it hands over code to run", 8.0, -8.0, lambda f: f.handed.programs == 1),
    Rule("it hands over several queries to run", 8.0, 6.0, lambda f: f.handed.programs > 1),
    Rule(
        "it hands over code to be talked about",
        -8.0,
        -2.0,
        lambda f: f.handed.talked_about and not f.document_talk,
    ),
    Rule(
        "it hands over a conversation or passages to work on",
        -12.0,
        -2.0,
        lambda f: f.handed.material,
    ),
    Rule("it asks for code to be written", -4.0, -2.0, lambda f: f.handed.to_be_written),
    Rule("it asks something of an uploaded table", 3.0, -2.0, lambda f: f.handed.tables == 1),
    Rule("it asks something of several tables", 3.0, 5.0, lambda f: f.handed.tables > 1),
)
RULES: Final = (*HANDED_OVER, *KIND_OF_REQUEST, *DEPENDENT_STEPS, *INDEPENDENT_PARTS)


def score(features: Features) -> Score:
    """Add up the weights of the rules that hold."""
    fired = tuple(rule for rule in RULES if rule.test(features))
    tools = sum(rule.tools for rule in fired)
    parts = PARTS_BIAS + sum(rule.parts for rule in fired)
    return Score(tools, parts, fired)
