/** Bytes for a connection to the gateway, and the statuses of the answers on it. `<token>` is the account's token. */
export interface WireCase {
  name: string;
  /** Latin-1: each character is one byte. */
  wire: string;
  answers: number[];
  /** Requests that are accepted; as many events must be stored. */
  stored: number;
  /** Whether the connection ends right behind these bytes. */
  isCut?: boolean;
}

export const PATH = '/api/server/incoming_data';
export const FIXED = 'CL-X-TOKEN: <token>\r\nContent-Type: application/json\r\n';
export const START = `POST ${PATH} HTTP/1.1\r\n`;
export const HEAD = `${START}Host: x\r\n${FIXED}`;
export const GOOD = `${HEAD}Content-Length: 2\r\n\r\n{}`;

export function wireCase(answers: number[], wire: string, name?: string): WireCase {
  const stored = answers.filter((status) => status === 202).length;
  return {
    name: name ?? JSON.stringify(wire.replace(FIXED, '').replace(PATH, '…').slice(0, 160)),
    wire,
    answers,
    stored,
  };
}
