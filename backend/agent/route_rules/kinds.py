"""The routing rules about the kind of request: does it need a tool at all?

Weights as in `rules.py`. Not for rules on how many parts a request has.
"""

from typing import Final

from backend.agent.route_rules import predicates as p
from backend.agent.route_rules.rule import Rule
from backend.agent.route_rules.vocabulary import TRANSFORM_VERBS

KIND_OF_REQUEST: Final[tuple[Rule, ...]] = (
    Rule(
        "it asks for a fact about something named",
        2.4,
        0.0,
        lambda f: f.first == "fact" and p.concrete(f),
    ),
    Rule("it asks for a fact", 0.7, 0.0, lambda f: f.first == "fact" and not p.concrete(f)),
    Rule("it asks for a quantity", 0.5, 0.0, lambda f: f.first == "fact" and f.asks.head == "how"),
    Rule(
        "it is a statement with a part left to find",
        2.6,
        -1.4,
        lambda f: f.asks.embedded and not f.shows("label"),
    ),
    Rule(
        "it asks to find or compute something",
        2.4,
        0.0,
        lambda f: p.tool_asks(f) > 0 and (f.first != "chat" or f.n_units > 0),
    ),
    Rule(
        "it also asks to find or compute something",
        2.6,
        0.0,
        lambda f: (
            p.tool_asks(f) > 0
            and f.first == "chat"
            and p.concrete(f)
            and not f.shows("label")
            and not f.shows("text_here")
        ),
    ),
    Rule(
        "it states a need with particulars",
        1.6,
        0.0,
        lambda f: f.shows("need") > 0 and f.first == "statement" and p.concrete(f),
    ),
    Rule(
        "it asks for an action on given values",
        2.2,
        0.0,
        lambda f: p.bare_verb(f) and bool(f.n_numbers or f.says("service")) and not p.text_work(f),
    ),
    Rule(
        "it asks to be given something named",
        0.5,
        0.0,
        lambda f: p.bare_verb(f) and f.n_names > 0 and not p.text_work(f),
    ),
    Rule("it gives values to work with", 0.8, 0.0, lambda f: f.n_units > 0 or f.n_numbers > 1),
    Rule(
        "it holds a sum to work out",
        2.4,
        0.0,
        lambda f: f.shows("maths") > 0 and not f.shows("code"),
    ),
    Rule(
        "it asks what something named or numbered is",
        1.4,
        0.0,
        lambda f: (
            f.first == "what"
            and p.concrete(f)
            and not f.shows("what_if")
            and not f.shows("opinion")
        ),
    ),
    Rule(
        "it asks for one attribute of a thing",
        1.4,
        0.0,
        lambda f: (
            not f.shows("advice")
            and (
                (f.first == "what" and (f.shows("attribute") > 0 or p.described(f)))
                or (p.bare_verb(f) and f.shows("attribute") > 0)
            )
        ),
    ),
    Rule(
        "it asks what something general is",
        -1.2,
        0.0,
        lambda f: (
            f.first == "what"
            and not p.concrete(f)
            and not f.says("fresh")
            and not f.shows("attribute")
        ),
    ),
    Rule("it asks how or why", -2.0, 0.0, lambda f: f.first == "how"),
    Rule(
        "it asks for a text or an explanation",
        -2.6,
        0.0,
        lambda f: f.first == "chat" and not f.n_files and not (p.tool_asks(f) and f.n_units),
    ),
    Rule(
        "it is work on text that the model can do itself",
        -1.2,
        0.0,
        lambda f: (
            p.bare_verb(f)
            and (p.text_work(f) or not p.concrete(f) or f.asks.head in TRANSFORM_VERBS)
            and not p.machine_work(f)
        ),
    ),
    Rule(
        "it names a kind of text",
        -1.0,
        0.0,
        lambda f: f.first in {"chat", "either"} and f.says("text") > 0 and not p.media(f),
    ),
    Rule(
        "it sets up a role or an imagined situation",
        -2.2,
        0.0,
        lambda f: f.shows("role") > 0 and not p.tool_asks(f) and f.n_units < 2,
    ),
    Rule(
        "it asks what would happen",
        -2.6,
        0.0,
        lambda f: f.shows("what_if") > 0 and not f.shows("change") and len(f.asks.kinds) < 3,
    ),
    Rule(
        "it asks for general advice or an explanation",
        -1.8,
        0.0,
        lambda f: f.shows("advice") > 0 and f.n_units == 0,
    ),
    Rule(
        "it brings labelled text to work on",
        -1.8,
        0.0,
        lambda f: f.shows("label") > 0 and not f.n_files,
    ),
    Rule(
        "it refers to text in the message",
        -1.8,
        0.0,
        lambda f: f.shows("text_here") > 0 and not f.n_files,
    ),
    Rule(
        "it is about code",
        -1.2,
        0.0,
        lambda f: (f.shows("code") or f.says("code")) > 0 and not p.tool_asks(f) and not f.n_files,
    ),
    Rule(
        "it is about people and feelings",
        -1.0,
        0.0,
        lambda f: f.says("personal") > 0 and not p.concrete(f),
    ),
    Rule("it names nothing in particular", -0.8, 0.0, lambda f: not p.concrete(f)),
    Rule("it addresses the assistant", -0.8, 0.0, lambda f: f.first == "you"),
    Rule(
        "it holds no request",
        -0.8,
        0.0,
        lambda f: f.first == "statement" and not f.question_mark and not p.media(f),
    ),
    Rule(
        "it is a general question of opinion",
        -1.0,
        0.0,
        lambda f: p.opinion(f) and not p.about_now(f) and not p.tool_asks(f),
    ),
    Rule(
        "it is a short question about the world at large",
        -1.6,
        0.0,
        lambda f: p.yes_no(f) and not p.concrete(f) and f.n_words < 6,
    ),
    Rule(
        "it is a yes-no question about the world",
        2.2,
        1.4,
        lambda f: p.yes_no(f) and not p.opinion(f) and not p.about_now(f),
    ),
    Rule("it asks whether something is so now", 1.6, 0.0, lambda f: p.yes_no(f) and p.about_now(f)),
    Rule(
        "it needs fresh facts",
        1.4,
        0.0,
        lambda f: f.says("fresh") > 0 and f.first not in {"chat", "how"},
    ),
    Rule(
        "it works on a file or a medium",
        2.8,
        -1.6,
        lambda f: (
            f.n_files > 0
            or (
                p.media(f) > 0
                and (f.shows("artefact_given") > 0 or f.first in {"either", "tool", "statement"})
            )
        ),
    ),
    Rule("it is about the user's own data", 2.4, -0.6, lambda f: f.shows("own_data") > 0),
    Rule(
        "it acts on an account, a booking or a device",
        1.2,
        0.0,
        lambda f: f.says("service") > 0 and f.first in {"tool", "either"},
    ),
    Rule(
        "it hands over a text to process",
        1.8,
        -0.4,
        lambda f: (
            f.shows("artefact_given") > 0
            and f.says("text") > 0
            and f.first in {"statement", "either", "tool"}
            and f.says("first_person") < 4
        ),
    ),
    Rule(
        "it speaks of documents of the user's own",
        2.6,
        -0.4,
        lambda f: f.document_talk == "own" and not f.shows("own_data"),
    ),
    Rule(
        "it asks what a document says",
        1.4,
        0.0,
        lambda f: f.document_talk == "some" and not p.text_given(f),
    ),
    Rule(
        "it speaks of the documents at hand",
        2.4,
        0.0,
        lambda f: f.has_documents and bool(f.document_talk) and not p.text_given(f),
    ),
    Rule(
        "the attached image shows it",
        -3.0,
        0.0,
        lambda f: f.has_images and not f.n_files and (f.says("image") or f.n_words < 12) > 0,
    ),
    Rule(
        "it asks something in another language", 1.0, 0.0, lambda f: f.foreign and f.question_mark
    ),
    Rule(
        "it asks for a fact in another language",
        1.2,
        0.0,
        lambda f: f.foreign_question and not f.says("text"),
    ),
    Rule("it gives numbers in another language", 0.8, 0.0, lambda f: f.foreign and f.n_numbers > 0),
    Rule(
        "it asks about a word or a phrase",
        -2.4,
        0.0,
        lambda f: f.says("language") > 0 and not p.tool_asks(f) and not f.n_files,
    ),
    Rule(
        "it asks how something stands now",
        3.0,
        0.0,
        lambda f: f.first == "how" and f.says("fresh") > 0 and f.n_names > 0,
    ),
    Rule(
        "it switches something",
        2.4,
        0.0,
        lambda f: f.shows("switch") > 0 and f.first in {"either", "tool"},
    ),
    Rule(
        "it asks what several listed things are",
        2.0,
        0.0,
        lambda f: f.first == "what" and f.shows("list") > 0 and not f.shows("advice"),
    ),
)
