"""The built-in model with tools: which calls a question becomes."""

from __future__ import annotations

import pytest

from backend.agent import prompts
from backend.kit.clocks import SteppedClock
from backend.llm.builtin import BuiltinProvider
from backend.ports.models import ModelRequest
from tests.fakes.builtin_asking import (
    CALCULATOR,
    CLIENT,
    DATA_ASKED,
    DUNE,
    FRANCE,
    ICELAND,
    LOOK,
    MATH,
    SERVER,
    TEXT,
    Call,
    ask,
    hear,
    spec,
)

SERVER_CALLS: list[tuple[str, list[Call]]] = [
    ("What is 12 * 7?", [("math_calc", {"expression": "12 * 7"})]),
    ("what's 15% of 80", [("math_calc", {"expression": "15 / 100 * 80"})]),
    ("Wie viel ist 3 + 4?", [("math_calc", {"expression": "3 + 4"})]),
    ("Solve x^2 - 4 = 0 for x", [("math_calc", {"expression": "x^2 - 4 = 0"})]),
    ("Convert 5 km to miles", [("math_calc", {"expression": "5 km to miles"})]),
    (
        "What is 12 * 7 and what is the weather in Paris?",
        [("math_calc", {"expression": "12 * 7"}), ("weather", {"place": "Paris"})],
    ),
    (
        "What is the weather in Paris and Berlin tomorrow?",
        [("weather", {"place": "Paris"}), ("weather", {"place": "Berlin"})],
    ),
    ("weather in san francisco today", [("weather", {"place": "san francisco"})]),
    (
        "What is the temperature in Boston in fahrenheit?",
        [("weather", {"place": "Boston", "units": "imperial"})],
    ),
    ("Will it rain in New York tomorrow?", [("weather", {"place": "New York"})]),
    ("When was Marie Curie born?", [("wikipedia", {"query": "Marie Curie"})]),
    ("Tell me about the Eiffel Tower", [("wikipedia", {"query": "Eiffel Tower"})]),
    ("What is photosynthesis?", [("wikipedia", {"query": "photosynthesis"})]),
    ("search wikipedia for Alan Turing", [("wikipedia", {"query": "Alan Turing"})]),
    (
        "Compare the populations of France and Germany",
        [("wikipedia", {"query": "France"}), ("wikipedia", {"query": "Germany"})],
    ),
    (
        "Which is older, Hadrian's Wall or Stonehenge?",
        [("wikipedia", {"query": "Hadrian's Wall"}), ("wikipedia", {"query": "Stonehenge"})],
    ),
    (
        "Who wrote Romeo and Juliet?",
        [("wikipedia", {"query": "wrote Romeo and Juliet"})],
    ),
    (
        "What is 2 + 3? Give me the final answer.",
        [("math_calc", {"expression": "2 + 3"})],
    ),
    (
        "What is the latest news about Mars?",
        [("web_search", {"query": "What is the latest news about Mars"})],
    ),
    (
        "What does my report say about revenue in 2023?",
        [("rag_retrieval", {"query": "What does my report say about revenue in 2023"})],
    ),
    (
        "What does lease.pdf say about pets?",
        [("rag_retrieval", {"query": "What does lease.pdf say about pets"})],
    ),
    ("Which of my documents mention revenue?", [("rag_retrieval", {"query": "revenue"})]),
    (
        "Was steht im Arbeitsvertrag zur Probezeit?",
        [("rag_retrieval", {"query": "Was steht im Arbeitsvertrag zur Probezeit"})],
    ),
    (
        "According to the lease, who pays for repairs?",
        [("rag_retrieval", {"query": "According to the lease, who pays for repairs"})],
    ),
    (
        "Compare the notice period in the lease and in the employment contract",
        [
            ("rag_retrieval", {"query": "What is the notice period in the lease"}),
            ("rag_retrieval", {"query": "What is the notice period in the employment contract"}),
        ],
    ),
    ("What is the refund policy?", [("rag_retrieval", {"query": "What is the refund policy"})]),
    ("What is the mean of 3, 5 and 10?", [("data_analysis", {"data": "3, 5, 10"})]),
    (
        "What is the average price?\nname,price\na,3\nb,5",
        [("data_analysis", {"data": "name,price\na,3\nb,5"})],
    ),
    (
        'Median of the ages: [{"age": 3}, {"age": 8}]',
        [("data_analysis", {"data": '[{"age": 3}, {"age": 8}]'})],
    ),
    ("Run this:\n```python\nprint(1+1)\n```", [("python_code", {"code": "print(1+1)"})]),
    (
        "How many rows?\n```sql\nselect count(*) from t\n```",
        [("sql_query", {"sql": "select count(*) from t"})],
    ),
    (
        "Summarise https://example.com/page for me",
        [("web_fetch", {"url": "https://example.com/page"})],
    ),
    ("What is the population of Iceland divided by 3?", [("wikipedia", {"query": "Iceland"})]),
    ("Hello!", []),
    ("How are you?", []),
    ("Write a poem about Paris", []),
]


