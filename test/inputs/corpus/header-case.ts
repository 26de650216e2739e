/** One request to the ingest route: header lines besides Host, and the status it must get. `<token>` is the account's token. */
export interface HeaderCase {
  name: string;
  lines: string[];
  status: number;
  /** The event id that must come back. */
  eventId?: string;
}

export const TOKEN = 'CL-X-TOKEN: <token>';
export const JSON_TYPE = 'Content-Type: application/json';

export const headerCase = (status: number, lines: string[]): HeaderCase => ({
  name: lines.filter((line) => line !== TOKEN).join(' | '),
  lines,
  status,
});
export const withToken = (status: number, ...lines: string[]): HeaderCase =>
  headerCase(status, [TOKEN, ...lines]);
export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);
