import { parseArgs } from 'node:util';

/**
 * Reads the arguments of a script before it does anything: answers --help with how it is called, and ends with 2 over
 * what it does not take.
 * @param {string} name after `npm run`
 * @param {string} about one sentence
 * @param options as for `parseArgs`
 * @param {string | null} names what else it takes, any number of it
 */
export function readOptions(name, about, options = {}, names = null) {
  const takes = Object.entries(options).map(([key, { type }]) =>
    type === 'boolean' ? `[--${key}]` : `[--${key} <${key}>]`,
  );
  if (names) takes.push(`[${names}]...`);
  const usage = `Usage: ${[`npm run ${name}`, ...(takes.length > 0 ? ['--', ...takes] : [])].join(' ')}\n\n${about}`;
  try {
    const { values } = parseArgs({
      allowPositionals: names !== null,
      options: { ...options, help: { type: 'boolean', short: 'h' } },
    });
    if (!values.help) return;
  } catch (error) {
    console.error(`${error.message}\n${usage}`);
    process.exit(2);
  }
  console.log(usage);
  process.exit(0);
}