@pytest.mark.parametrize(("question", "calls"), SERVER_CALLS)
async def test_a_question_becomes_the_calls_it_needs(question: str, calls: list[Call]) -> None:
    """Names and arguments are compared whole, and the end names the reason."""
    heard = await ask(question, tools=SERVER)
    assert (heard.calls, heard.finish) == (calls, "tool_calls" if calls else "stop")


CLIENT_CALLS: list[tuple[str, list[Call]]] = [
    ("What is the stock price of AAPL?", [("get_stock_price", {"symbol": "AAPL"})]),
    (
        "What is the stock price of AAPL and MSFT?",
        [("get_stock_price", {"symbol": "AAPL"}), ("get_stock_price", {"symbol": "MSFT"})],
    ),
    (
        'Send an email to bob@example.com saying "see you at noon"',
        [("send_email", {"to": "bob@example.com", "body": "see you at noon"})],
    ),
    (
        "Find flights from Berlin to Paris on 2025-03-04",
        [("search_flights", {"origin": "Berlin", "destination": "Paris", "date": "2025-03-04"})],
    ),
    ("Look up user 4711", [("get_user", {"user_id": 4711})]),
    ("Set a timer for 10 minutes", [("set_timer", {"minutes": 10})]),
    (
        "Translate 'good morning' to German",
        [("translate_text", {"text": "good morning", "target_language": "German"})],
    ),
    (
        "What is the weather in Boston in fahrenheit?",
        [("get_current_weather", {"location": "Boston", "unit": "fahrenheit"})],
    ),
    (
        "What's the weather like in San Francisco, Tokyo, and Paris?",
        [
            ("get_current_weather", {"location": "San Francisco"}),
            ("get_current_weather", {"location": "Tokyo"}),
            ("get_current_weather", {"location": "Paris"}),
        ],
    ),
    ("What is 3 + 5?", [("add", {"a": 3, "b": 5})]),
    (
        "Add 3 and 5 and multiply 4 by 6",
        [("add", {"a": 3, "b": 5}), ("multiply", {"a": 4, "b": 6})],
    ),
    (
        "Create a high priority task titled Buy milk",
        [("create_task", {"title": "Buy milk", "priority": "high"})],
    ),
    ("Send an email", []),
    ("Find flights to Paris", []),
]


@pytest.mark.parametrize(("question", "calls"), CLIENT_CALLS)
async def test_tools_of_any_name_are_matched_and_filled_by_type(
    question: str, calls: list[Call]
) -> None:
    """A tool whose required parameters cannot be filled is not called."""
    assert (await ask(question, tools=CLIENT)).calls == calls


async def test_renamed_tools_are_known_by_description_and_parameters() -> None:
    """A calculator and a document search keep working under other names."""
    tools = [CALCULATOR, LOOK]
    assert (await ask("What is 6 * 7?", tools=tools)).calls == [
        ("calculator", {"formula": "6 * 7"})
    ]
    asked = await ask("What does my contract say about notice?", tools=tools)
    assert asked.calls == [("ask_library", {"question": "What does my contract say about notice"})]


async def test_tool_choice_none_forbids_and_required_and_named_demand() -> None:
    """The choice binds, best-effort arguments included."""
    named = {"type": "function", "function": {"name": "get_user"}}
    assert (await ask("What is 3 + 5?", tools=CLIENT, tool_choice="none")).text == "3 + 5 = 8"
    assert (await ask("hello", tools=CLIENT, tool_choice=named)).calls == [
        ("get_user", {"user_id": 0})
    ]
    assert (await ask("user 12", tools=CLIENT, tool_choice=named)).calls == [
        ("get_user", {"user_id": 12})
    ]
    assert (await ask("hello", tools=[MATH], tool_choice="required")).calls == [
        ("math_calc", {"expression": "hello"})
    ]


async def test_each_call_has_an_id_of_its_own() -> None:
    """Ids are minted like every other id of the server."""
    provider = BuiltinProvider(SteppedClock())
    messages = [{"role": "user", "content": "What is 1 + 1 and what is 2 + 2?"}]
    request = ModelRequest(model="builtin", messages=messages, tools=[MATH])
    calls = [call async for delta in provider.stream(request) for call in delta.tool_calls]
    assert len({call["id"] for call in calls}) == 2
    assert all(call["id"].startswith("call_") for call in calls)


