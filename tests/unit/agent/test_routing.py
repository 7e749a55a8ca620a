"""Tests what the router promises: small talk stays chat, forms of request get their route, no input breaks it."""

import json
import time
from pathlib import Path

import pytest

from backend.agent.route_rules.features import read
from backend.agent.route_rules.rules import RULES
from backend.agent.route_rules.tokens import HEAD_CHARS, TAIL_CHARS, clip
from backend.agent.routing import STRATEGIES, Route, RouteDecision, RoutingInput, best_tool_route
from backend.kit.document_talk import document_talk

OWN_FIXTURE = Path(__file__).resolve().parents[2] / "fixtures" / "router_own.jsonl"

SMALL_TALK = (
    "hi", "Hey there!", "hello :)", "Good morning, how are you doing today?", "good evening everyone", "yo", "sup",
    "thx a lot", "Thank you so much!!", "thanks, that was really helpful", "ok", "okay cool", "k", "great, thanks",
    "lol", "haha that's funny", "wow", "bye", "see you tomorrow", "good night", "How are you?", "how's it going",
    "What's up?", "who are you?", "what's your name?", "what can you do?", "are you a robot?", "do you like music?",
    "tell me a joke", "I'm bored", "nice to meet you", "you're awesome", "I love you", "can you help me?",
    "no worries, thanks again", "Never mind", "sorry", "yes", "no", "sure", "👍", "😂😂😂", "❤️", "...", "?", "!!", "",
    "   ", "\n\n", "Hola, ¿cómo estás?", "¡Buenos días!", "gracias", "Bonjour, ça va ?", "merci beaucoup",
    "Guten Morgen!", "Hallo, wie geht's?", "vielen Dank", "Olá, tudo bem?", "obrigado", "Ciao, come stai?", "grazie",
    "Привет, как дела?", "спасибо", "你好", "谢谢", "こんにちは", "ありがとうございます", "안녕하세요", "감사합니다",
    "مرحبا", "شكرا", "नमस्ते", "धन्यवाद", "Merhaba", "hej", "dank je",
)  # fmt: skip

NOT_SMALL_TALK = (
    ("hi, what's the weather in Paris?", "react"),
    ("Hello! Book a table for two at Chez Odile tomorrow at 7 pm.", "react"),
    ("thanks! and now convert 12 miles to kilometres", "react"),
    ("hey, compare the populations of Malta and Cyprus", "plan"),
    ("ok, and what's the score of the Ajax game?", "react"),
    ("Good morning, find me a flight to Faro and a hotel in Lagos", "plan"),
)

FORMS = (
    # One look-up, one computation, one action.
    ("When was the Øresund Bridge opened?", "react"),
    ("What is 17.5% of 2,340?", "react"),
    ("Turn off the lights in the kitchen.", "react"),
    # Steps that depend on each other.
    ("In which country was the composer of the opera Rusalka born?", "react"),
    ("The novel The Tin Drum was written by an author born in which city?", "react"),
    ("Crop clip.mov, extract a frame from the cropped video and make it brighter.", "react"),
    ("Find the cheapest hotel in Graz and book it for two nights.", "react"),
    # Independent parts.
    ("Which river is longer, the Loire or the Elbe?", "plan"),
    ("Get the share price of Siemens, Nestlé and Volvo.", "plan"),
    ("Calculate the area of a circle with radius 4 and of a square with side 7.", "plan"),
    (
        "Play some jazz, turn down the heating to 19 degrees and add eggs to my shopping list.",
        "plan",
    ),
    ("What is the sum of the populations of Latvia, Lithuania and Estonia?", "plan"),
    # The model alone.
    ("Explain recursion to a ten-year-old.", "chat"),
    ("Draft a polite note to my landlord asking to fix the heating.", "chat"),
    ("You are a medieval innkeeper. Welcome a tired knight.", "chat"),
    ("Rewrite this sentence so that it sounds friendlier: You failed to send the form.", "chat"),
    ("How do I centre a div in CSS?", "chat"),
)

