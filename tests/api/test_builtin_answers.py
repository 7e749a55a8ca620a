"""What the built-in model answers a newcomer through the whole server, with the real tools."""

from __future__ import annotations

import json

import httpx
import pytest

CHAT = "/v1/chat/completions"
SALES = "name,amount\nann,3\nbob,4\nann,5\n\n"
PEOPLE = "name,age\nAnn,31\nBob,25\nCid,47\n\n"
NESTED = (
    '{"shop": {"items": [{"cat": "x", "net": 3}, {"cat": "y", "net": 5}, {"cat": "x", "net": 9}]}}'
)

ANSWERS = [
    ("What is 17*23?", "17 * 23 = 391"),
    ("what is seventeen times twenty-three?", "17 * 23 = 391"),
    ("5!", "factorial(5) = 120"),
    ("What is 15% of 80?", "15/100 * 80 = 12"),
    ("25 is what percent of 200?", "12.5%"),
    ("convert 5 km/h to m/s", "5 km/h in m/s = 25/18 m/s"),
    ("100 m2 to square feet", "1076.39"),
    ("5 feet 10 inches in cm", "177.8 cm"),
    ("Convert 100 fahrenheit to celsius", "37.7777777777778 °C"),
    ("convert 255 to hex", "0xff"),
    ("Solve x^2 - 5x + 6 = 0", "x = 2 or x = 3"),
    ("solve the system x+y=10 and x-y=2", "x = 6, y = 4"),
    ("What is the derivative of x^3 at 2?", "= 12"),
    ("second derivative of x^4", "12*x^2"),
    ("limit of sin(x)/x as x->0", "= 1"),
    ("determinant of [[1,2],[3,4]]", "= -2"),
    ("mean and median of 3, 5, 8, 13", "The mean is 7.25 and the median is 6.5."),
    ("Here are my numbers: 12, 15, 9, 22. What is the median?", "The median is 13.5."),
    (f"{SALES}What is the sum of amount per name?", "Sum of amount per name: ann 8, bob 4."),
    (f"{PEOPLE}How many people are older than 30?", "The count is 2."),
    (f"{PEOPLE}Who is the oldest?", "name: Cid, age: 47"),
    (f"{NESTED}\nWhat is the mean of net by cat?", "x 6, y 5."),
    ("What is the weather in Brackwater, Oregon?", "light rain, 7.5°C"),
    ("When was Lunden Harbour opened?", "It was opened in 1872. [1]"),
    ("search the web for tide tables", "High water at noon. [1]"),
    ("what is 10 divided by 0?", "The tool math_calc could not answer: division by zero."),
    ("What is 5+5 and 6*7 and 100/4?", "5 + 5 = 10\n\n6 * 7 = 42\n\n100/4 = 25"),
    ("what is e^2", "7.389"),
    ("hello", "Hello! How can I help you?"),
    ("write a poem about spring", "I cannot answer this by myself."),
]
IN_EVERY_MODE = [
    (f"{SALES}What is the sum of amount per name?", ["ann 8, bob 4"]),
    ("What is 3*4 and when was Lunden Harbour opened?", ["3 * 4 = 12", "It was opened in 1872."]),
    ("What is 3*4 and what is 1/0?", ["3 * 4 = 12", "division by zero"]),
]
FOLLOW_UPS = [
    ("What is 12*12?", "divide that by 4", "144/4 = 36"),
    ("What is 15% of 80?", "and 20%?", "20/100 * 80 = 16"),
    ("What is the weather in Évreville?", "and in Brackwater?", "Weather for Brackwater"),
    ("What is Lunden Harbour?", "When was it opened?", "It was opened in 1872."),
]


async def said(http: httpx.AsyncClient, messages: list[dict], model: str = "builtin") -> str:
    """Ask, and give the answer's text."""
    answer = await http.post(CHAT, json={"model": model, "messages": messages})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["choices"][0]["message"]["content"])


async def streamed(http: httpx.AsyncClient, messages: list[dict]) -> str:
    """Ask for a stream, and put the answer's pieces together."""
    body = {"model": "builtin", "messages": messages, "stream": True}
    answer = await http.post(CHAT, json=body)
    frames = [line[6:] for line in answer.text.splitlines() if line.startswith("data: {")]
    choices = [choice for frame in frames for choice in json.loads(frame)["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


@pytest.mark.parametrize(("question", "answer"), ANSWERS)
async def test_a_newcomers_question_is_answered_whole_and_streamed_alike(
    http: httpx.AsyncClient, question: str, answer: str
) -> None:
    """The essential words stand in the answer, nothing meant for a model does."""
    messages = [{"role": "user", "content": question}]
    whole = await said(http, messages)
    assert answer in whole
    assert "Example of a correct call" not in whole
    assert await streamed(http, messages) == whole


@pytest.mark.parametrize("mode", ["", "@react", "@plan"])
@pytest.mark.parametrize(("question", "answers"), IN_EVERY_MODE)
async def test_every_way_of_using_tools_answers_every_part(
    http: httpx.AsyncClient, mode: str, question: str, answers: list[str]
) -> None:
    """A part that fails is told beside the parts that did not."""
    whole = await said(http, [{"role": "user", "content": question}], f"builtin{mode}")
    assert [answer for answer in answers if answer not in whole] == []


@pytest.mark.parametrize(("first", "then", "answer"), FOLLOW_UPS)
async def test_a_follow_up_is_completed_from_the_turn_before(
    http: httpx.AsyncClient, first: str, then: str, answer: str
) -> None:
    """What a short question leaves out is what the one before it had."""
    messages = [{"role": "user", "content": first}]
    told = await said(http, messages)
    messages += [{"role": "assistant", "content": told}, {"role": "user", "content": then}]
    assert answer in await said(http, messages)


async def test_chat_mode_works_out_sums_and_pasted_figures_without_tools(
    http: httpx.AsyncClient,
) -> None:
    """No tool is called, so what is answered is the model's own arithmetic."""
    asked = ["What is 12*12?", "cube root of 27", f"{SALES}What is the total amount?"]
    answers = [
        await said(http, [{"role": "user", "content": question}], "builtin@chat")
        for question in asked
    ]
    assert answers == ["12*12 = 144", "27^(1/3) = 3", "The sum of amount is 12."]