CHAINS: list[tuple[str, list[tuple[str, dict, str]], list[Call]]] = [
    (
        "What is the population of Iceland divided by 3?",
        [("wikipedia", {"query": "Iceland"}, ICELAND)],
        [("math_calc", {"expression": "393600 / 3"})],
    ),
    (
        "What is the difference between the population of France and the population of Iceland?",
        [("wikipedia", {"query": "France"}, FRANCE), ("wikipedia", {"query": "Iceland"}, ICELAND)],
        [("math_calc", {"expression": "68600000 - 393600"})],
    ),
    (
        "Calculate 15% of 240, then subtract 6 from the result.",
        [("math_calc", {"expression": "15 / 100 * 240"}, "15/100*240 = 36")],
        [("math_calc", {"expression": "36 - 6"})],
    ),
    (
        "What is the weather in the capital of France?",
        [("wikipedia", {"query": "France"}, FRANCE)],
        [("weather", {"place": "Paris"})],
    ),
    (
        "Who wrote Dune and when was he born?",
        [("wikipedia", {"query": "Dune"}, DUNE)],
        [("wikipedia", {"query": "Frank Herbert"})],
    ),
    (
        "Who wrote Dune?",
        [("wikipedia", {"query": "Dune"}, '"Dune" can mean several articles [1]:\n- Dune (novel)\n- Dune (film)')],
        [("wikipedia", {"query": "Dune (novel)"})],
    ),
    (
        "When was Marie Curie born?",
        [("wikipedia", {"query": "Marie Curie"}, "Error: no such article. Similar titles: Marie Skłodowska Curie.")],
        [("wikipedia", {"query": "Marie Skłodowska Curie"})],
    ),
    (
        "When was Marie Curie born?",
        [("wikipedia", {"query": "Marie Curie"}, "Error: Wikipedia cannot be read now.")],
        [("web_search", {"query": "When was Marie Curie born"})],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("question", "results", "calls"), CHAINS)
async def test_a_result_leads_to_the_next_call(
    question: str, results: list[tuple[str, dict, str]], calls: list[Call]
) -> None:
    """Numbers and names found are put into the next call, which is never one already made."""
    assert (await ask(question, *results, tools=SERVER)).calls == calls


async def test_a_data_call_that_failed_is_made_once_more_without_its_question() -> None:
    """The whole table answers then; when that fails too, what a person can read is said."""
    question = "name,amount\nann,3\nbob,4\n\nWhat is the sum of amount per name?"
    data = "name,amount\nann,3\nbob,4"
    heard = await ask(question, tools=[DATA_ASKED])
    asked = {"group_by": ["name"], "aggregates": ["sum(amount)"], "data": data}
    assert heard.calls == [("data_analysis", asked)]
    failed = ("data_analysis", asked, "Error: no such column. Examples: 1, 2")
    again = await ask(question, failed, tools=[DATA_ASKED])
    assert again.calls == [("data_analysis", {"data": data})]
    last = ("data_analysis", {"data": data}, "Error: unreadable. Examples: 1, 2")
    told = await ask(question, failed, last, tools=[DATA_ASKED])
    assert (told.calls, told.text) == ([], "The tool data_analysis could not answer: unreadable.")


async def test_a_sum_that_was_not_understood_is_tried_in_the_users_words() -> None:
    """A tool that says the sum cannot be done is not asked again."""
    question = "integrate x^2 from 0 to 3"
    asked = {"expression": "integrate(x^2, (x, 0, 3))"}
    misread = ("math_calc", asked, "Error: Not understood: x. Example of a correct call: {}")
    again = await ask(question, misread, tools=[MATH])
    assert again.calls == [("math_calc", {"expression": question})]
    final = ("math_calc", asked, "Error: this cannot be done: Cannot compute this: it diverges.")
    told = await ask(question, final, tools=[MATH])
    assert (told.calls, told.text) == ([], "The tool math_calc could not answer: it diverges.")


async def test_a_file_that_is_named_is_searched_alone() -> None:
    """Where the tool takes files."""
    files = spec("rag_retrieval", "Searches.", {"query": TEXT, "files": {"type": "array", "items": TEXT}}, ["query"])  # fmt: skip
    heard = await ask("What does lease.pdf say about pets?", tools=[files])
    assert heard.calls == [
        ("rag_retrieval", {"query": "What does lease.pdf say about pets", "files": ["lease.pdf"]})
    ]


@pytest.mark.parametrize(("told", "first"), [(True, "rag_retrieval"), (False, "wikipedia")])
async def test_own_documents_come_first_where_an_instruction_says_so(
    *, told: bool, first: str
) -> None:
    """The server found that they speak of the question."""
    system = prompts.with_documents(prompts.REACT, about_documents=told)
    messages = [
        {"role": "system", "content": system},
        {"role": "user", "content": "Who is Anna Keller?"},
    ]
    assert [name for name, _ in (await hear(messages, tools=SERVER)).calls] == [first]
