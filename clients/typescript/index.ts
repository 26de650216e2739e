import { createClient } from './generated/client/index.js';
import { DataPusher } from './generated/index.js';

export * from './generated/index.js';

export interface Connection {
  /** Where the installation is, such as `http://localhost:8000`. */
  baseUrl: string;
  /** Of a user: the `access_token` of a sign-in. */
  token?: string;
  /** Of an account, to send its events: its `app_secret_token`. */
  accountToken?: string;
}

/** A client of one installation. Each method is an operation of the API and resolves to `{ data, error, response }`. */
export function connect({ baseUrl, token, accountToken }: Connection): DataPusher {
  const auth = ({ type }: { type: 'apiKey' | 'http' }) => (type === 'http' ? token : accountToken);
  return new DataPusher({ client: createClient({ baseUrl, auth }) });
}