# What chat pages and retrieval pipelines make around a conversation or around passages they found.
ASKED = (
    "Search the web for news, plot sales.csv, then compare the weather in Oslo, Bergen and Rome?"
)
MADE_BY_PROGRAMS = (
    f"### Task:\nWrite tags, as JSON.\n- Fields are science, arts, sports\n<chat_history>\nUSER: {ASKED}\n</chat_history>",
    f"Give a title of at most five words.\n\nConversation:\nUser: {ASKED}\nAI: Here you are.",
    f"Make it a question that stands alone.\n<Chat History>\nHuman: hello\nAssistant: hi\n\n<Question>\n{ASKED}\n<Rewritten>\n",
    f"<conversation>\nuser: ```python\nprint(6 * 7)\n```\n{ASKED}\n</conversation>\nSum it up.",
    f"Context information follows.\n---\nBergen had rain.\n---\nGiven this context, answer.\nQuery: {ASKED}\nAnswer: ",
    f"<context>\nBergen had rain.\n</context>\nAnswer from the provided context.\n{ASKED}",
)
MADE_BY_PEOPLE = (
    ("Context: I am a nurse and travel tomorrow.\nWhat is the weather in Oslo?", "react"),
    ("Human: hi\nAssistant: hello\nHuman: What is 17.5% of 2,340?\nAssistant:", "react"),
)

BAD_INPUTS = (
    "", "\x00", "\x00" * 5000, "\ud800\udfff broken \udc00 surrogates", "?" * 100_000, "a" * 1_000_000,
    "Paris and " * 100_000, "1, " * 300_000, "((((((" * 10_000, "'" * 50_000, '"' * 50_001, "@" * 100_000,
    "A. " * 50_000, "of the " * 100_000, "the most " * 50_000, "--;;,,//" * 20_000,
    "ما هو الطقس في القاهرة اليوم؟" * 500,
    "\u202eمرحبا hello\u202c", "\N{ZERO WIDTH JOINER}" * 10_000, "what " * 100_000, "\r\n\t" * 10_000,
    "x_" * 50_000, "\nuser:" * 50_000, "\ncontext" * 50_000, "<chat_history>" * 50_000, "\nusing " * 50_000,
)  # fmt: skip


def route(text: str, **context: bool | str | None) -> RouteDecision:
    """Route a text by the rules."""
    return STRATEGIES["rules"](RoutingInput(text, **context))  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("text", SMALL_TALK)
def test_small_talk_is_chat_with_high_confidence(text: str) -> None:
    """A greeting must never reach a tool."""
    decision = route(text)
    assert (decision.route, decision.confidence >= 0.9) == ("chat", True)


@pytest.mark.parametrize(("text", "expected"), NOT_SMALL_TALK)
def test_a_greeting_before_a_request_does_not_hide_it(text: str, expected: Route) -> None:
    """The request decides, not the hello in front of it."""
    assert route(text).route == expected


@pytest.mark.parametrize(("text", "expected"), FORMS)
def test_the_form_of_a_request_decides_its_route(text: str, expected: Route) -> None:
    """Each form of request has one plain example here."""
    assert route(text).route == expected


@pytest.mark.parametrize("text", MADE_BY_PROGRAMS)
def test_a_prompt_around_a_conversation_or_passages_calls_no_tool(text: str) -> None:
    """What somebody asked for in a conversation is not asked for by the request for its title."""
    decision = route(text, has_documents=True)
    reason = "it hands over a conversation or passages to work on"
    assert (decision.route, decision.reason, decision.confidence > 0.8) == ("chat", reason, True)


@pytest.mark.parametrize(("text", "expected"), MADE_BY_PEOPLE)
def test_a_question_of_the_same_look_is_still_asked(text: str, expected: Route) -> None:
    """Somebody's circumstances, and a conversation to go on with, ask for something."""
    assert route(text).route == expected


def test_own_examples_are_routed_well_enough() -> None:
    """A change of weights may not cost the examples written for this project."""
    rows = [json.loads(line) for line in OWN_FIXTURE.read_text(encoding="utf-8").splitlines()]
    right = sum(route(row["query"]).route == row["label"] for row in rows)
    assert len(rows) >= 150
    assert right / len(rows) >= 0.9


def test_code_queries_pages_and_tables_are_routed_by_what_is_handed_over() -> None:
    """To be run, read or counted is for tools; to be explained or written is for the model alone."""
    rows = [json.loads(line) for line in OWN_FIXTURE.read_text(encoding="utf-8").splitlines()]
    handed = [row for row in rows if row["source"].startswith("tools_")]
    assert len(handed) >= 50
    assert [row["query"] for row in handed if route(row["query"]).route != row["label"]] == []


