/** Work that only one tab of this browser may do at a time. */

/**
 * Run while no other tab does: a refresh cookie is good once, and a second use ends the session.
 * @template T
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function alone(work) {
  const locks = globalThis.navigator?.locks; // missing on plain http beyond localhost
  return locks ? await locks.request("steward-renew", work) : work();
}
