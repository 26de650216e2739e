import { randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';

const KEY = `k1:${Buffer.alloc(32, 1).toString('base64')}`;
const RATE_LIMIT = 1_000_000;

/** What every process of a measured product needs to be told; the rest are the defaults that users get. */
export const PRODUCT_ENV = {
  JWT_SECRET: 'a secret for measuring only, never used elsewhere',
  ENCRYPTION_KEYS: KEY,
  EGRESS_ALLOW: 'loopback',
};

/**
 * Puts accounts with their destinations straight into the tables, because a thousand of them through the API take
 * longer than a measurement. Nobody's rate limit is in the way.
 * @param accounts for each account its destinations: `{ url, maxInFlight? }`
 * @returns the token of each account and the ids.
 */
export async function seedAccounts(client, accounts) {
  const { SealedBox, parseEncryptionKeys } = await import('../../dist/src/common/crypto/sealed-box.js');
  const { newSigningSecret, newToken, sha256 } = await import('../../dist/src/common/crypto/tokens.js');
  const box = new SealedBox(parseEncryptionKeys(KEY));
  const rows = accounts.map((destinations) => ({
    id: uuidv7(),
    tokenId: uuidv7(),
    token: newToken(),
    destinations: destinations.map((destination) => ({ id: uuidv7(), maxInFlight: 128, ...destination })),
  }));
  const destinations = rows.flatMap(({ id, destinations: own }) =>
    own.map((destination) => ({ ...destination, accountId: id })),
  );
  await client.query(
    `INSERT INTO accounts (id, account_name, rate_limit_per_second)
     SELECT id, 'Account ' || id, $2 FROM unnest($1::uuid[]) AS id`,
    [rows.map(({ id }) => id), RATE_LIMIT],
  );
  await client.query(
    `INSERT INTO account_tokens (id, account_id, token_sha256, token_sealed)
     SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::text[])`,
    [
      rows.map(({ tokenId }) => tokenId),
      rows.map(({ id }) => id),
      rows.map(({ token }) => sha256(token)),
      rows.map(({ token, tokenId }) => box.seal(token, tokenId)),
    ],
  );
  await client.query(
    `INSERT INTO destinations (id, account_id, url, headers_sealed, header_names, signing_secret_sealed, max_in_flight)
     SELECT id, account_id, url, headers_sealed, '{APP_ID}', secret, max_in_flight
     FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::int[])
       AS d (id, account_id, url, headers_sealed, secret, max_in_flight)`,
    [
      destinations.map(({ id }) => id),
      destinations.map(({ accountId }) => accountId),
      destinations.map(({ url }) => url),
      destinations.map(({ id }) => box.seal(JSON.stringify({ APP_ID: randomBytes(16).toString('hex') }), id)),
      destinations.map(({ id }) => box.seal(newSigningSecret(), id)),
      destinations.map(({ maxInFlight }) => maxInFlight),
    ],
  );
  return { tokens: rows.map(({ token }) => token), accounts: rows };
}
