/** The Vercel AI SDK over its OpenAI providers; ENDPOINTS tells which of them the server offers. */

import assert from 'node:assert/strict';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, embedMany, generateObject, generateText, Output, stepCountIs, streamObject, streamText, tool } from 'ai';
import { z } from 'zod';
import { failure, PIXEL, run, server } from './cases.js';

const openai = createOpenAI(server);
const compatible = createOpenAICompatible({
  ...server,
  name: 'steward',
  includeUsage: true,
  supportsStructuredOutputs: true,
});
const makers = {
  chat: (name) => openai.chat(name),
  compatible: (name) => compatible(name),
  responses: (name) => openai.responses(name),
};
const Person = z.object({ name: z.string(), age: z.number().int() });
const weather = (seen = []) => ({
  get_weather: tool({
    description: 'Tell the weather of a city',
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => {
      seen.push(city);
      return `mild in ${city}`;
    },
  }),
});
const quiet = { maxRetries: 0, onError: () => {} };

function casesOf(make) {
  const model = make('llama3.2');
  return {
    generateText: async () => {
      const { text, finishReason, usage } = await generateText({ model, prompt: 'hello there' });
      assert.equal(text, 'You said: hello there');
      assert.equal(finishReason, 'stop');
      assert.ok(usage.totalTokens > 0);
    },
    'generateText with messages': async () => {
      const messages = [
        { role: 'user', content: 'hello' },
        { role: 'assistant', content: 'hi' },
        { role: 'user', content: 'again' },
      ];
      const { text } = await generateText({ model, system: 'Be brief.', messages });
      assert.equal(text, 'You said: again');
    },
    'generateText with settings': async () => {
      const settings = { temperature: 0, topP: 0.5, maxOutputTokens: 16, seed: 7 };
      const { finishReason } = await generateText({ model, prompt: 'one two three four five six '.repeat(4), ...settings });
      assert.equal(finishReason, 'length');
    },
    streamText: async () => {
      const result = streamText({ model, prompt: 'hello there', ...quiet });
      const pieces = [];
      for await (const piece of result.textStream) pieces.push(piece);
      assert.equal(pieces.join(''), 'You said: hello there');
      assert.equal(await result.finishReason, 'stop');
      assert.ok((await result.usage).totalTokens > 0);
    },
    'a tool call is handed over': async () => {
      const { get_weather: described } = weather();
      const tools = { get_weather: tool({ ...described, execute: undefined }) };
      const { toolCalls, finishReason } = await generateText({ model, tools, prompt: 'Use get_weather for Oslo' });
      assert.deepEqual(toolCalls.map((one) => one.input), [{ city: 'Oslo' }]);
      assert.equal(finishReason, 'tool-calls');
    },
    'tools are run and the turn goes on': async () => {
      const seen = [];
      const asked = { model, tools: weather(seen), stopWhen: stepCountIs(4), prompt: 'Use get_weather for Oslo' };
      const { text, steps } = await generateText(asked);
      assert.deepEqual(seen, ['Oslo']);
      assert.equal(text, 'The result is mild in Oslo.');
      assert.equal(steps.length, 2);
    },
    'tools are run in a stream': async () => {
      const seen = [];
      const asked = { model, tools: weather(seen), stopWhen: stepCountIs(4), prompt: 'Use get_weather for Oslo' };
      const result = streamText({ ...asked, ...quiet });
      const kinds = new Set();
      for await (const part of result.fullStream) kinds.add(part.type);
      assert.deepEqual(seen, ['Oslo']);
      assert.equal(await result.text, 'The result is mild in Oslo.');
      for (const kind of ['tool-input-start', 'tool-call', 'tool-result', 'text-delta', 'finish']) {
        assert.ok(kinds.has(kind), `no ${kind} in the stream`);
      }
    },
    'parallel tools': async () => {
      const seen = [];
      const prompt = 'Use get_weather for each of Oslo and Rome';
      await generateText({ model, tools: weather(seen), stopWhen: stepCountIs(4), prompt });
      assert.deepEqual(seen.sort(), ['Oslo', 'Rome']);
    },
    'a tool is required': async () => {
      const asked = { model, tools: weather(), toolChoice: 'required', prompt: 'hello' };
      const { toolCalls } = await generateText(asked);
      assert.equal(toolCalls[0].toolName, 'get_weather');
    },
    'a tool is named': async () => {
      const toolChoice = { type: 'tool', toolName: 'get_weather' };
      const { toolCalls } = await generateText({ model, tools: weather(), toolChoice, prompt: 'hello' });
      assert.equal(toolCalls[0].toolName, 'get_weather');
    },
    'no tool may be called': async () => {
      const asked = { model, tools: weather(), toolChoice: 'none', prompt: 'Use get_weather for Oslo' };
      assert.deepEqual((await generateText(asked)).toolCalls, []);
    },
    generateObject: async () => {
      const { object } = await generateObject({ model, schema: Person, prompt: 'She is called Ada, and 36' });
      assert.deepEqual(object, { name: 'Ada', age: 36 });
    },
    'generateObject of a list': async () => {
      const { object } = await generateObject({ model, output: 'array', schema: Person, prompt: 'Who is Ada, 36?' });
      assert.equal(object.length, 1);
    },
    'generateObject of a choice': async () => {
      const asked = { model, output: 'enum', enum: ['sunny', 'rainy'], prompt: 'Which weather?' };
      assert.equal((await generateObject(asked)).object, 'sunny');
    },
    streamObject: async () => {
      const result = streamObject({ model, schema: Person, prompt: 'She is called Ada, and 36', ...quiet });
      const parts = [];
      for await (const part of result.partialObjectStream) parts.push(part);
      assert.deepEqual(await result.object, { name: 'Ada', age: 36 });
      assert.ok(parts.length > 0);
    },
    'an object as output of generateText': async () => {
      const output = Output.object({ schema: Person });
      const result = await generateText({ model, output, prompt: 'She is called Ada, and 36' });
      assert.deepEqual(result.output, { name: 'Ada', age: 36 });
    },
    'an image': async () => {
      const content = [
        { type: 'text', text: 'What is it?' },
        { type: 'image', image: PIXEL, mediaType: 'image/png' },
      ];
      const { text } = await generateText({ model: make('llava@chat'), messages: [{ role: 'user', content }] });
      assert.equal(text, 'You said: What is it?');
    },
    'a bad field': async () => {
      const error = await failure(generateText({ model, prompt: 'hello', temperature: 9, maxRetries: 0 }));
      assert.ok(APICallError.isInstance(error));
      assert.equal(error.statusCode, 400);
      assert.match(error.message, /temperature/);
    },
    'an unknown model': async () => {
      const error = await failure(generateText({ model: make('none'), prompt: 'hello', maxRetries: 0 }));
      assert.equal(error.statusCode, 404);
      assert.equal(error.isRetryable, false);
    },
  };
}

