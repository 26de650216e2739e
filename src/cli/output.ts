/** A command that did not do what it was asked for; its message is for the operator, empty where all is said. */
export class CommandFailed extends Error {}

/** A line of the result. */
export function say(line = ''): void {
  process.stdout.write(`${line}\n`);
}

/** A line about how it goes, out of the way of whoever reads the result. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

export const count = (number: number, what: string): string =>
  `${number.toLocaleString('en')} ${what}${number === 1 ? '' : 's'}`;
