/** Collects what an asynchronous generator gives. */

/**
 * @template T
 * @param {AsyncIterable<T>} items
 * @returns {Promise<T[]>}
 */
export async function collected(items) {
  const all = [];
  for await (const item of items) all.push(item);
  return all;
}