@pytest.mark.parametrize("text", BAD_INPUTS, ids=range(len(BAD_INPUTS)))
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_no_input_breaks_a_strategy(strategy: str, text: str) -> None:
    """Whatever arrives, a route, a reason and a probability come back."""
    decision = STRATEGIES[strategy](RoutingInput(text))
    assert decision.route in {"chat", "react", "plan"}
    assert decision.reason
    assert 0 <= decision.confidence <= 1


def test_only_the_head_and_the_tail_of_a_long_text_are_read() -> None:
    """The work is bounded, and a question behind a long paste is still seen."""
    text = "Which is longer? " + "x" * 1_000_000 + " What is the weather in Ghent?"
    assert len(clip(text)) <= HEAD_CHARS + TAIL_CHARS + 1
    assert clip(text).startswith("Which is longer?")
    assert clip(text).endswith("Ghent?")
    assert read(text).n_words < HEAD_CHARS


def test_a_decision_names_the_rule_that_decided() -> None:
    """The reason is a sentence from the table of rules."""
    decision = route("Which river is longer, the Loire or the Elbe?")
    assert decision.reason == "it weighs one thing against another"


def test_clear_requests_are_surer_than_bare_ones() -> None:
    """Confidence grows with what speaks for the route."""
    clear = route(
        "Get the share price of Siemens, Nestlé and Volvo, and also the weather in Bergen and in Turin."
    )
    assert clear.confidence > 0.9 > route("potatoes").confidence


def test_confidence_means_what_it_says() -> None:
    """Among answers with confidence above 0.9 nearly all are right, and more than among those below 0.6."""
    rows = [json.loads(line) for line in OWN_FIXTURE.read_text(encoding="utf-8").splitlines()]
    decisions = [(route(row["query"]), row["label"]) for row in rows]
    sure = [decision.route == label for decision, label in decisions if decision.confidence > 0.9]
    unsure = [decision.route == label for decision, label in decisions if decision.confidence < 0.6]
    assert sum(sure) / len(sure) >= 0.95
    assert sum(sure) / len(sure) > sum(unsure) / len(unsure)


@pytest.mark.parametrize(
    ("text", "previous", "expected"),
    [
        ("and in Paris?", "What's the weather in Ghent?", "react"),
        ("what about Oslo and Bergen?", "What's the weather in Ghent?", "plan"),
        ("and shorter?", "Write a poem about rain.", "chat"),
    ],
)
def test_a_follow_up_takes_its_need_for_tools_from_the_turn_before(
    text: str, previous: str, expected: Route
) -> None:
    """An elliptical question repeats the kind of the previous one."""
    assert route(text, previous_text=previous).route == expected


def test_a_follow_up_without_a_turn_before_is_unsure() -> None:
    """Nothing is known of what "and in Paris?" asks."""
    assert route("and in Paris?").confidence <= 0.7


def test_a_new_request_ignores_the_turn_before() -> None:
    """Only elliptical turns look back."""
    assert (
        route(
            "And now explain how a heat pump works in simple words.",
            previous_text="Weather in Ghent?",
        ).route
        == "chat"
    )


def test_documents_turn_a_general_question_into_a_look_up() -> None:
    """A question the model could answer is looked up when the caller's documents are at hand."""
    question = "What is the notice period in the contract?"
    assert route(question, has_documents=True).route == "react"
    assert route("Write a haiku about rain.", has_documents=True).route == "chat"


ABOUT_DOCUMENTS = (
    ("What is the notice period in the contract?", "react"),
    ("According to the report, how did revenue develop?", "react"),
    ("What does our policy say about remote work?", "react"),
    ("Summarise the attached file", "react"),
    ("Does the agreement allow subletting?", "react"),
    ("What are the key findings of the attached study?", "react"),
    ("Compare the notice period in the lease and in the employment contract.", "plan"),
    ("Which of my contracts ends first, the lease or the phone contract?", "plan"),
    ("Was steht im Mietvertrag über die Kaution?", "react"),
    ("Laut Bericht, wie hoch war der Umsatz?", "react"),
    ("Fasse den Bericht zusammen", "react"),
    ("Que dit le contrat sur le préavis ?", "react"),
    ("Résume mes documents", "react"),
    ("¿Qué dice el contrato sobre el plazo?", "react"),
    ("Resume el informe", "react"),
    ("Cosa dice il contratto sulla disdetta?", "react"),
    ("O que diz o contrato sobre o prazo?", "react"),
    ("Wat staat er in het contract over de opzegtermijn?", "react"),
    ("Что сказано в договоре про срок?", "react"),
    ("合同里的通知期是多久？", "react"),
    ("契約書によると解約予告期間は？", "react"),
)


