/** Which measurements belong to one line: those of a server, and of the one that ran in its place before. Pure. */

const end = (/** @type {Lane} */ { samples }) => samples.at(-1)?.at_ms ?? 0;

/**
 * Put the measurements of servers in lanes: one that began when another had ended goes on in its lane. A lane
 * has the name of its newest server; the lane of the server that was asked ends with how it stands now.
 * @type {(told: PerformanceOut) => Lane[]}
 */
export function lanes({ now, samples }) {
  /** @type {Map<string, PerformanceSample[]>} */
  const own = new Map();
  for (const one of [...samples, now]) {
    const mine = own.get(one.server);
    if (mine) mine.push(one);
    else own.set(one.server, [one]);
  }
  /** @type {Lane[]} */
  const made = [];
  for (const [name, mine] of own) {
    const began_ms = mine[0]?.at_ms ?? 0;
    const ended = made.filter((one) => end(one) < began_ms);
    const lane = ended.sort((one, other) => end(other) - end(one))[0];
    if (lane) {
      lane.name = name;
      lane.ids.add(name);
      lane.samples.push(...mine);
    } else made.push({ name, ids: new Set([name]), samples: [...mine] });
  }
  return made;
}
