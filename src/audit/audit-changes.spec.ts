import { describe, expect, it } from 'vitest';
import { compare } from './audit-changes.js';

describe('changes', () => {
  it('are the fields that differ, without what only goes along', () => {
    const before = { id: '1', url: 'http://a', event_types: ['x'], description: null, version: 1 };
    const after = { ...before, url: 'http://b', event_types: ['x'], version: 2, updated_at: 'now' };
    expect(compare(before, after)).toEqual({ url: ['http://a', 'http://b'] });
  });

  it('are everything that has a value when something is made or removed', () => {
    expect(compare(null, { email: null, role: 'User' })).toEqual({ role: [null, 'User'] });
    expect(compare({ email: null, role: 'User' }, null)).toEqual({ role: ['User', null] });
    expect(compare(null, null)).toEqual({});
  });

  it('show that a secret changed, and never the secret', () => {
    const secrets = (value: string) => ({
      app_secret_token: value,
      signing_secret: value,
      password: value,
      invite_token: value,
      headers: { APP_ID: value, Accept: '*' },
    });
    const changes = compare(secrets('old'), secrets('new'));
    const changed = ['***', '***'];
    expect(changes).toEqual({
      app_secret_token: changed,
      signing_secret: changed,
      password: changed,
      invite_token: changed,
      'headers.APP_ID': changed,
    });
    expect(compare(null, { headers: { APP_ID: 'new' } })).toEqual({ 'headers.APP_ID': [null, '***'] });
  });
});
