/** openai-node on chat completions and models. */

import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { zodFunction, zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { all, failure, PIXEL, run, server } from './cases.js';

const client = new OpenAI({ ...server, maxRetries: 0 });
const completions = client.chat.completions;
const model = 'llama3.2';
const ask = (content) => [{ role: 'user', content }];
const City = z.object({ city: z.string() });
const tools = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
    },
  },
];
const weather = ask('Use the tool get_weather for Oslo');
const both = ask('Use get_weather for each of Oslo and Rome');

function checkCall(message) {
  assert.equal(message.content, null);
  assert.equal(message.tool_calls.length, 1);
  const [call] = message.tool_calls;
  assert.match(call.id, /^call_/);
  assert.deepEqual(JSON.parse(call.function.arguments), { city: 'Oslo' });
}

await run({
  'a plain answer': async () => {
    const answer = await completions.create({ model, messages: ask('hello there') });
    assert.equal(answer.object, 'chat.completion');
    assert.equal(answer.choices[0].message.content, 'You said: hello there');
    assert.equal(answer.choices[0].finish_reason, 'stop');
    assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
    assert.match(answer._request_id, /^req_/);
  },
  'a stream': async () => {
    const stream = await completions.create({ model, messages: ask('hello there'), stream: true });
    const chunks = await all(stream);
    assert.equal(chunks.map((one) => one.choices[0].delta.content ?? '').join(''), 'You said: hello there');
    assert.equal(chunks.at(-1).choices[0].finish_reason, 'stop');
    assert.equal(new Set(chunks.map((one) => one.id)).size, 1);
  },
  'a stream with usage': async () => {
    const options = { stream: true, stream_options: { include_usage: true } };
    const chunks = await all(await completions.create({ model, messages: ask('hello'), ...options }));
    assert.deepEqual(chunks.at(-1).choices, []);
    assert.ok(chunks.at(-1).usage.total_tokens > 0);
    assert.ok(chunks.slice(0, -1).every((one) => one.usage === null && one.choices.length === 1));
  },
  'the stream helper': async () => {
    const seen = [];
    const stream = completions.stream({ model, messages: ask('hello there') });
    stream.on('content', (delta) => seen.push(delta));
    const final = await stream.finalChatCompletion();
    assert.equal(seen.join(''), 'You said: hello there');
    assert.equal(final.choices[0].message.content, 'You said: hello there');
    assert.equal(final.choices[0].message.role, 'assistant');
  },
  'the stream helper with usage': async () => {
    const options = { stream_options: { include_usage: true } };
    const stream = completions.stream({ model, messages: ask('hello'), ...options });
    assert.ok((await stream.totalUsage()).total_tokens > 0);
  },
  'a stream left early': async () => {
    const stream = await completions.create({ model, messages: ask('hello '.repeat(50)), stream: true });
    for await (const _ of stream) break;
    const answer = await completions.create({ model, messages: ask('next') });
    assert.equal(answer.choices[0].message.content, 'You said: next');
  },
  'a stream passed on': async () => {
    const stream = await completions.create({ model, messages: ask('hello'), stream: true });
    const text = await new Response(stream.toReadableStream()).text();
    assert.ok(text.trim().split('\n').map((line) => JSON.parse(line)).length > 1);
  },
  'a tool call': async () => {
    const answer = await completions.create({ model, messages: weather, tools });
    assert.equal(answer.choices[0].finish_reason, 'tool_calls');
    checkCall(answer.choices[0].message);
  },
  'a streamed tool call': async () => {
    const final = await completions.stream({ model, messages: weather, tools }).finalMessage();
    const [call] = final.tool_calls;
    assert.equal(call.function.name, 'get_weather');
    assert.deepEqual(JSON.parse(call.function.arguments), { city: 'Oslo' });
  },
  'parallel calls': async () => {
    const answer = await completions.create({ model, messages: both, tools });
    const given = answer.choices[0].message.tool_calls.map((one) => JSON.parse(one.function.arguments));
    assert.deepEqual(given, [{ city: 'Oslo' }, { city: 'Rome' }]);
  },
  'parallel calls in a stream': async () => {
    const final = await completions.stream({ model, messages: both, tools }).finalMessage();
    const given = final.tool_calls.map((one) => JSON.parse(one.function.arguments));
    assert.deepEqual(given, [{ city: 'Oslo' }, { city: 'Rome' }]);
    assert.equal(new Set(final.tool_calls.map((one) => one.id)).size, 2);
  },
  'one call at most': async () => {
    const asked = { model, messages: both, tools, parallel_tool_calls: false };
    const answer = await completions.create(asked);
    assert.equal(answer.choices[0].message.tool_calls.length, 1);
  },
  'a call demanded': async () => {
    const asked = { model, messages: ask('hello'), tools, tool_choice: 'required' };
    const answer = await completions.create(asked);
    assert.equal(answer.choices[0].message.tool_calls[0].function.name, 'get_weather');
  },
  'a call forbidden': async () => {
    const answer = await completions.create({ model, messages: weather, tools, tool_choice: 'none' });
    assert.equal(answer.choices[0].message.tool_calls, undefined);
    assert.equal(answer.choices[0].finish_reason, 'stop');
  },
  'the tool runner': async () => {
    const asked = [];
    const runner = completions.runTools({
      model,
      messages: weather,
      tools: [
        {
          type: 'function',
          function: {
            name: 'get_weather',
            parameters: tools[0].function.parameters,
            parse: JSON.parse,
            function: ({ city }) => {
              asked.push(city);
              return 'mild';
            },
          },
        },
      ],
    });
    assert.equal(await runner.finalContent(), 'The result is mild.');
    assert.deepEqual(asked, ['Oslo']);
  },
  'the tool runner on a stream': async () => {
    const runner = completions.runTools({
      model,
      stream: true,
      messages: both,
      tools: [
        {
          type: 'function',
          function: {
            name: 'get_weather',
            parameters: tools[0].function.parameters,
            parse: JSON.parse,
            function: async ({ city }) => `mild in ${city}`,
          },
        },
      ],
    });
    assert.match(await runner.finalContent(), /mild in Rome/);
  },
  'a parsed tool call': async () => {
    const asked = { model, messages: weather, tools: [zodFunction({ name: 'get_weather', parameters: City })] };
    const answer = await completions.parse(asked);
    assert.deepEqual(answer.choices[0].message.tool_calls[0].function.parsed_arguments, { city: 'Oslo' });
  },
  'structured output': async () => {
    const Person = z.object({ name: z.string(), age: z.number().int(), nickname: z.string().nullable() });
    const asked = { model, messages: ask('Ada is 36'), response_format: zodResponseFormat(Person, 'person') };
    const { parsed, refusal } = (await completions.parse(asked)).choices[0].message;
    assert.equal(parsed.age, 36);
    assert.equal(refusal, null);
  },
  'structured output in a stream': async () => {
    const asked = { model, messages: ask('go to Oslo'), response_format: zodResponseFormat(City, 'city') };
    const final = await completions.stream(asked).finalChatCompletion();
    assert.deepEqual(final.choices[0].message.parsed, { city: 'Oslo' });
  },
  'a json object': async () => {
    const messages = ask("Give JSON with the key 'city'");
    const answer = await completions.create({ model, messages, response_format: { type: 'json_object' } });
    assert.deepEqual(Object.keys(JSON.parse(answer.choices[0].message.content)), ['city']);
  },
  reasoning: async () => {
    const asked = { model: 'qwen3:8b@chat', messages: ask('hello'), reasoning_effort: 'high' };
    const { message } = (await completions.create(asked)).choices[0];
    assert.equal(message.reasoning_content, 'Let me think.');
    assert.equal(message.content, 'You said: hello');
  },
  'a limit': async () => {
    const asked = { model, messages: ask('one two three four five'), max_completion_tokens: 3 };
    const [choice] = (await completions.create(asked)).choices;
    assert.equal(choice.finish_reason, 'length');
  },
  'an image': async () => {
    const content = [
      { type: 'text', text: 'What is it?' },
      { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } },
    ];
    const answer = await completions.create({ model: 'llava@chat', messages: [{ role: 'user', content }] });
    assert.equal(answer.choices[0].message.content, 'You said: What is it?');
  },
  'null fields': async () => {
    const nothing = { temperature: null, stop: null, seed: null, n: null, logit_bias: null, tools: null };
    const answer = await completions.create({ model, messages: ask('hello'), ...nothing });
    assert.equal(answer.choices[0].finish_reason, 'stop');
  },
  'the models': async () => {
    const ids = (await all(client.models.list())).map((one) => one.id);
    assert.ok(ids.length > 3);
    for (const id of ids) assert.equal((await client.models.retrieve(id)).id, id);
  },
  'the response and its id': async () => {
    const { data, response, request_id: id } = await client.models.list().withResponse();
    assert.equal(response.headers.get('x-request-id'), id);
    assert.equal(data.object, 'list');
  },
  'a bad field': async () => {
    const error = await failure(completions.create({ model, messages: ask('hello'), temperature: 9 }));
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.equal(error.param, 'temperature');
    assert.equal(error.type, 'invalid_request_error');
    assert.match(error.requestID, /^req_/);
  },
  'an unknown model': async () => {
    const error = await failure(completions.create({ model: 'none', messages: ask('x'), stream: true }));
    assert.ok(error instanceof OpenAI.NotFoundError);
    assert.equal(error.code, 'model_not_found');
  },
  'a wrong key': async () => {
    const error = await failure(new OpenAI({ ...server, apiKey: 'no' }).models.list());
    assert.ok(error instanceof OpenAI.AuthenticationError);
    assert.equal(error.code, 'invalid_api_key');
  },
});
