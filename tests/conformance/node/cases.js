/** Runs cases one after the other and prints one line of JSON for each; the caller judges. */

export const server = { baseURL: process.env.BASE_URL, apiKey: process.env.API_KEY };

/** @param {Record<string, () => Promise<void>>} cases */
export async function run(cases) {
  for (const [name, check] of Object.entries(cases)) {
    const result = { name, error: null };
    try {
      await check();
    } catch (error) {
      result.error = String(error?.stack ?? error);
    }
    process.stdout.write(`${JSON.stringify(result)}\n`);
  }
}

/** Gives the error that a promise fails with, and fails when it does not. */
export async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('nothing failed');
}

/** Collects what an asynchronous iterable gives. */
export async function all(iterable) {
  const found = [];
  for await (const one of iterable) found.push(one);
  return found;
}

/** A picture of one pixel. */
export const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
