import { readCaller, tenantFor, type Caller } from '../../../lambdas/http/caller';

const ACME: Caller = { subject: 's', tenant: 'acme', scopes: [] };
const PLATFORM: Caller = { subject: 's', tenant: '*', scopes: [] };

describe('tenantFor', () => {
  test('keeps a caller to its own tenant', () => {
    expect(tenantFor(ACME, 'acme', '/tenant')).toEqual({ kind: 'tenant', tenant: 'acme' });
    expect(tenantFor(ACME, undefined, '/tenant')).toEqual({ kind: 'tenant', tenant: 'acme' });
    expect(tenantFor(ACME, 'globex', '/tenant')).toMatchObject({
      kind: 'refused',
      reply: { status: 403, body: { code: 'FORBIDDEN' } },
    });
    expect(tenantFor(ACME, 'ACME', '/tenant').kind).toBe('refused');
  });

  test('lets a caller of all tenants name any, but not none', () => {
    expect(tenantFor(PLATFORM, 'globex', '/tenant')).toEqual({ kind: 'tenant', tenant: 'globex' });
    expect(tenantFor(PLATFORM, undefined, 'query/tenant')).toMatchObject({
      kind: 'refused',
      reply: { status: 400, body: { errors: [{ path: 'query/tenant' }] } },
    });
  });
});

describe('scopes', () => {
  const claims = { sub: 's', tenant: 'acme' };
  const check = (scope: string | undefined, scopes: string[] | null) =>
    readCaller(
      {
        principalId: '',
        integrationLatency: 0,
        jwt: { claims: { ...claims, ...(scope === undefined ? {} : { scope }) }, scopes: scopes! },
      },
      ['maestro/run'],
      'tenant',
    ).kind;

  test('are the token’s, and what stands beside it only where it has no such claim', () => {
    expect(check('a  maestro/run\tb', null)).toBe('caller');
    expect(check(undefined, ['maestro/run'])).toBe('caller');
    expect(check('maestro/read', ['maestro/run'])).toBe('refused');
    expect(check('', ['maestro/run'])).toBe('refused');
    expect(check(undefined, null)).toBe('refused');
  });
});

test('a name that every object has is no claim', () => {
  const authorizer = {
    principalId: '',
    integrationLatency: 0,
    jwt: { claims: { sub: 's', scope: 'maestro/run' }, scopes: [] },
  };
  expect(readCaller(authorizer, [], 'constructor').kind).toBe('refused');
});
