"""The built-in model answering: from results, from the conversation, or not at all."""

from __future__ import annotations

import pytest

from backend.tools import rag_retrieval
from tests.fakes.builtin_asking import SERVER, TOWER, ask, hear

NOT_FOUND = "This was not found in your documents: What notice does my contract ask for?"
DOCUMENT_WORDS = [
    (rag_retrieval.NOTHING, NOT_FOUND),
    (
        f"{rag_retrieval.NOTHING} Near, but no answer: notice.pdf, p. 1.\n"
        "Note: 1 of the user's documents are still being read.",
        f"{NOT_FOUND} Some of your documents are still being read.",
    ),
    (
        rag_retrieval.NO_DOCUMENTS,
        "You have no documents here yet. Upload them on this server's page, or with POST /api/files/upload.",
    ),
    (
        rag_retrieval.STILL_READ.format(count=2),
        "Your documents are still being read. Ask again in a moment.",
    ),
    (
        rag_retrieval.UNREADABLE,
        "None of these documents could be read; the list of your files says why.",
    ),
]
ANSWERS: list[tuple[str, list[tuple[str, dict, str]], str]] = [
    ("What is 12 * 7?", [("math_calc", {"expression": "12 * 7"}, "12*7 = 84")], "12*7 = 84"),
    ("What is 12 * 7?", [("math_calc", {"expression": "12 * 7"}, "84")], "12 * 7 = 84"),
    (
        "How tall is the Eiffel Tower?",
        [("wikipedia", {"query": "Eiffel Tower"}, TOWER)],
        "The tower is 330 metres tall. [1]",
    ),
    (
        "Tell me about the Eiffel Tower",
        [("wikipedia", {"query": "Eiffel Tower"}, TOWER)],
        "The Eiffel Tower is a lattice tower on the Champ de Mars in Paris. [1] It is named after the engineer "
        "Gustave Eiffel, whose company built it from 1887 to 1889. [1]",
    ),
    (
        "Summarise my report",
        [
            (
                "rag_retrieval",
                {"query": "Summarise my report"},
                "[1] report.pdf, p. 1\nRevenue grew by 12%. Costs fell. Staff grew.\n[2] report.pdf, p. 2\nThe outlook is good.",
            )
        ],
        "Revenue grew by 12%. [1] Costs fell. [1] The outlook is good. [2]",
    ),
    (
        "What notice does my contract ask for?",
        [
            (
                "rag_retrieval",
                {"query": "What notice does my contract ask for"},
                "[1] contract.pdf, p. 3\nPayments are due within 14 days.\n"
                "[2] contract.pdf, p. 5\nThe term is two years. Either party may leave with a notice of 30 days.",
            )
        ],
        "Either party may leave with a notice of 30 days. [2]",
    ),
    (
        "What notice does my contract ask for?",
        [
            (
                "rag_retrieval",
                {"query": "What notice does my contract ask for"},
                "No passages found.",
            )
        ],
        "This was not found in your documents: What notice does my contract ask for?",
    ),
    (
        "What does my lease say about parking?",
        [
            (
                "rag_retrieval",
                {"query": "What does my lease say about parking"},
                "[1] lease.pdf, p. 1\nThe rent is 900 euros. Pets need consent.",
            )
        ],
        "I found no direct answer in your documents to “What does my lease say about parking?”. The closest passage "
        "says: The rent is 900 euros. [1] Pets need consent. [1]",
    ),
    (
        "Which of my documents mention revenue?",
        [
            (
                "rag_retrieval",
                {"query": "revenue"},
                "Note: searched by words alone.\n[1] Report - 2023.pdf, p. 3 (Figures)\nRevenue rose.\n\n[2] plan.txt\nRevenue falls.",
            )
        ],
        "Report - 2023.pdf, p. 3 (Figures) [1]; plan.txt [2]",
    ),
    (
        "How much did revenue rise according to the report?",
        [
            (
                "rag_retrieval",
                {"query": "How much did revenue rise according to the report"},
                "Note: 2 of the user's documents are still being read.\n[1] report.pdf, p. 2\nAnnual report 2023\n"
                "Revenue grew by 12 percent. Costs fell by 3 percent.",
            )
        ],
        "Revenue grew by 12 percent. [1]",
    ),
    *(
        (
            "What notice does my contract ask for?",
            [("rag_retrieval", {"query": "What notice does my contract ask for"}, told)],
            answer,
        )
        for told, answer in DOCUMENT_WORDS
    ),
    (
        "What is the mean of 3, 5 and 10?",
        [("data_analysis", {"data": "3, 5, 10"}, "count: 3\nmean: 6\nmedian: 5\nmin: 3\nmax: 10")],
        "mean: 6",
    ),
    (
        "Run this:\n```python\nprint(1+1)\n```",
        [("python_code", {"code": "print(1+1)"}, "stdout:\n2")],
        "```\n2\n```",
    ),
    (
        "What is the weather in Oslo?",
        [("weather", {"place": "Oslo"}, '{"temperature": 4, "unit": "C"}')],
        "temperature: 4, unit: C",
    ),
    (
        "What is the weather in Oslo?",
        [
            ("weather", {"place": "Oslo"}, "Error: no place is called Oslo"),
            ("web_search", {"query": "Oslo"}, "Error: no key is set"),
        ],
        "The tool weather could not answer: no place is called Oslo\nThe tool web_search could not answer: no key is set",
    ),
    (
        "What is 12 * 7 and what is the weather in Paris?",
        [
            ("weather", {"place": "Paris"}, "Paris: 14 °C, light rain."),
            ("math_calc", {"expression": "12 * 7"}, "12*7 = 84"),
        ],
        "12*7 = 84\n\nParis: 14 °C, light rain.",
    ),
    (
        "What is 2 * 3?",
        [("math_calc", {"expression": "2 * 3"}, "Error: the calculator is off")],
        "2 * 3 = 6 (The tool math_calc could not answer: the calculator is off)",
    ),
]