@pytest.mark.parametrize(("text", "expected"), ABOUT_DOCUMENTS)
def test_a_question_about_ones_documents_is_surely_looked_up(text: str, expected: Route) -> None:
    """In several languages, with more than even confidence, once there are documents."""
    decision = route(text, has_documents=True)
    assert (decision.route, decision.confidence > 0.5) == (expected, True)


@pytest.mark.parametrize(
    "text",
    [
        "What does our policy say about remote work?",
        "Summarise the attached file",
        "Was steht in meinem Vertrag?",
    ],
)
def test_ones_own_documents_are_looked_for_even_when_there_are_none(text: str) -> None:
    """The tool then says that there are none; a model would make something up."""
    assert route(text).route == "react"


@pytest.mark.parametrize(
    "text",
    [
        "How do I open a file in Python?",
        "What is photosynthesis?",
        "Write a contract for a plumber",
        "How do I write a good report?",
        "What is a document database?",
        "Give me feedback on this text: The report is late.",
        "Explain what a lease is",
    ],
)
def test_having_documents_changes_nothing_for_other_questions(text: str) -> None:
    """Neither the route nor how sure the router is."""
    assert route(text, has_documents=True) == route(text)


def test_having_documents_costs_no_accuracy() -> None:
    """Requests that speak of no document are routed as for anybody else."""
    rows = [json.loads(line) for line in OWN_FIXTURE.read_text(encoding="utf-8").splitlines()]
    plain = [row["query"] for row in rows if not document_talk(row["query"].lower())]
    changed = [text for text in plain if route(text) != route(text, has_documents=True)]
    assert (len(plain) > 100, changed) == (True, [])


@pytest.mark.parametrize(
    "text", ["my " * 300, "in the a a " * 60, "unsere a-a " * 60, "我的" * 300]
)
def test_no_text_makes_the_search_for_documents_long(text: str) -> None:
    """Gaps in its expressions are bounded."""
    start = time.process_time()
    document_talk(text)
    assert time.process_time() - start < 0.1


def test_an_attached_image_is_looked_at_by_the_model_itself() -> None:
    """A question about a picture needs no tool."""
    assert route("What is in this picture?", has_images=True).route == "chat"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Wer hat die Brücke über den Öresund gebaut?", "react"),
        ("¿Cuándo nació Clara Campoamor?", "react"),
        ("Когда родился Чехов?", "react"),
    ],
)
def test_other_languages_get_a_careful_answer(text: str, expected: Route) -> None:
    """A factual question in another language needs a tool, with little confidence."""
    decision = route(text)
    assert (decision.route, decision.confidence <= 0.5) == (expected, True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Do X and Y, plus Z", "plan"),
        ("first A, then B and C", "react"),
        ("the thing", "react"),
        ("ANDROID ballet thenceforth", "react"),
        ("hello", "react"),
        ("both, and also all of them, step by step", "plan"),
    ],
)
def test_the_keyword_baseline_counts_its_two_lists(text: str, expected: Route) -> None:
    """More plan words give plan; a tie, or nothing at all, gives react; whole words only."""
    assert STRATEGIES["keywords"](RoutingInput(text)).route == expected


def test_the_best_tool_route_is_never_chat() -> None:
    """A caller that has ruled out chat still learns which tool route fits."""
    assert best_tool_route(RoutingInput("hello")) == "react"
    assert best_tool_route(RoutingInput("Which river is longer, the Loire or the Elbe?")) == "plan"


def test_every_rule_has_its_own_reason_and_speaks_for_something() -> None:
    """A rule without weight, or two with one reason, cannot be told apart in a trace."""
    assert len({rule.reason for rule in RULES}) == len(RULES)
    assert all(rule.tools or rule.parts for rule in RULES)
