/** Fields of bodies whose values are secrets. */
const SECRET_FIELDS =
  /^(password|currentPassword|newPassword|(access|refresh|invite|app_secret)_token|access|refresh|token|key|signing_secret)$/;

/** Values that tests plant: in headers, addresses, payloads, anywhere. */
const PLANTED = /-secret\b|canary/i;

/** Long enough, and of no word: nothing else can look like it. */
const RANDOM = /[\w-]{32,}/g;
const PASSWORD = /^(?=.*\d)(?=.*[^\w]).{8,}$/;

/** Secrets that went over the wire in this worker. Whoever asked may have got them; nothing may print them. */
const random = new Set<string>();
const others = new Set<string>();

/** Remembers the secrets in the body of a request or an answer. */
export function noteSecrets(body: unknown, field = ''): void {
  if (typeof body === 'string') noteText(body, field);
  else if (typeof body === 'object' && body !== null)
    for (const [name, value] of Object.entries(body)) noteSecrets(value, Array.isArray(body) ? field : name);
}

function noteText(value: string, field: string): void {
  if (PLANTED.test(value)) others.add(value);
  if (!SECRET_FIELDS.test(field)) return;
  // The signature is what makes a JWT worth something; its header is in every one.
  const found = value.split('.').at(-1)!.match(RANDOM);
  if (found) for (const each of found) random.add(each);
  else if (PASSWORD.test(value) || value.startsWith('whsec_')) others.add(value);
}

export function findSecrets(output: string): string[] {
  const found = (output.match(RANDOM) ?? []).filter((word) => random.has(word));
  return [...new Set([...found, ...[...others].filter((secret) => output.includes(secret))])];
}

/** @throws Error that shows the lines with a secret. */
export function expectNoSecrets(output: string): void {
  const secrets = findSecrets(output);
  if (secrets.length === 0) return;
  const lines = output.split('\n').filter((line) => secrets.some((secret) => line.includes(secret)));
  throw new Error(`secrets were printed:\n${lines.slice(0, 5).join('\n')}`);
}