@pytest.mark.parametrize(("question", "results", "answer"), ANSWERS)
async def test_results_become_an_answer_with_their_markers(
    question: str, results: list[tuple[str, dict, str]], answer: str
) -> None:
    """Whole answers are compared; nothing stands in them that the results do not say."""
    heard = await ask(question, *results, tools=SERVER)
    assert (heard.text, heard.calls, heard.finish) == (answer, [], "stop")


async def test_results_are_answered_from_when_no_tool_is_offered_any_more() -> None:
    """The last round of a loop comes without tools, with an instruction behind the results."""
    messages = [
        {"role": "user", "content": "How tall is the Eiffel Tower?"},
        {"role": "assistant", "tool_calls": [{"function": {"name": "lookup", "arguments": "{}"}}]},
        {"role": "tool", "content": TOWER},
        {"role": "user", "content": "Answer now with what you have."},
    ]
    assert (await hear(messages)).text == "The tower is 330 metres tall. [1]"


CHAT: list[tuple[str, str]] = [
    ("hola", "¡Hola! ¿En qué puedo ayudarte?"),
    ("Guten Tag!", "Hallo! Wie kann ich helfen?"),
    ("Thanks!", "You are welcome!"),
    ("What is 2+2*3?", "2+2*3 = 8"),
    ("10/3", "10/3 ≈ 3.33333333333"),
    ("Repeat after me: hello world", "hello world"),
    ("Reply with exactly: pong", "pong"),
    ('Say "good day" and nothing else', "good day"),
    ("What day is it today?", "Today is Friday, 15 January 2027 (UTC)."),
    ("Anna has a red car. Bob has a blue bike. What does Bob have?", "Bob has a blue bike."),
    (
        "Who signed it?\nThe treaty was drafted in May by clerks. Anna Keller signed it in Bern.",
        "Anna Keller signed it in Bern.",
    ),
    (
        "Summarise in one sentence:\nThe cat and the dog met. It rained. Later the cat slept.",
        "The cat and the dog met.",
    ),
]


@pytest.mark.parametrize(("question", "answer"), CHAT)
async def test_chat_without_tools_answers_what_needs_no_knowledge(
    question: str, answer: str
) -> None:
    """Small talk, sums, echoes, the date, and texts given with the question."""
    assert (await ask(question)).text == answer


@pytest.mark.parametrize(
    "question", ["Who are you?", "What is the capital of Peru?", "Write a poem", ""]
)
async def test_it_says_what_it_is_and_never_makes_something_up(question: str) -> None:
    """The mend is named in the words one has to type."""
    text = (await ask(question)).text
    assert "I am the built-in model: no language model is connected." in text
    assert "`ollama serve`" in text


async def test_earlier_messages_and_given_texts_are_quoted() -> None:
    """Facts of the conversation are used, with and without tools; instructions are not facts."""
    told = [
        {"role": "user", "content": "My name is Ana and I live in Lyon."},
        {"role": "assistant", "content": "Noted."},
        {"role": "user", "content": "What is my name?"},
    ]
    given = [
        {"role": "system", "content": "You are helpful.\n\nThe office opens at 9 am on weekdays."},
        {"role": "user", "content": "When does the office open?"},
    ]
    assert (await hear(told)).text == "You said: “My name is Ana and I live in Lyon.”"
    assert (await hear(told, tools=SERVER)).text == "You said: “My name is Ana and I live in Lyon.”"
    assert (await hear(given)).text == "The office opens at 9 am on weekdays."
