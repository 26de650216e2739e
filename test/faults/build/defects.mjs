// What the oracle has to find. Each defect is a wrong line that the test build contains beside the right one and
// that FAULT_DEFECT switches on; the meta-test runs the matching fault against it and demands a violation.
const on = (name) => `process.env.FAULT_DEFECT === '${name}'`;

export const defects = [
  {
    name: 'no_sweeper',
    about: 'commit, then only a job in the queue',
    file: 'delivery/sweeper.js',
    from: ' start() {',
    to: (name) => ` start() { if (${on(name)}) return;`,
  },
  {
    name: 'no_lease',
    about: 'a delivery under way may be claimed again',
    file: 'delivery/claim-statements.js',
    from: 'const IS_FREE = ',
    to: (name) => `const IS_FREE = ${on(name)} ? "status <> 'held'" : `,
  },
  {
    name: 'no_fencing',
    about: 'a result counts although its lease has passed to somebody else',
    file: 'delivery/result-statement.js',
    from: 'export async function recordResults(',
    to: (name) =>
      `if (${on(name)}) RECORD.text = RECORD.text.replaceAll('AND d.lease_token = r.lease_token', '');
export async function recordResults(`,
  },
  {
    name: 'answer_first',
    about: '202 before COMMIT',
    file: 'incoming-data/accept-batcher.js',
    from: 'accepted = await acceptEvents(this.pool, events, lease);',
    to: (name) => `const storing = acceptEvents(this.pool, events, lease);
      storing.catch(() => undefined);
      accepted = ${on(name)}
        ? events.map((event) => ({ ...event, duplicate: false, destinationIds: event.deliveries.map((d) => d.destinationId) }))
        : await storing;`,
  },
  {
    name: 'record_first',
    about: 'recorded as delivered before it is sent',
    file: 'delivery/delivery-engine.js',
    from: 'const startedAt = performance.now();',
    to: (name) => `if (${on(name)}) {
      const ending = { next: 'success', attempts: delivery.attempts + 1 };
      await this.record(delivery, ending);
      void this.attempts.make(delivery, destination, wantedMs);
      return ending;
    }
    const startedAt = performance.now();`,
  },
];

/** Puts the wrong lines into the compiled sources; one that no longer finds its place is an error. */
export function defectsPlugin() {
  return {
    name: 'defects',
    transform(code, id) {
      const mine = defects.filter(({ file }) => id.endsWith(`/dist/src/${file}`));
      if (mine.length === 0) return null;
      return { code: mine.reduce(apply, code) };
    },
  };
}

function apply(code, { name, file, from, to }) {
  if (code.split(from).length !== 2)
    throw new Error(
      `The defect ${name} does not find "${from}" once in ${file}: adapt test/faults/build/defects.mjs.`,
    );
  return code.replace(from, () => to(name));
}
