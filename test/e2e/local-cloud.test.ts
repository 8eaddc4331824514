import { createLocalJWKSet, generateKeyPair, jwtVerify, SignJWT, type JSONWebKeySet } from 'jose';
import type { ChildCloud } from '../../local/child-cloud';
import {
  API,
  callServer,
  putHardCap,
  startLocalCloud,
  START_PATIENCE_MS,
  tokenFor,
} from '../support/local-cloud';

jest.setTimeout(30_000);

let cloud: ChildCloud;

beforeAll(async () => {
  cloud = await startLocalCloud();
}, START_PATIENCE_MS);

afterAll(async () => {
  await cloud.stop();
});

describe('who may call', () => {
  const guarded = `${API}/billing/budgets/acme`;

  it('answers 401 without a token', async () => {
    const { status, headers, body } = await callServer(cloud.url, 'GET', guarded);
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe('Bearer');
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(body).toEqual({
      type: 'urn:maestro-billing:problem:unauthenticated',
      title: expect.any(String),
      status: 401,
      detail: expect.any(String),
      code: 'UNAUTHENTICATED',
      instance: expect.any(String),
    });
  });

  it('answers 401 to a token that somebody else signed', async () => {
    const { privateKey } = await generateKeyPair('RS256');
    const token = await new SignJWT({ scope: 'maestro/read', tenant: 'acme' })
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuer(cloud.url)
      .setAudience('maestro-billing')
      .setExpirationTime('1h')
      .sign(privateKey);
    const { status, headers } = await callServer(cloud.url, 'GET', guarded, { token });
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toContain('invalid_token');
  });

  it('answers 401 to an unsigned token and to one with a changed claim', async () => {
    const token = await tokenFor(cloud.url, { tenant: 'acme' });
    const [header = '', payload = '', signature = ''] = token.split('.');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
    const forged = Buffer.from(JSON.stringify({ ...claims, tenant: '*' })).toString('base64url');
    const unsigned = Buffer.from('{"alg":"none"}').toString('base64url');
    for (const bad of [`${header}.${forged}.${signature}`, `${unsigned}.${payload}.`]) {
      expect((await callServer(cloud.url, 'GET', guarded, { token: bad })).status).toBe(401);
    }
  });

  it('lets a token pass that its own endpoint issued, whose key is published', async () => {
    const token = await tokenFor(cloud.url, { tenant: 'acme', clientId: 'orchestrator' });
    const { body } = await callServer(cloud.url, 'GET', '/.well-known/jwks.json');
    const keys = createLocalJWKSet(body as unknown as JSONWebKeySet);
    const { payload } = await jwtVerify(token, keys, { issuer: cloud.url });
    expect(payload).toMatchObject({ sub: 'orchestrator', tenant: 'acme' });
    const answer = await callServer(cloud.url, 'GET', `${API}/runs/none`, { token });
    expect(answer.status).toBe(404);
  });

  it('needs no token for healthz and openapi.json', async () => {
    expect((await callServer(cloud.url, 'GET', `${API}/healthz`)).status).toBe(200);
    expect((await callServer(cloud.url, 'GET', `${API}/openapi.json`)).status).toBe(200);
  });
});

describe('the token endpoint', () => {
  const good = { grant_type: 'client_credentials', client_id: 'a', tenant: 'acme' };
  const ask = async (form: Record<string, string>) => {
    const body = new URLSearchParams(form);
    const response = await fetch(`${cloud.url}/oauth2/token`, { method: 'POST', body });
    return { status: response.status, body: (await response.json()) as { error?: string } };
  };

  it.each([
    ['unsupported_grant_type', { ...good, grant_type: 'password', scope: 'maestro/run' }],
    ['invalid_request', { client_id: 'a', tenant: 'acme', scope: 'maestro/run' }],
    ['invalid_request', { ...good, client_id: '', scope: 'maestro/run' }],
    ['invalid_request', { ...good, tenant: '..', scope: 'maestro/run' }],
    ['invalid_scope', good],
    ['invalid_scope', { ...good, scope: 'maestro/run maestro/everything' }],
  ])('answers 400 %s', async (error, form) => {
    expect(await ask(form)).toMatchObject({ status: 400, body: { error } });
  });

  it('answers a token and how long it is valid', async () => {
    expect(await ask({ ...good, scope: 'maestro/run maestro/read' })).toMatchObject({
      status: 200,
      body: { access_token: expect.any(String), token_type: 'Bearer', expires_in: 3600 },
    });
  });
});

