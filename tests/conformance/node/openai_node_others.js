/** openai-node on responses, conversations, files, vector stores, embeddings and completions of text. */

import assert from 'node:assert/strict';
import OpenAI, { toFile } from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { all, failure, PIXEL, run, server } from './cases.js';

const client = new OpenAI({ ...server, maxRetries: 0 });
const { conversations, files, responses, vectorStores } = client;
const model = 'llama3.2';
const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const tools = [{ type: 'function', name: 'get_weather', parameters, strict: false }];
const weather = 'Use the tool get_weather for Oslo';
const note = (name = 'note.txt') => toFile(Buffer.from(`The harbour opens at seven. ${crypto.randomUUID()}`), name);
const types = (events) => events.map((one) => one.type.replace('response.', ''));

await run({
  'a response': async () => {
    const made = await responses.create({ model, input: 'hello there' });
    assert.equal(made.output_text, 'You said: hello there');
    assert.equal(made.status, 'completed');
    assert.match(made.id, /^resp_/);
    assert.equal(made.usage.total_tokens, made.usage.input_tokens + made.usage.output_tokens);
  },
  'a stream of a response': async () => {
    const events = await all(await responses.create({ model, input: 'hello there', stream: true }));
    assert.deepEqual(types(events).slice(0, 2), ['created', 'in_progress']);
    assert.equal(types(events).at(-1), 'completed');
    const texts = events.filter((one) => one.type === 'response.output_text.delta');
    assert.equal(texts.map((one) => one.delta).join(''), 'You said: hello there');
  },
  'the stream helper of responses': async () => {
    const seen = [];
    const stream = responses.stream({ model, input: 'hello there' });
    stream.on('response.output_text.delta', (event) => seen.push(event.delta));
    const final = await stream.finalResponse();
    assert.equal(seen.join(''), 'You said: hello there');
    assert.equal(final.output_text, 'You said: hello there');
  },
  'a function call of a response': async () => {
    const first = await responses.create({ model, input: weather, tools });
    const [call] = first.output;
    assert.equal(call.type, 'function_call');
    assert.deepEqual(JSON.parse(call.arguments), { city: 'Oslo' });
    const input = [{ type: 'function_call_output', call_id: call.call_id, output: 'mild' }];
    const second = await responses.create({ model, input, tools, previous_response_id: first.id });
    assert.equal(second.output_text, 'The result is mild.');
  },
  'a streamed function call of a response': async () => {
    const final = await responses.stream({ model, input: weather, tools }).finalResponse();
    assert.deepEqual(JSON.parse(final.output[0].arguments), { city: 'Oslo' });
  },
  'structured output of a response': async () => {
    const Person = z.object({ name: z.string(), age: z.number().int() });
    const text = { format: zodTextFormat(Person, 'person') };
    const made = await responses.parse({ model, input: 'She is called Ada, and 36', text });
    assert.deepEqual(made.output_parsed, { name: 'Ada', age: 36 });
  },
  'reasoning of a response': async () => {
    const reasoning = { effort: 'high', summary: 'auto' };
    const made = await responses.create({ model: 'qwen3:8b@chat', input: 'hello', reasoning });
    assert.deepEqual(made.output.map((one) => one.type), ['reasoning', 'message']);
    assert.equal(made.output[0].summary[0].text, 'Let me think.');
  },
  'an image in a response': async () => {
    const image = { type: 'input_image', image_url: `data:image/png;base64,${PIXEL}`, detail: 'auto' };
    const content = [{ type: 'input_text', text: 'What is it?' }, image];
    const made = await responses.create({ model: 'llava@chat', input: [{ role: 'user', content }] });
    assert.equal(made.output_text, 'You said: What is it?');
  },
  'a kept response': async () => {
    const made = await responses.create({ model, input: 'hello there' });
    assert.equal((await responses.retrieve(made.id)).output_text, made.output_text);
    const items = await all(responses.inputItems.list(made.id));
    assert.equal(items[0].content[0].text, 'hello there');
    await responses.delete(made.id);
    assert.ok((await failure(responses.retrieve(made.id))) instanceof OpenAI.NotFoundError);
  },
  'a response in the background': async () => {
    let made = await responses.create({ model, input: 'hello there', background: true });
    while (['queued', 'in_progress'].includes(made.status)) made = await responses.retrieve(made.id);
    assert.equal(made.output_text, 'You said: hello there');
  },
  'a stream told again': async () => {
    const made = await responses.create({ model, input: 'hello there' });
    const events = await all(await responses.retrieve(made.id, { stream: true, starting_after: 1 }));
    assert.equal(events[0].sequence_number, 2);
    assert.equal(types(events).at(-1), 'completed');
  },
  'a wrong field of a response': async () => {
    const error = await failure(responses.create({ model, input: 'x', temperature: 9 }));
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.equal(error.param, 'temperature');
  },
  'a conversation': async () => {
    const items = [{ type: 'message', role: 'user', content: 'I am Ada.' }];
    const made = await conversations.create({ items, metadata: { a: 'b' } });
    await responses.create({ model, input: 'hello', conversation: made.id });
    const kept = await all(conversations.items.list(made.id, { order: 'asc', limit: 2 }));
    assert.deepEqual(kept.map((one) => one.role), ['user', 'user', 'assistant']);
    assert.equal((await conversations.delete(made.id)).deleted, true);
  },
  'a file': async () => {
    const made = await files.create({ file: await note(), purpose: 'assistants' });
    assert.equal((await files.waitForProcessing(made.id, { pollInterval: 20 })).status, 'processed');
    assert.match(await (await files.content(made.id)).text(), /^The harbour opens at seven/);
    assert.ok((await all(files.list({ limit: 2 }))).some((one) => one.id === made.id));
    assert.equal((await files.delete(made.id)).deleted, true);
  },
  'an upload in parts': async () => {
    const asked = { bytes: 8, filename: 'parts.txt', mime_type: 'text/plain', purpose: 'assistants' };
    const made = await client.uploads.create(asked);
    const data = await toFile(Buffer.from('one part'), 'part');
    const part = await client.uploads.parts.create(made.id, { data });
    const done = await client.uploads.complete(made.id, { part_ids: [part.id] });
    assert.equal(done.file.bytes, 8);
  },
  'a vector store': async () => {
    const made = await vectorStores.create({ name: 'notes' });
    const attributes = { year: 2026 };
    const file = await files.create({ file: await note(), purpose: 'assistants' });
    const put = await vectorStores.files.createAndPoll(made.id, { file_id: file.id, attributes }, { pollIntervalMs: 20 });
    assert.equal(put.status, 'completed');
    const filters = { type: 'eq', key: 'year', value: 2026 };
    const found = await all(vectorStores.search(made.id, { query: 'When does the harbour open?', filters }));
    assert.equal(found[0].file_id, file.id);
    assert.equal((await vectorStores.delete(made.id)).deleted, true);
  },
  'a batch of files': async () => {
    const made = await vectorStores.create({ name: 'batch' });
    const given = { files: [await note('a.txt'), await note('b.txt')] };
    const batch = await vectorStores.fileBatches.uploadAndPoll(made.id, given, { pollIntervalMs: 20 });
    assert.equal(batch.file_counts.completed, 2);
    assert.equal((await all(vectorStores.files.list(made.id, { limit: 1 }))).length, 2);
  },
  embeddings: async () => {
    const made = await client.embeddings.create({ model: 'all-minilm', input: ['hello', 'bye'] });
    const packed = await client.embeddings.create({ model: 'all-minilm', input: 'hello', encoding_format: 'float' });
    assert.equal(made.data.length, 2);
    assert.equal(made.data[0].embedding.length, packed.data[0].embedding.length);
  },
  'a text gone on from': async () => {
    const made = await client.completions.create({ model, prompt: 'Once' });
    assert.equal(made.choices[0].text, 'You said: Once');
    const chunks = await all(await client.completions.create({ model, prompt: 'Once', stream: true }));
    assert.equal(chunks.map((one) => one.choices[0]?.text ?? '').join(''), 'You said: Once');
  },
  'a stored completion': async () => {
    const messages = [{ role: 'user', content: 'hello' }];
    const made = await client.chat.completions.create({ model, messages, store: true });
    assert.equal((await client.chat.completions.retrieve(made.id)).id, made.id);
    assert.equal((await all(client.chat.completions.messages.list(made.id))).length, 1);
    assert.equal((await client.chat.completions.delete(made.id)).deleted, true);
  },
});
