import { CloudClock } from '../../../local/clock';
import { JwtAuthorizer } from '../../../local/gateway/authorizer';
import { openSigningKey } from '../../../local/gateway/signing-key';
import { TokenEndpoint } from '../../../local/gateway/token-endpoint';
import type { IncomingMessage } from 'node:http';

const terms = { issuer: 'http://127.0.0.1:1', audience: 'maestro-billing' };
const TTL_SECONDS = 60;

/** A clock that a test can move. */
class MovedClock extends CloudClock {
  laterMs = 0;
  constructor() {
    super(0);
  }
  override nowMs(): number {
    return Date.now() + this.laterMs;
  }
}

async function setUp() {
  const clock = new MovedClock();
  const key = await openSigningKey(undefined);
  const authorizer = new JwtAuthorizer(key, terms, clock);
  const tokenOf = async (issuer: string, scope: string) => {
    const settings = {
      terms: { ...terms, issuer },
      ttlSeconds: TTL_SECONDS,
      scopes: ['maestro/run', 'maestro/read'],
      tenantClaim: 'tenant',
    };
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: 'test',
      tenant: 'acme',
      scope,
    });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const request = { headers } as unknown as IncomingMessage;
    const answer = await new TokenEndpoint(key, settings, clock).answer(request, String(form));
    return `Bearer ${(answer.body as { access_token: string }).access_token}`;
  };
  return { clock, authorizer, tokenOf };
}

describe('the JWT authorizer', () => {
  it('hands every claim on as text, and no scopes where the route asks for none', async () => {
    const { authorizer, tokenOf } = await setUp();
    const decision = await authorizer.decide(await tokenOf(terms.issuer, 'maestro/run'), []);
    expect(decision).toMatchObject({
      kind: 'authorized',
      authorization: {
        claims: { sub: 'test', tenant: 'acme', scope: 'maestro/run', exp: expect.any(String) },
        scopes: null,
      },
    });
  });

  it('refuses a token once it has expired, also one that it has let pass before', async () => {
    const { clock, authorizer, tokenOf } = await setUp();
    const token = await tokenOf(terms.issuer, 'maestro/run');
    expect((await authorizer.decide(token, [])).kind).toBe('authorized');
    expect((await authorizer.decide(token, [])).kind).toBe('authorized');
    clock.laterMs = TTL_SECONDS * 1000 + 1000;
    expect(await authorizer.decide(token, [])).toEqual({
      kind: 'unauthenticated',
      detail: 'The token has expired.',
      wasTokenGiven: true,
    });
  });

  it('refuses a token for somebody else', async () => {
    const { authorizer, tokenOf } = await setUp();
    const token = await tokenOf('http://127.0.0.1:2', 'maestro/run');
    expect((await authorizer.decide(token, [])).kind).toBe('unauthenticated');
  });

  it('lets one of the scopes that a route asks for be enough', async () => {
    const { authorizer, tokenOf } = await setUp();
    const token = await tokenOf(terms.issuer, 'maestro/read');
    expect((await authorizer.decide(token, ['maestro/run', 'maestro/read'])).kind).toBe(
      'authorized',
    );
    expect((await authorizer.decide(token, ['maestro/run'])).kind).toBe('insufficient-scope');
  });

  it.each([undefined, '', 'Basic abc', 'Bearer', 'Bearer a b'])('refuses %j', async (header) => {
    const { authorizer } = await setUp();
    expect((await authorizer.decide(header, [])).kind).toBe('unauthenticated');
  });
});
