import { describe, expect, it } from 'vitest';
import { decodeSecret, sign } from './signer.js';

const ID = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const BODY = Buffer.from('{"test": 2432232314}');

describe('signatures', () => {
  it('match the published vector of Standard Webhooks', () => {
    const key = decodeSecret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    expect(sign([key], ID, 1614265330, BODY)).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it('are the same of text and of its bytes', () => {
    const key = decodeSecret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    for (const text of [BODY.toString(), '', '\0\x7f'])
      expect(sign([key], ID, 1614265330, text)).toBe(sign([key], ID, 1614265330, Buffer.from(text)));
  });

  it('are one per key while a secret is rotated', () => {
    const keys = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_AAAA'].map(decodeSecret);
    const both = sign(keys, ID, 1614265330, BODY);
    expect(both.split(' ')).toEqual(keys.map((key) => sign([key], ID, 1614265330, BODY)));
  });

  it.each(['', 'whsec_', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_a b', 'whsec_secret!', 'whsec_====='])(
    'refuse the secret %j without repeating it',
    (secret) => {
      expect(() => decodeSecret(secret)).toThrow(/^a signing secret must look like whsec_<base64>$/);
    },
  );
});
