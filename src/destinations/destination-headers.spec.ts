import { describe, expect, it } from 'vitest';
import { maskHeaders, resolveHeaders } from './destination-headers.js';

describe('maskHeaders', () => {
  it('shows each name and no value', () => {
    expect(maskHeaders(['APP_ID', 'Accept'])).toEqual({ APP_ID: '***', Accept: '***' });
  });

  it('shows a header named __proto__ like others', () => {
    expect(Object.keys(maskHeaders(['__proto__']))).toEqual(['__proto__']);
  });
});

describe('resolveHeaders', () => {
  it('takes new values as they are', () => {
    expect(resolveHeaders({ APP_ID: '1' }, { APP_ID: 'old', Gone: 'x' })).toEqual({
      headers: { APP_ID: '1' },
      errors: [],
    });
  });

  it('keeps the stored value where the mask is sent, whatever the case of the name', () => {
    const { headers, errors } = resolveHeaders({ app_id: '***', New: 'n' }, { APP_ID: 'secret' });
    expect(errors).toEqual([]);
    expect(headers).toEqual({ app_id: 'secret', New: 'n' });
  });

  it('refuses the mask for a header that is not stored, by name', () => {
    const { errors } = resolveHeaders({ APP_ID: '***' }, {});
    expect(errors).toHaveLength(1);
    expect(errors[0]).toMatchObject({
      field: 'headers.APP_ID',
      message: expect.stringContaining('no header of this name'),
    });
  });

  it('does not take names of Object.prototype for stored headers', () => {
    expect(resolveHeaders({ constructor: '***' }, {}).errors).toHaveLength(1);
    expect(resolveHeaders(JSON.parse('{"__proto__":"***"}'), {}).errors).toHaveLength(1);
  });

  it('carries a header named __proto__ as an own property', () => {
    const { headers, errors } = resolveHeaders(JSON.parse('{"__proto__":"x"}'), {});
    expect(errors).toEqual([]);
    expect(JSON.stringify(headers)).toBe('{"__proto__":"x"}');
  });

  it('reports what the header rules refuse, the kept values counted', () => {
    expect(resolveHeaders({ Host: 'x' }, {}).errors).toMatchObject([{ field: 'headers.Host' }]);
    expect(resolveHeaders({ 'X-Id': 7 }, {}).errors).toMatchObject([{ field: 'headers.X-Id' }]);
    const long = 'v'.repeat(5000);
    expect(resolveHeaders({ A: '***', B: long }, { A: long }).errors).toMatchObject([{ field: 'headers' }]);
  });
});
