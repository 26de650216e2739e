import { describe, expect, it } from 'vitest';
import { rewriteUrl } from './rewrite-url.js';

describe('the spelling of a path', () => {
  it.each([
    ['/api/accounts', '/api/accounts'],
    ['/api/accounts/', '/api/accounts'],
    ['/accounts', '/api/accounts'],
    ['/accounts///', '/api/accounts'],
    ['/accounts/?limit=1', '/api/accounts?limit=1'],
    ['/api', '/api'],
    ['/apiary', '/api/apiary'],
    ['/api/account/1/destinations/', '/api/accounts/1/destinations'],
    ['/account/1/incoming-data/?limit=1', '/api/accounts/1/incoming-data?limit=1'],
    ['/account/1', '/api/accounts/1'],
    ['/account', '/api/account'],
    ['/account-members/', '/api/account-members'],
    ['/api/users/register/', '/api/user/register'],
    ['/users/register?a=/account/', '/api/user/register?a=/account/'],
    ['/users/registered', '/api/users/registered'],
    ['/server/incoming_data/', '/api/server/incoming_data'],
    ['/swagger/', '/swagger'],
    ['/swaggers', '/api/swaggers'],
    ['/health/ready', '/health/ready'],
    ['/openapi.json', '/openapi.json'],
    ['/', '/'],
    ['//', '/'],
    ['*', '*'],
  ])('%s is served as %s', (asked, served) => {
    expect(rewriteUrl(asked)).toBe(served);
  });
});