const thinking = { model: compatible('qwen3:8b@chat'), prompt: 'hello' };
const cases = {
  'a response gone on from': async () => {
    const model = openai.responses('llama3.2');
    const first = await generateText({ model, prompt: 'hello' });
    const { responseId: previousResponseId } = first.providerMetadata.openai;
    const asked = { model, prompt: 'again', providerOptions: { openai: { previousResponseId } } };
    assert.equal((await generateText(asked)).text, 'You said: again');
  },
  'vectors of texts': async () => {
    const model = openai.textEmbeddingModel('all-minilm');
    const { embeddings, usage } = await embedMany({ model, values: ['hello', 'bye'] });
    assert.equal(embeddings.length, 2);
    assert.ok(usage.tokens > 0);
  },
  'a text gone on from': async () => {
    const { text } = await generateText({ model: openai.completion('llama3.2'), prompt: 'Once' });
    assert.match(text, /^You said: [\s\S]*Once/);
  },
  'a PDF': async () => {
    const file = { type: 'file', data: Buffer.from(process.env.PDF, 'base64'), mediaType: 'application/pdf' };
    const messages = [{ role: 'user', content: [{ type: 'text', text: 'What is in it?' }, file] }];
    for (const model of [openai.chat('llama3.2'), openai.responses('llama3.2')]) {
      assert.match((await generateText({ model, messages })).text, /A note/);
    }
  },
  'compatible: reasoning': async () => {
    const providerOptions = { steward: { reasoningEffort: 'high' } };
    const { text, reasoningText } = await generateText({ ...thinking, providerOptions });
    assert.equal(reasoningText, 'Let me think.');
    assert.equal(text, 'You said: hello');
  },
  'compatible: reasoning in a stream': async () => {
    const providerOptions = { steward: { reasoningEffort: 'high' } };
    const result = streamText({ ...thinking, providerOptions, ...quiet });
    assert.equal(await result.text, 'You said: hello');
    assert.equal(await result.reasoningText, 'Let me think.');
  },
};
for (const endpoint of process.env.ENDPOINTS.split(' ')) {
  for (const [name, check] of Object.entries(casesOf(makers[endpoint]))) cases[`${endpoint}: ${name}`] = check;
}
await run(cases);