describe('the gateway', () => {
  it('leads a run through its life', async () => {
    const token = await tokenFor(cloud.url, { tenant: 'life' });
    await putHardCap(cloud.url, token, 'life', '1.00');
    const post = (path: string, body: object) =>
      callServer(cloud.url, 'POST', `${API}${path}`, { token, body });
    const run = { tenant: 'life', runId: 'r', pipeline: 'p', estimatedCostUSD: '0.50' };
    expect((await post('/runs', run)).status).toBe(201);
    expect((await post('/runs', run)).status).toBe(200);
    const step = { stepId: 's', estimatedCostUSD: '0.25' };
    expect((await post('/runs/r/steps', step)).status).toBe(201);
    const usage = { costUSD: '0.2', model: 'm', provider: 'p', tokens: { input: 1, output: 1 } };
    expect((await post('/runs/r/steps/s/usage', usage)).status).toBe(201);
    expect(await post('/runs/r/complete', { status: 'succeeded' })).toMatchObject({
      status: 200,
      body: { spentUSD: '0.20', budget: { spentUSD: '0.20', reservedUSD: '0.00' } },
    });
  });

  it('decodes path parameters, and refuses those that cannot be decoded', async () => {
    const token = await tokenFor(cloud.url, { tenant: 'acme' });
    const get = (path: string) => callServer(cloud.url, 'GET', path, { token });
    expect((await get(`${API}/runs/a%2Eb`)).status).toBe(404);
    expect((await get(`${API}/runs/a%20b`)).status).toBe(400);
    expect(await get(`${API}/runs/%ff`)).toMatchObject({
      status: 400,
      body: { code: 'INVALID_REQUEST' },
    });
  });

  it('answers 404 as a problem where there is no route', async () => {
    const token = await tokenFor(cloud.url, { tenant: 'acme' });
    expect(await callServer(cloud.url, 'GET', '/nothing', { token })).toMatchObject({
      status: 404,
      body: { code: 'NOT_FOUND' },
    });
  });

  it('takes no body over 10 MB', async () => {
    const token = await tokenFor(cloud.url, { tenant: 'acme' });
    const body = 'x'.repeat(11 * 1024 * 1024);
    const sent = callServer(cloud.url, 'POST', `${API}/runs`, { token, body });
    // The connection may be closed before all of it is sent.
    const status = await sent.then(
      (answer) => answer.status,
      () => 413,
    );
    expect(status).toBe(413);
    expect((await callServer(cloud.url, 'GET', `${API}/healthz`)).status).toBe(200);
  });
});

describe('schedules', () => {
  it('sweeps on demand and says how many accounts', async () => {
    const token = await tokenFor(cloud.url, { tenant: 'swept' });
    await putHardCap(cloud.url, token, 'swept', '1.00');
    const run = { tenant: 'swept', runId: 'r', pipeline: 'p', estimatedCostUSD: '0.50' };
    await callServer(cloud.url, 'POST', `${API}/runs`, { token, body: run });
    const { status, body } = await callServer(cloud.url, 'POST', '/__local/sweep');
    expect(status).toBe(200);
    expect(body['accounts']).toBeGreaterThanOrEqual(1);
    expect(body['failed']).toEqual([]);
  });

  it('tells what the engine was asked', async () => {
    const { body } = await callServer(cloud.url, 'GET', '/__local/engine');
    expect(body['calls']).toMatchObject({ UpdateItem: expect.any(Number) });
  });
});

describe('roles', () => {
  const askEngine = async (signer: string, operation: string, input: object) => {
    const { body } = await callServer(cloud.url, 'GET', '/__local/engine');
    const response = await fetch(String(body['endpoint']), {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `DynamoDB_20120810.${operation}`,
        'x-amz-date': '20200101T000000Z',
        authorization:
          `AWS4-HMAC-SHA256 Credential=${signer}/20200101/us-east-1/dynamodb/aws4_request, ` +
          'SignedHeaders=host, Signature=0',
      },
      body: JSON.stringify(input),
    });
    return { status: response.status, body: await response.text() };
  };
  const item = { pk: { S: 'x' }, sk: { S: 'x' } };

  it('let a function do at the engine what its policy allows and nothing else', async () => {
    const [ledger, control] = ['maestro-billing-dev-ledger', 'maestro-billing-dev-control'];
    const reader = 'maestro-billing-dev-read-policy';
    const read = await askEngine(reader, 'GetItem', { TableName: control, Key: item });
    expect(read.status).toBe(200);
    for (const [operation, input] of [
      ['PutItem', { TableName: control, Item: item }],
      ['GetItem', { TableName: ledger, Key: item }],
      ['BatchWriteItem', { RequestItems: { [control]: [{ PutRequest: { Item: item } }] } }],
    ] as const) {
      const refused = await askEngine(reader, operation, input);
      expect(refused.status).toBe(400);
      expect(refused.body).toContain('AccessDeniedException');
    }
  });
});
