import {
  clientCredentials,
  type ClientCredentialsOptions,
  MaestroRequestError,
  MaestroUnavailableError,
} from '../../../index';
import { InMemoryMaestroServer } from '../../support/in-memory-maestro-server';

let server: InMemoryMaestroServer;
let nowMs: number;

beforeEach(async () => {
  server = new InMemoryMaestroServer();
  nowMs = 1_000_000;
  await server.start();
});
afterEach(() => server.stop());

const source = (extra: Partial<ClientCredentialsOptions> = {}) =>
  clientCredentials({
    tokenUrl: `${server.url}/oauth2/token`,
    clientId: 'chat-service',
    clientSecret: 'not-much-of-a-secret',
    scope: 'maestro/run maestro/read',
    now: () => nowMs,
    ...extra,
  });

test('asks as RFC 6749 says', async () => {
  await source({ parameters: { tenant: 'acme' } })();
  expect(server.seen).toEqual([
    {
      operation: 'token',
      path: '/oauth2/token',
      body: {
        grant_type: 'client_credentials',
        client_id: 'chat-service',
        client_secret: 'not-much-of-a-secret',
        scope: 'maestro/run maestro/read',
        tenant: 'acme',
      },
    },
  ]);
});

test('holds a token until a minute before it expires', async () => {
  const token = source();
  expect(await token()).toBe('token-1');
  nowMs += 3_539_000;
  expect(await token()).toBe('token-1');
  nowMs += 1_000;
  expect(await token()).toBe('token-2');
});

test('holds a short-lived token for half its life', async () => {
  server.tokenLifetimeSeconds = 20;
  const token = source();
  await token();
  nowMs += 9_999;
  expect(await token()).toBe('token-1');
  nowMs += 1;
  expect(await token()).toBe('token-2');
});

test('callers at the same time share one request', async () => {
  const token = source();
  const tokens = await Promise.all(Array.from({ length: 20 }, () => token()));
  expect(new Set(tokens)).toEqual(new Set(['token-1']));
  expect(server.count('token')).toBe(1);
});

test('a refused token is replaced once, however many callers it failed', async () => {
  const token = source();
  const refused = await token();
  const tokens = await Promise.all(Array.from({ length: 5 }, () => token(refused)));
  expect(new Set(tokens)).toEqual(new Set(['token-2']));
  expect(await token(refused)).toBe('token-2');
  expect(server.count('token')).toBe(2);
});

test('a secret is asked for each time a token is', async () => {
  let rotation = 0;
  const token = source({ clientSecret: async () => `secret-${(rotation += 1)}` });
  const refused = await token();
  await token(refused);
  expect(server.seen.map(({ body }) => (body as { client_secret: string }).client_secret)).toEqual([
    'secret-1',
    'secret-2',
  ]);
});

test('after a failure the next call asks again', async () => {
  const token = source();
  server.plan('token', { kind: 'lose-request' }, { kind: 'answer', status: 502 });
  await expect(token()).rejects.toBeInstanceOf(MaestroUnavailableError);
  await expect(token()).rejects.toBeInstanceOf(MaestroUnavailableError);
  expect(await token()).toBe('token-1');
});

test('a server that takes too long is out of reach', async () => {
  server.plan('token', { kind: 'slow', delayMs: 500 });
  await expect(source({ requestTimeoutMs: 50 })()).rejects.toBeInstanceOf(MaestroUnavailableError);
});

test.each([
  [400, { error: 'invalid_client' }],
  [200, { token_type: 'Bearer' }],
  [200, null],
])('a client that is refused (%s) is a mistake to be mended', async (status, body) => {
  server.plan('token', { kind: 'answer', status, body });
  await expect(source()()).rejects.toBeInstanceOf(MaestroRequestError);
});

test('no error tells the secret', async () => {
  server.plan('token', { kind: 'answer', status: 401, body: { error: 'invalid_client' } });
  const error: unknown = await source()().catch((thrown: unknown) => thrown);
  expect(JSON.stringify(error) + String(error)).not.toContain('not-much-of-a-secret');
});
