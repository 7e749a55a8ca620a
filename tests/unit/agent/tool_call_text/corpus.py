"""The replies that the tests of this folder read: every one written for them.

A case is (reply, expected calls, expected prose). Not for tests themselves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

TOOLS: Mapping[str, Sequence[str]] = {
    "get_weather": ("city", "unit", "days"),
    "search": ("query",),
    "math.factorial": ("n",),
    "sendEmail": ("to", "subject", "body"),
    "plan-route": ("stops", "options"),
    "run_code": ("code", "verbose"),
}

Calls = list[tuple[str, dict[str, object]]]


@dataclass(frozen=True, slots=True)
class Case:
    reply: str
    calls: Calls
    text: str = ""


OSLO: Calls = [("get_weather", {"city": "Oslo"})]
OSLO_C: Calls = [("get_weather", {"city": "Oslo", "unit": "C"})]
OWLS: Calls = [("search", {"query": "barn owls"})]
BOTH: Calls = OSLO + OWLS
OSLO_JSON = '{"name": "get_weather", "arguments": {"city": "Oslo"}}'
OWLS_JSON = '{"name": "search", "arguments": {"query": "barn owls"}}'

JSON_CASES = [
    Case(OSLO_JSON, OSLO),
    Case(f"[{OSLO_JSON}]", OSLO),
    Case(f"[{OSLO_JSON}, {OWLS_JSON}]", BOTH),
    Case(f"{OSLO_JSON}\n{OWLS_JSON}", BOTH),
    Case(f"{OSLO_JSON}{OWLS_JSON}", BOTH),
    Case(f"{OSLO_JSON};{OWLS_JSON}", BOTH),
    Case(f"{OSLO_JSON}, {OWLS_JSON}", BOTH),
    Case(f"I will look it up.\n\n{OSLO_JSON}", OSLO, "I will look it up."),
    Case(f"{OSLO_JSON}\n\nThat should do.", OSLO, "That should do."),
    Case(f"Let me see: {OSLO_JSON} and then go on.", OSLO, "Let me see: and then go on."),
    Case('{"name": "get_weather", "parameters": {"city": "Oslo"}}', OSLO),
    Case('{"function": {"name": "get_weather", "arguments": {"city": "Oslo"}}}', OSLO),
    Case(
        '{"type": "function", "function": {"name": "search", "arguments": "{\\"query\\": \\"barn owls\\"}"}}',
        OWLS,
    ),
    Case(
        '{"id": "c1", "type": "function", "function": {"name": "search", "arguments": {"query": "barn owls"}}}',
        OWLS,
    ),
    Case('{"function": "search", "arguments": {"query": "barn owls"}}', OWLS),
    Case('{"function_name": "search", "args": {"query": "barn owls"}}', OWLS),
    Case('{"tool": "search", "args": {"query": "barn owls"}}', OWLS),
    Case('{"tool": "search", "input": {"query": "barn owls"}}', OWLS),
    Case('{"tool": "search", "input": "barn owls"}', OWLS),
    Case('{"tool": "search", "tool_input": {"query": "barn owls"}}', OWLS),
    Case('{"tool_name": "search", "params": {"query": "barn owls"}}', OWLS),
    Case('{"action": "search", "action_input": "barn owls"}', OWLS),
    Case('{"action": "search", "action_input": {"query": "barn owls"}}', OWLS),
    Case(
        '{"thought": "owls", "action": {"name": "search", "arguments": {"query": "barn owls"}}}',
        OWLS,
    ),
    Case(f'{{"tool_calls": [{OSLO_JSON}, {OWLS_JSON}]}}', BOTH),
    Case(f'{{"thought": "both", "tool_calls": [{OSLO_JSON}]}}', OSLO),
    Case(f'{{"tool_call": {OSLO_JSON}}}', OSLO),
    Case(f'{{"function_call": {OSLO_JSON}}}', OSLO),
    Case('{"search": {"query": "barn owls"}}', OWLS),
    Case('[{"get_weather": {"city": "Oslo"}}, {"search": {"query": "barn owls"}}]', BOTH),
    Case('[{"get_weather": "{\\"city\\": \\"Oslo\\"}"}]', OSLO),
    Case('{"get_weather": {"city": "Oslo"}, "search": {"query": "barn owls"}}', BOTH),
    Case(
        '{"tool_uses": [{"recipient_name": "functions.search", "parameters": {"query": "barn owls"}}]}',
        OWLS,
    ),
    Case(
        '{"name": "multi_tool_use.parallel", "arguments": {"tool_uses": [{"recipient_name": "functions.search", "parameters": {"query": "barn owls"}}]}}',
        OWLS,
    ),
    Case('{"name": "search", "arguments": "{\\"query\\": \\"barn owls\\"}"}', OWLS),
    Case(
        '{"name": "search", "arguments": "\\"{\\\\\\"query\\\\\\": \\\\\\"barn owls\\\\\\"}\\""}',
        OWLS,
    ),
    Case('{"name": "search", "query": "barn owls"}', OWLS),
    Case('{"name": "get_weather", "arguments": ["Oslo", "C"]}', OSLO_C),
    Case(
        '{"name": "get_weather", "arguments": {"city": "Oslo", "days": 3, "unit": "5"}}',
        [("get_weather", {"city": "Oslo", "days": 3, "unit": "5"})],
    ),
    Case('{"name": "get_weather", "arguments": {}}', [("get_weather", {})]),
    Case('{"name": "get_weather", "arguments": null}', [("get_weather", {})]),
    Case('{"name": "get_weather", "arguments": ""}', [("get_weather", {})]),
    Case('"[{\\"name\\": \\"search\\", \\"arguments\\": {\\"query\\": \\"barn owls\\"}}]"', OWLS),
    Case('{"Name": "search", "Arguments": {"query": "barn owls"}}', OWLS),
    Case('{"arguments": {"query": "barn owls"}, "name": "search"}', OWLS),
    Case('{"command": "search", "args": {"query": "barn owls"}}', OWLS),
    Case(
        '{"thoughts": {"text": "x"}, "command": {"name": "search", "args": {"query": "barn owls"}}}',
        OWLS,
    ),
    Case('{"name": "search_tool", "arguments": {"query": "barn owls"}}', OWLS),
    Case('{"name": "search", "arguments": [{"name": "query", "value": "barn owls"}]}', OWLS),
    Case('{"response": {"name": "search", "arguments": {"query": "barn owls"}}}', OWLS),
]

DIRTY_JSON_CASES = [
    Case("{'name': 'search', 'arguments': {'query': 'barn owls'}}", OWLS),
    Case(
        "{'name': 'run_code', 'arguments': {'code': 'x = 1', 'verbose': True}}",
        [("run_code", {"code": "x = 1", "verbose": True})],
    ),
    Case(
        "{'name': 'run_code', 'arguments': {'code': None, 'verbose': False}}",
        [("run_code", {"code": None, "verbose": False})],
    ),
    Case(
        "{'name': 'search', 'arguments': {'query': 'the owl's nest'}}",
        [("search", {"query": "the owl's nest"})],
    ),
    Case('{"name": "search", "arguments": {"query": "barn owls",},}', OWLS),
    Case('[{"name": "search", "arguments": {"query": "barn owls"}},]', OWLS),
    Case('{"name": "get_weather" "arguments": {"city": "Oslo" "unit": "C"}}', OSLO_C),
    Case('{"name": "get_weather",\n "arguments": {"city": "Oslo"\n "unit": "C"}}', OSLO_C),
    Case('{name: "search", arguments: {query: "barn owls"}}', OWLS),
    Case("{name: search, arguments: {query: barn owls}}", OWLS),
    Case("{“name”: “search”, “arguments”: {“query”: “barn owls”}}", OWLS),
    Case("{‘name’: ‘search’, ‘arguments’: {‘query’: ‘barn owls’}}", OWLS),
    Case('{"name": "search", // the tool\n "arguments": {"query": "barn owls"} /* done */}', OWLS),
    Case('{"name": "search", # the tool\n "arguments": {"query": "barn owls"}}', OWLS),
    Case(
        '{"name": "run_code", "arguments": {"code": "a\nb\tc"}}',
        [("run_code", {"code": "a\nb\tc"})],
    ),
    Case(
        '{"name": "search", "arguments": {"query": "the "barn" owls"}}',
        [("search", {"query": 'the "barn" owls'})],
    ),
    Case(
        '{"name": "run_code", "arguments": {"code": "print("hi")", "verbose": true}}',
        [("run_code", {"code": 'print("hi")', "verbose": True})],
    ),
    Case('{{"name": "search", "arguments": {{"query": "barn owls"}}}}', OWLS),
    Case('{"name": "search", "arguments": {"query": "barn owls"}}}', OWLS),
    Case('[{"name": "search", "arguments": {"query": "barn owls"}}]]', OWLS),
    Case('{"name": "search", "arguments": {"query": "barn owls"}', OWLS),
    Case('[{"name": "search", "arguments": {"query": "barn owls"}}', OWLS),
    Case('[{"name": "search", "arguments": {"query": "barn owls"}]', OWLS),
    Case(
        "{&quot;name&quot;: &quot;search&quot;, &quot;arguments&quot;: {&quot;query&quot;: &quot;barn owls&quot;}}",
        OWLS,
    ),
    Case('{\\"name\\": \\"search\\", \\"arguments\\": {\\"query\\": \\"barn owls\\"}}', OWLS),
    Case('\ufeff{"name": "search", "arguments": {"query": "barn owls"}}', OWLS),
    Case('{\u200b"name": "search",\u200b "arguments": {"query": "barn owls"}}', OWLS),
    Case('{"name": "get\\_weather", "arguments": {"city": "Oslo"}}', OSLO),
    Case(
        '{"name": "run\\_code", "arguments": {"verbose": tru}}', [("run_code", {"verbose": "tru"})]
    ),
    Case(
        '{"name": "get_weather", "arguments": {"city": "Oslo", "days": 1_000}}',
        [("get_weather", {"city": "Oslo", "days": 1000})],
    ),
    Case(
        '{"name": "get_weather", "arguments": {"days": 10e3}}', [("get_weather", {"days": 10000.0})]
    ),
    Case('{"name": "get_weather", "arguments": {"days": 5.}}', [("get_weather", {"days": 5.0})]),
    Case('{"name": "get_weather", "arguments": {"days": .5}}', [("get_weather", {"days": 0.5})]),
    Case('{"name": "get_weather", "arguments": {"days": +5}}', [("get_weather", {"days": 5})]),
    Case(
        '{"name": "get_weather", "arguments": {"days": 2025-03-09}}',
        [("get_weather", {"days": "2025-03-09"})],
    ),
    Case(
        '{"name": "get_weather", "arguments": {"days": 3*10**8}}',
        [("get_weather", {"days": 300000000})],
    ),
    Case(
        '{"name": "get_weather", "arguments": {"days": 9**9**9}}',
        [("get_weather", {"days": "9**9**9"})],
    ),
    Case(
        '{"name": "get_weather", "arguments": {"days": Infinity}}',
        [("get_weather", {"days": float("inf")})],
    ),
    Case(
        '{"name": "plan-route", "arguments": {"stops": ("A", "B"), "options": {"x": [1, [2]]}}}',
        [("plan-route", {"stops": ["A", "B"], "options": {"x": [1, [2]]}})],
    ),
    Case(
        '{"name": "plan-route", "arguments": {"stops": ["A" "B"]}}',
        [("plan-route", {"stops": ["A", "B"]})],
    ),
    Case(
        '{"name": "plan-route", "arguments": {"stops": ["A", "B"}}',
        [("plan-route", {"stops": ["A", "B"]})],
    ),
    Case('{"name": "search", "arguments": {"query": """barn owls"""}}', OWLS),
    Case('{"name": "search", "arguments": {"query": "barn" + " owls"}}', OWLS),
    Case(
        '{"name": "search", "arguments": {"query": "snow \\ud83e\\udd89"}}',
        [("search", {"query": "snow \U0001f989"})],
    ),
    Case(
        '{"name": "search", "arguments": {"query": "\\ud83e"}}', [("search", {"query": "\ufffd"})]
    ),
    Case('{"name"="search", "arguments"={"query"="barn owls"}}', OWLS),
    Case('{"name": "search"; "arguments": {"query": "barn owls"}}', OWLS),
    Case('{"name": "search", "arguments": {"query": `barn owls`}}', OWLS),
    Case(
        '{"name": "run_code", "arguments": {"code": "re.sub(r\'\\d+\', x)"}}',
        [("run_code", {"code": "re.sub(r'\\d+', x)"})],
    ),
]

FENCE_CASES = [
    Case(f"```json\n{OSLO_JSON}\n```", OSLO),
    Case(f"```\n{OSLO_JSON}\n```", OSLO),
    Case(f"```json\n{OSLO_JSON}", OSLO),
    Case(f"```json\n{OSLO_JSON}\n{OWLS_JSON}\n```", BOTH),
    Case(f"```json\n[{OSLO_JSON},\n{OWLS_JSON}]\n```", BOTH),
    Case(f"```json\n{OSLO_JSON}\n```\n```json\n{OWLS_JSON}\n```", BOTH),
    Case(f"Here:\n```json\n{OSLO_JSON}\n```\nDone.", OSLO, "Here:\n\nDone."),
    Case(f"```json {OSLO_JSON} ```", OSLO),
    Case(f"```tool_call\n{OSLO_JSON}\n```", OSLO),
    Case(f"```JSON\n{OSLO_JSON}\n```", OSLO),
    Case(f"~~~json\n{OSLO_JSON}\n~~~", OSLO),
    Case('```python\nget_weather(city="Oslo")\n```', OSLO),
    Case('```py\nget_weather(city="Oslo")\nsearch(query="barn owls")\n```', BOTH),
    Case('```python\nresult = get_weather(city="Oslo")\nprint(result)\n```', OSLO),
    Case('```python\nprint(get_weather(city="Oslo"))\n```', OSLO),
    Case('```python\n# look first\nget_weather(city="Oslo")\n```', OSLO),
    Case('```python\nimport tools\nweather = await get_weather(city="Oslo")\n```', OSLO),
    Case('```python\n[get_weather(city="Oslo"), search(query="barn owls")]\n```', BOTH),
    Case('```\nget_weather(city="Oslo")\n```', OSLO),
    Case('```tool_code\nget_weather(city="Oslo")\n```', OSLO),
    Case('```tool_code\nprint(default_api.get_weather(city="Oslo"))\n```', OSLO),
    Case('```tool_code\nx = default_api.get_weather(city="Oslo")\nprint(x)\n```', OSLO),
    Case('```python\nget_weather(\n    city="Oslo",\n    unit="C",\n)\n```', OSLO_C),
    Case('```python\nget_weather(city="Oslo")', OSLO),
    Case('```javascript\nconst w = await get_weather({city: "Oslo"});\n```', OSLO),
    Case(
        '```json\n{"name": "run_code", "arguments": {"code": "```\\nx\\n```"}}\n```',
        [("run_code", {"code": "```\nx\n```"})],
    ),
    Case(f"```xml\n<tool_call>{OSLO_JSON}</tool_call>\n```", OSLO),
    Case("```\nThought: weather\nAction: get_weather\nAction Input: Oslo\n```", OSLO),
]

TAG_CASES = [
    Case(f"<tool_call>\n{OSLO_JSON}\n</tool_call>", OSLO),
    Case(f"<tool_call>{OSLO_JSON}</tool_call><tool_call>{OWLS_JSON}</tool_call>", BOTH),
    Case(f"<tool_call>\n{OSLO_JSON}\n</tool_call>\n<tool_call>\n{OWLS_JSON}\n</tool_call>", BOTH),
    Case(f"<tool_call>\n{OSLO_JSON}\n{OWLS_JSON}\n</tool_call>", BOTH),
    Case(f"<tool_call>[{OSLO_JSON}, {OWLS_JSON}]</tool_call>", BOTH),
    Case(f"<tool_call>{OSLO_JSON}", OSLO),
    Case(f"<tool_call>{OSLO_JSON}<tool_call>{OWLS_JSON}", BOTH),
    Case(f"One moment.\n<tool_call>\n{OSLO_JSON}\n</tool_call>", OSLO, "One moment."),
    Case(f"<tool_call>\nI call this: {OSLO_JSON}\n</tool_call>", OSLO),
    Case(f"<tool_call>\n```json\n{OSLO_JSON}\n```\n</tool_call>", OSLO),
    Case(f"<TOOL_CALL>{OSLO_JSON}</TOOL_CALL>", OSLO),
    Case(f"<TOOLCALL>[{OSLO_JSON}]</TOOLCALL>", OSLO),
    Case('<TOOLCALL>[get_weather(city="Oslo"), search(query="barn owls")]</TOOLCALL>', BOTH),
    Case('<tool_call>get_weather(city="Oslo")</tool_call>', OSLO),
    Case("<tool_call>{'name': 'search', 'arguments': {'query': 'barn owls'}}</tool_call>", OWLS),
    Case(f"<tool_call>{OSLO_JSON}}}</tool_call>", OSLO),
    Case('<tool_call>{"name": "search", "arguments": {"query": "barn owls"}</tool_call>', OWLS),
    Case(
        '<tool_call>{"name": "search", "arguments": {"query": "</tool_call>"}}</tool_call>',
        [("search", {"query": "</tool_call>"})],
    ),
    Case(
        "<tool_call>\n<function=run_code>\n<parameter=code>\nfor x in y:\n    print(x)\n</parameter>\n<parameter=verbose>\ntrue\n</parameter>\n</function>\n</tool_call>",
        [("run_code", {"code": "for x in y:\n    print(x)", "verbose": True})],
    ),
    Case(
        "<function=get_weather>\n<parameter=city>\nOslo\n</parameter>\n<parameter=days>\n3\n</parameter>\n</function>",
        [("get_weather", {"city": "Oslo", "days": 3})],
    ),
    Case("<function=get_weather><parameter=city>Oslo<parameter=unit>C</function>", OSLO_C),
    Case('<function=get_weather>{"city": "Oslo"}</function>', OSLO),
    Case(
        '<function=get_weather>{"city": "Oslo"}</function><function=search>{"query": "barn owls"}</function>',
        BOTH,
    ),
    Case('<function=get_weather>{"city": "Oslo"}', OSLO),
    Case('<function name="get_weather"><param name="city">Oslo</param></function>', OSLO),
    Case(
        '<functions><function name="get_weather"><param name="city" value="Oslo" type="string"/></function></functions>',
        OSLO,
    ),
    Case(f"<function_call> {OSLO_JSON}", OSLO),
    Case(f"<function_call> {OSLO_JSON}\n<function_call> {OWLS_JSON}", BOTH),
    Case(f"<|tool_call|>[{OSLO_JSON}, {OWLS_JSON}]", BOTH),
    Case(f"<|tool_call|>[{OSLO_JSON}]<|/tool_call|>", OSLO),
    Case(f"<|tool_call|>{OSLO_JSON}<|/tool_call|>", OSLO),
    Case(f"[TOOL_CALLS] [{OSLO_JSON}, {OWLS_JSON}]", BOTH),
    Case(f"[TOOL_CALLS][{OSLO_JSON}]</s>", OSLO),
    Case('[TOOL_CALLS]get_weather{"city": "Oslo"}', OSLO),
    Case('[TOOL_CALLS]get_weather{"city": "Oslo"}[TOOL_CALLS]search{"query": "barn owls"}', BOTH),
    Case('[TOOL_CALLS]get_weather[ARGS]{"city": "Oslo"}', OSLO),
    Case('[TOOL_CALLS]get_weather[CALL_ID]a1b2c3d4e[ARGS]{"city": "Oslo"}', OSLO),
    Case('<|python_tag|>{"name": "get_weather", "parameters": {"city": "Oslo"}}', OSLO),
    Case(
        '<|python_tag|>{"name": "get_weather", "parameters": {"city": "Oslo"}}; {"name": "search", "parameters": {"query": "barn owls"}}',
        BOTH,
    ),
    Case('<|python_tag|>get_weather(city="Oslo")<|eom_id|>', OSLO),
    Case(
        "<tool_call>get_weather\n<arg_key>city</arg_key>\n<arg_value>Oslo</arg_value>\n</tool_call>",
        OSLO,
    ),
    Case(
        "<tool_call>get_weather<arg_key>city</arg_key><arg_value>Oslo</arg_value><arg_key>days</arg_key><arg_value>3</arg_value></tool_call>",
        [("get_weather", {"city": "Oslo", "days": 3})],
    ),
    Case("<tool_call>get_weather</tool_call>", [("get_weather", {})]),
    Case(
        '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n{"city": "Oslo"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
        OSLO,
    ),
    Case(
        '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_weather\n```json\n{"city": "Oslo"}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>search\n```json\n{"query": "barn owls"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜><｜end▁of▁sentence｜>',
        BOTH,
    ),
    Case(
        'Looking.<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>get_weather<｜tool▁sep｜>{"city": "Oslo"}<｜tool▁call▁end｜><｜tool▁call▁begin｜>search<｜tool▁sep｜>{"query": "barn owls"}<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
        BOTH,
        "Looking.",
    ),
    Case(
        '<|tool_calls_section_begin|><|tool_call_begin|>functions.get_weather:0<|tool_call_argument_begin|>{"city": "Oslo"}<|tool_call_end|><|tool_call_begin|>functions.search:1<|tool_call_argument_begin|>{"query": "barn owls"}<|tool_call_end|><|tool_calls_section_end|>',
        BOTH,
    ),
    Case(
        '<minimax:tool_call>\n<invoke name="get_weather">\n<parameter name="city">Oslo</parameter>\n</invoke>\n</minimax:tool_call>',
        OSLO,
    ),
    Case(
        '<function_calls>\n<invoke name="get_weather">\n<parameter name="city">Oslo</parameter>\n</invoke>\n<invoke name="search">\n<parameter name="query">barn owls</parameter>\n</invoke>\n</function_calls>',
        BOTH,
    ),
    Case(
        '<invoke name="plan-route"><parameter name="stops">["A", "B"]</parameter></invoke>',
        [("plan-route", {"stops": ["A", "B"]})],
    ),
    Case(
        '<｜DSML｜function_calls>\n<｜DSML｜invoke name="get_weather">\n<｜DSML｜parameter name="unit" string="true">5</｜DSML｜parameter>\n<｜DSML｜parameter name="days" string="false">5</｜DSML｜parameter>\n</｜DSML｜invoke>\n</｜DSML｜function_calls>',
        [("get_weather", {"unit": "5", "days": 5})],
    ),
    Case(
        '<|START_ACTION|>[\n{"tool_call_id": "0", "tool_name": "get_weather", "parameters": {"city": "Oslo"}}\n]<|END_ACTION|>',
        OSLO,
    ),
    Case(
        '<|START_THINKING|>weather first<|END_THINKING|><|START_ACTION|>[{"tool_name": "get_weather", "parameters": {"city": "Oslo"}}]<|END_ACTION|>',
        OSLO,
    ),
    Case(
        '<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{"city": "Oslo"}<|call|>',
        OSLO,
    ),
    Case(
        '<|channel|>analysis<|message|>hmm<|end|><|start|>assistant<|channel|>commentary to=functions.get_weather <|constrain|>json<|message|>{"city": "Oslo"}<|call|>',
        OSLO,
    ),
    Case(
        '<|start|>assistant to=functions.search<|channel|>commentary json<|message|>{"query": "barn owls"}<|call|>',
        OWLS,
    ),
    Case(
        "<|channel|>analysis<|message|>easy<|end|><|start|>assistant<|channel|>final<|message|>It is cold.<|return|>",
        [],
        "It is cold.",
    ),
    Case("functools[" + OSLO_JSON + "]", OSLO),
    Case(
        "<|tool_call_start|>[get_weather(city=\"Oslo\"), search(query='barn owls')]<|tool_call_end|>",
        BOTH,
    ),
    Case(
        '<|tool_call_start|>\n```python\nget_weather(city="Oslo")\nsearch(query="barn owls")\n```\n<|tool_call_end|>',
        BOTH,
    ),
    Case(
        "<start_function_call>call:get_weather{city:<escape>Oslo<escape>}<end_function_call>", OSLO
    ),
    Case(
        '<|tool_call>call:get_weather{city:<|"|>Oslo<|"|>,days:3}<tool_call|>',
        [("get_weather", {"city": "Oslo", "days": 3})],
    ),
    Case(
        '<|action_start|><|plugin|>{"name": "get_weather", "parameters": {"city": "Oslo"}}<|action_end|>',
        OSLO,
    ),
    Case(
        '<tool_use>\n<name>get_weather</name>\n<arguments>{"city": "Oslo"}</arguments>\n</tool_use>',
        OSLO,
    ),
    Case(
        "<tool_call><name>get_weather</name><arguments><city>Oslo</city></arguments></tool_call>",
        OSLO,
    ),
    Case("<get_weather>\n<city>Oslo</city>\n<unit>C</unit>\n</get_weather>", OSLO_C),
    Case(f"&lt;tool_call&gt;{OSLO_JSON.replace(chr(34), '&quot;')}&lt;/tool_call&gt;", OSLO),
    Case(
        "<seed:tool_call>\n<function=get_weather>\n<parameter=city>Oslo</parameter>\n</function>\n</seed:tool_call>",
        OSLO,
    ),
    Case(f"<longcat_tool_call>{OSLO_JSON}</longcat_tool_call>", OSLO),
    Case(f"<tool_calls>[{OSLO_JSON}]</tool_calls>", OSLO),
    Case(f"<tool_call>{OSLO_JSON}</tool_call>\nThe rest.", OSLO, "The rest."),
    Case(
        '<tool_call>{"name": "teleport", "arguments": {"to": "Oslo"}}</tool_call>',
        [("teleport", {"to": "Oslo"})],
    ),
    Case(f"<think>maybe {OWLS_JSON}</think>\n{OSLO_JSON}", OSLO),
    Case(
        f"<think>\nUse <tool_call>{OWLS_JSON}</tool_call>?\n</think>\n\n<tool_call>{OSLO_JSON}</tool_call>",
        OSLO,
    ),
    Case(f"<think>no end\n<tool_call>{OSLO_JSON}</tool_call>", OSLO),
    Case(f"[THINK]{OWLS_JSON}[/THINK]{OSLO_JSON}", OSLO),
    Case(
        f"<tool_call>{OSLO_JSON}</tool_call>\n<tool_response>[search(query='x')]</tool_response>",
        OSLO,
    ),
    Case('<tool name="get_weather">{"city": "Oslo"}</tool>', OSLO),
    Case("<thinking>a</thinking>Fine. <thinking>b</thinking>Good.", [], "Fine. Good."),
]

ORPHAN_THOUGHT_CASES = [
    Case(f"so {OWLS_JSON}\n</think>\n\n{OSLO_JSON}", OSLO),
    Case("I should greet.\n</think>\n\nHello!", [], "Hello!"),
]

CODE_CASES = [
    Case('[get_weather(city="Oslo")]', OSLO),
    Case("[get_weather(city='Oslo'), search(query='barn owls')]", BOTH),
    Case('get_weather(city="Oslo")', OSLO),
    Case('get_weather(city="Oslo"), search(query="barn owls")', BOTH),
    Case('get_weather(city="Oslo"); search(query="barn owls")', BOTH),
    Case('get_weather(city="Oslo")\nsearch(query="barn owls")', BOTH),
    Case('[get_weather(city="Oslo")\n search(query="barn owls")]', BOTH),
    Case('[get_weather(city="Oslo"', OSLO),
    Case('[get_weather(city="Oslo")', OSLO),
    Case('[get_weather(city="Oslo"]', OSLO),
    Case('get_weather(city="Oslo")]', OSLO),
    Case('[[get_weather(city="Oslo")]]', OSLO),
    Case('`get_weather(city="Oslo")`', OSLO),
    Case('**get_weather(city="Oslo")**', OSLO),
    Case('get\\_weather(city="Oslo")', OSLO),
    Case("[math.factorial(n=5)]", [("math.factorial", {"n": 5})]),
    Case("factorial(n=5)", [("math.factorial", {"n": 5})]),
    Case("math_factorial(n=5)", [("math.factorial", {"n": 5})]),
    Case("[functions.get_weather(city='Oslo')]", OSLO),
    Case("[default_api.get_weather(city='Oslo')]", OSLO),
    Case("[weather_tools.get_weather(city='Oslo')]", OSLO),
    Case("[Get_Weather(city='Oslo')]", OSLO),
    Case("[getWeather(city='Oslo')]", OSLO),
    Case("[get-weather(city='Oslo')]", OSLO),
    Case("[send_email(to='a@b.no')]", [("sendEmail", {"to": "a@b.no"})]),
    Case('[get_weather("Oslo", "C")]', OSLO_C),
    Case('get_weather("Oslo", unit="C")', OSLO_C),
    Case("get_weather()", [("get_weather", {})]),
    Case('get_weather({"city": "Oslo"})', OSLO),
    Case('get_weather(**{"city": "Oslo"})', OSLO),
    Case('get_weather(city: "Oslo", unit: "C")', OSLO_C),
    Case('result = get_weather(city="Oslo")', OSLO),
    Case('print(get_weather(city="Oslo"))', OSLO),
    Case('- get_weather(city="Oslo")\n- search(query="barn owls")', BOTH),
    Case('1. get_weather(city="Oslo")\n2. search(query="barn owls")', BOTH),
    Case('Call: get_weather(city="Oslo")<bot_end>', OSLO),
    Case(
        'Call: get_weather(city="Oslo"); search(query="barn owls")<bot_end> \nThought: both',
        BOTH,
        "Thought: both",
    ),
    Case('I will call: get_weather(city="Oslo")', OSLO, "I will call:"),
    Case('Sure!\n\n[get_weather(city="Oslo")]\n\nLet me know.', OSLO, "Sure!\n\nLet me know."),
    Case("[\"get_weather(city='Oslo')\", \"search(query='barn owls')\"]", BOTH),
    Case("['get_weather(city=\"Oslo\")']", OSLO),
    Case("['get_weather(city='Oslo')']", OSLO),
    Case("'[get_weather(city=\"Oslo\")]'", OSLO),
    Case('get_weather(\n    city="Oslo",  # capital\n    unit="C",\n)', OSLO_C),
    Case("[search(query='it\\'s')]", [("search", {"query": "it's"})]),
    Case("[search(query='it's late')]", [("search", {"query": "it's late"})]),
    Case('[search(query="it\'s")]', [("search", {"query": "it's"})]),
    Case('[search(query="say "hi" now")]', [("search", {"query": 'say "hi" now'})]),
    Case("[search(query='a, b) c]')]", [("search", {"query": "a, b) c]"})]),
    Case(
        "[search(query='SELECT name FROM t WHERE a = \"x\"')]",
        [("search", {"query": 'SELECT name FROM t WHERE a = "x"'})],
    ),
    Case(
        "[plan-route(stops=['A', 'B'], options={'avoid': {'tolls': True}, 'max': 2.5})]",
        [("plan-route", {"stops": ["A", "B"], "options": {"avoid": {"tolls": True}, "max": 2.5}})],
    ),
    Case(
        "[plan-route(stops=('A', 'B'), options=None)]",
        [("plan-route", {"stops": ["A", "B"], "options": None})],
    ),
    Case(
        "[plan-route(stops=[[1, 2], [3, 4]], options=[])]",
        [("plan-route", {"stops": [[1, 2], [3, 4]], "options": []})],
    ),
    Case("[run_code(code='x', verbose=true)]", [("run_code", {"code": "x", "verbose": True})]),
    Case("[run_code(code=null, verbose=False)]", [("run_code", {"code": None, "verbose": False})]),
    Case("[get_weather(city=Oslo, days=-3)]", [("get_weather", {"city": "Oslo", "days": -3})]),
    Case(
        "[get_weather(city=New York, unit=C)]", [("get_weather", {"city": "New York", "unit": "C"})]
    ),
    Case("[get_weather(days=3*10**8)]", [("get_weather", {"days": 300000000})]),
    Case("[get_weather(days=(1+2)*3)]", [("get_weather", {"days": "(1+2)*3"})]),
    Case("[get_weather(days=7/2)]", [("get_weather", {"days": 3.5})]),
    Case("[get_weather(days=2025-03-09)]", [("get_weather", {"days": "2025-03-09"})]),
    Case("[get_weather(city='5', days=5)]", [("get_weather", {"city": "5", "days": 5})]),
    Case("[get_weather(days=1e-3)]", [("get_weather", {"days": 0.001})]),
    Case(
        "[get_weather(city=search(query='capital of Norway'))]",
        [("get_weather", {"city": "search(query='capital of Norway')"})],
    ),
    Case(
        '[run_code(code=new ArrayList<>(Arrays.asList("a", "b")), verbose=true)]',
        [("run_code", {"code": 'new ArrayList<>(Arrays.asList("a", "b"))', "verbose": True})],
    ),
    Case(
        "[run_code(code=new HashMap<String, Integer>(), verbose=false)]",
        [("run_code", {"code": "new HashMap<String, Integer>()", "verbose": False})],
    ),
    Case(
        "[run_code(code=(a, b) => a + b, verbose=true)]",
        [("run_code", {"code": "(a, b) => a + b", "verbose": True})],
    ),
    Case(
        "[run_code(code=function(a, b) { return a; }, verbose=true)]",
        [("run_code", {"code": "function(a, b) { return a; }", "verbose": True})],
    ),
    Case(
        "[run_code(code=lambda x, y: x + y, verbose=True)]",
        [("run_code", {"code": "lambda x, y: x + y", "verbose": True})],
    ),
    Case("[run_code(code=lambda x: x ** 2)]", [("run_code", {"code": "lambda x: x ** 2"})]),
    Case(
        "[run_code(code=config.DEBUG, verbose=flags[0])]",
        [("run_code", {"code": "config.DEBUG", "verbose": "flags[0]"})],
    ),
    Case(
        "[plan-route(options={avoid: 'tolls', max: 2})]",
        [("plan-route", {"options": {"avoid": "tolls", "max": 2}})],
    ),
    Case('[run_code(code="a" "b")]', [("run_code", {"code": "ab"})]),
    Case('[run_code(code="a" + "b")]', [("run_code", {"code": "ab"})]),
    Case('[run_code(code="""x = 1\ny = 2""")]', [("run_code", {"code": "x = 1\ny = 2"})]),
    Case("[run_code(code=r'\\d+')]", [("run_code", {"code": "\\d+"})]),
    Case("[run_code(code='\\d+\\n')]", [("run_code", {"code": "\\d+\n"})]),
    Case("[run_code(code=f'{x}')]", [("run_code", {"code": "{x}"})]),
    Case('[run_code(code="{\\"a\\": 1}")]', [("run_code", {"code": '{"a": 1}'})]),
    Case('get_weather\n{"city": "Oslo"}', OSLO),
    Case('get_weather {"city": "Oslo"}', OSLO),
    Case('get_weather: {"city": "Oslo"}', OSLO),
    Case('get_weather\n```json\n{"city": "Oslo"}\n```', OSLO),
    Case("Tool call: get_weather(city='Oslo')", OSLO),
    Case("**Tool Call:** `get_weather(city='Oslo')`", OSLO),
    Case("I will use `get_weather(city='Oslo')`.", OSLO, "I will use"),
    Case("I should look it up. search('barn owls')", OWLS, "I should look it up."),
    Case("const w = await get_weather({ city: 'Oslo' });", OSLO),
    Case("[get_weather(city='Oslo')]<|eot_id|>", OSLO),
    Case("[get_weather(city='Oslo')].", OSLO),
    Case("<|python_tag|>get_weather.call(city='Oslo')", OSLO),
]

REACT_CASES = [
    Case("Thought: owls\nAction: search\nAction Input: barn owls", OWLS),
    Case('Thought: owls\nAction: search\nAction Input: {"query": "barn owls"}', OWLS),
    Case('Action: search\nAction Input: "barn owls"', OWLS),
    Case("Action: search\nAction Input: 'barn owls'", OWLS),
    Case("Action: search\nAction Input: query: barn owls", OWLS),
    Case('Action: search\nAction Input: query="barn owls"', OWLS),
    Case("Action: get_weather\nAction Input: city: Oslo\nunit: C", OSLO_C),
    Case('Action: get_weather\nAction Input: city="Oslo", unit="C"', OSLO_C),
    Case('Action: get_weather\nAction Input:\n```json\n{"city": "Oslo"}\n```', OSLO),
    Case("Action: get_weather\nAction Input: {'city': 'Oslo', 'unit': 'C',}", OSLO_C),
    Case("Thought: owls\nAction: Search[barn owls]", OWLS),
    Case("Thought 1: owls\nAction 1: Search[barn owls]\nObservation 1: They hunt.", OWLS),
    Case("Action: Search[Creed (band)]", [("search", {"query": "Creed (band)"})]),
    Case("Action: search[array [0] of x]", [("search", {"query": "array [0] of x"})]),
    Case('Action: search("barn owls")', OWLS),
    Case("Action: search(query='barn owls')", OWLS),
    Case('Action: search{"query": "barn owls"}', OWLS),
    Case("Action: search: barn owls", OWLS),
    Case("Action: search, Action Input: barn owls", OWLS),
    Case("**Thought:** owls\n**Action:** search\n**Action Input:** barn owls", OWLS),
    Case("**Action**: search\n**Action Input**: barn owls", OWLS),
    Case("### Action: search\n### Action Input: barn owls", OWLS),
    Case("Action: `search`\nAction Input: `barn owls`", OWLS),
    Case(
        "Action: search\nAction Input: barn owls\nObservation: none found\nThought: hm\nFinal Answer: no",
        OWLS,
    ),
    Case("Action: search\nAction Input: barn owls\n\nObservation:", OWLS),
    Case("Action: get_weather\nAction Input: Oslo\nAction: search\nAction Input: barn owls", BOTH),
    Case('Action:\n```json\n{"action": "search", "action_input": "barn owls"}\n```', OWLS),
    Case(
        'Action:\n```\n{"action": "search", "action_input": {"query": "barn owls"}}\n```\nObservation: x',
        OWLS,
    ),
    Case('Action: {"action": "search", "action_input": "barn owls"}', OWLS),
    Case(
        'Action: ```json\n[\n  {"tool_name": "search", "parameters": {"query": "barn owls"}}\n]\n```',
        OWLS,
    ),
    Case("I will look.\nAction: search\nAction Input: barn owls", OWLS, "I will look."),
    Case("Action: teleport\nAction Input: Oslo", [("teleport", {"input": "Oslo"})]),
    Case(
        "Action: run_code\nAction Input: def f():\n    return 1\n",
        [("run_code", {"code": "def f():\n    return 1"})],
    ),
    Case("Action: search\nInput: barn owls", OWLS),
    Case("Action: use the search tool\nAction Input: barn owls", OWLS),
    Case('Tool: search\nArguments: {"query": "barn owls"}', OWLS),
    Case('Function: search\nParameters: {"query": "barn owls"}', OWLS),
    Case("Thought: I know it.\nFinal Answer: 42", [], "42"),
    Case("Final Answer: 42\nand more", [], "42\nand more"),
    Case('{"action": "Final Answer", "action_input": "42"}', [], "42"),
    Case("Thought: done\nAction: Finish[42]", [], "42"),
]

FAMILIES: dict[str, list[Case]] = {
    "json": JSON_CASES,
    "dirty json": DIRTY_JSON_CASES,
    "fences": FENCE_CASES,
    "tags": TAG_CASES,
    "orphan thoughts": ORPHAN_THOUGHT_CASES,
    "code": CODE_CASES,
    "react": REACT_CASES,
}
ALL_CASES = [case for cases in FAMILIES.values() for case in cases]
