import { routeOf, type Scope } from '../../core/contract/functions';
import { SCOPE_NAMES } from '../../lib/scopes';
import type { ChildCloud } from '../../local/child-cloud';
import {
  API,
  callServer,
  START_PATIENCE_MS,
  startLocalCloud,
  tokenFor,
  type ApiAnswer,
} from '../support/local-cloud';
import { Orchestrator } from '../support/orchestrator';
import {
  callsOf,
  GUARDED,
  namesBy,
  type GuardedName,
  type Ids,
  type PlacedCall,
} from '../support/route-calls';

jest.setTimeout(START_PATIENCE_MS + 120_000);

const NOBODYS: Ids = { tenant: 'nobody', runId: 'none', stepId: 'none', alertId: 'none' };

let cloud: ChildCloud;
/** What acme has; globex has a policy, a run of the same id and nothing else. */
let acmes: Ids;
let acme: Orchestrator;
let globex: Orchestrator;

beforeAll(async () => {
  cloud = await startLocalCloud({ clockStart: '2026-11-15T12:00:00Z' });
  acme = await Orchestrator.withHardCap(cloud.url, 'acme', '10');
  globex = await Orchestrator.withHardCap(cloud.url, 'globex', '10');
  await acme.openRun('acmes-run', { estimatedCostUSD: '2', tags: { secret: 'of acme' } });
  await acme.checkStep('acmes-run', 's1', { estimatedCostUSD: '0.5' });
  await acme.report('acmes-run', 'used', { costUSD: '0.25' });
  await acme.openRun('too-dear', { estimatedCostUSD: '100' });
  const { items } = (await acme.call('GET', '/alerts')).body as { items: { alertId: string }[] };
  const alertId = items[0]?.alertId;
  if (alertId === undefined) throw new Error('the refusal raised no alert');
  acmes = { tenant: 'acme', runId: 'acmes-run', stepId: 's1', alertId };
});
afterAll(async () => {
  await cloud.stop();
});

function send({ method, path, body, headers }: PlacedCall, token?: string): Promise<ApiAnswer> {
  const call = { ...(token !== undefined && { token }), ...(headers && { headers }), body };
  return callServer(cloud.url, method, `${API}${path}`, call);
}

/** All that a caller can see of an answer but what differs from call to call in any case. */
function seen({ status, headers, body }: ApiAnswer): object {
  const { instance, ...visible } = body;
  expect(instance).toEqual(expect.any(String));
  const fixed = [...headers.entries()].filter(
    ([name]) => !['date', 'x-request-id', 'apigw-requestid', 'content-length'].includes(name),
  );
  return { status, headers: Object.fromEntries(fixed), body: visible };
}

/** Everything of acme's that a call of somebody else could have changed. */
async function stateOfAcme(): Promise<unknown> {
  const paths = [
    '/billing/budgets/acme',
    '/billing/policies/acme',
    '/billing/usage',
    '/alerts',
    '/runs/acmes-run',
  ];
  const answers = await Promise.all(paths.map((path) => acme.call('GET', path)));
  return answers.map(({ status, body }) =>
    JSON.stringify({ status, body }, (key, value: unknown) => (key === 'asOf' ? '' : value)),
  );
}

describe("another tenant's token", () => {
  let globexToken: string;

  beforeAll(async () => {
    const scope = SCOPE_NAMES.join(' ');
    globexToken = await tokenFor(cloud.url, { tenant: 'globex', scope });
  });

  test.each(namesBy('id'))(
    '%s: what is there answers 404, exactly as what is not',
    async (name) => {
      const before = await stateOfAcme();
      const theirs = callsOf(name, acmes);
      for (const [index, missing] of callsOf(name, NOBODYS).entries()) {
        const there = seen(await send(theirs[index] as PlacedCall, globexToken));
        expect(there).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
        expect(there).toEqual(seen(await send(missing, globexToken)));
      }
      expect(await stateOfAcme()).toEqual(before);
    },
  );

  test.each(namesBy('tenant'))(
    '%s: naming a tenant answers 403, whether there is one or not',
    async (name) => {
      const before = await stateOfAcme();
      const theirs = callsOf(name, acmes);
      for (const [index, missing] of callsOf(name, NOBODYS).entries()) {
        const there = seen(await send(theirs[index] as PlacedCall, globexToken));
        expect(there).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
        expect(there).toEqual(seen(await send(missing, globexToken)));
      }
      expect(await stateOfAcme()).toEqual(before);
    },
  );

  test.each(namesBy('id').filter((name) => routeOf(name)?.path.includes('{runId}')))(
    '%s: naming a tenant in the query answers 403 as well',
    async (name) => {
      for (const ids of [acmes, NOBODYS]) {
        const [call] = callsOf(name, ids);
        const path = `${call?.path}?tenant=acme`;
        const answer = await send({ ...(call as PlacedCall), path }, globexToken);
        expect(seen(answer)).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
      }
    },
  );

  test('lists nothing of it, with a cursor of its own or of somebody else', async () => {
    const cursor = Buffer.from('2026-01-01T00:00:00.000Z#a#a').toString('base64url');
    for (const path of ['/billing/usage', `/billing/usage?cursor=${cursor}`, '/alerts']) {
      expect((await globex.call('GET', path)).body).toEqual({ items: [] });
    }
  });

  test('may use the same ids for its own', async () => {
    const before = await stateOfAcme();
    await globex.openRun('acmes-run', { estimatedCostUSD: '1' });
    expect((await globex.checkStep('acmes-run', 's1', { estimatedCostUSD: '1' })).status).toBe(201);
    expect((await globex.report('acmes-run', 's1', { costUSD: '0.75' })).status).toBe(201);
    const { body } = await globex.call('GET', '/runs/acmes-run');
    expect(body).toMatchObject({ tenant: 'globex', spentUSD: '0.75', tags: {} });
    expect((await globex.complete('acmes-run')).status).toBe(200);
    expect(await globex.budget()).toMatchObject({ spentUSD: '0.75', reservedUSD: '0.00' });
    expect(await stateOfAcme()).toEqual(before);
  });
});

describe('a token of its own', () => {
  const SCOPES = SCOPE_NAMES as readonly Scope[];
  const scopesOf = (name: GuardedName) => routeOf(name)?.scopes ?? [];

  test.each(GUARDED)('%s: without any of the route’s scopes answers 403', async (name) => {
    const scope = SCOPES.filter((each) => !scopesOf(name).includes(each)).join(' ');
    const token = await tokenFor(cloud.url, { tenant: 'acme', scope });
    const before = await stateOfAcme();
    for (const ids of [acmes, NOBODYS]) {
      for (const call of callsOf(name, { ...ids, tenant: 'acme' })) {
        const answer = seen(await send(call, token));
        expect(answer).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
      }
    }
    expect(await stateOfAcme()).toEqual(before);
  });

  test.each(GUARDED)('%s: with any one of them is let in', async (name) => {
    for (const scope of scopesOf(name)) {
      const token = await tokenFor(cloud.url, { tenant: 'initech', scope });
      const [call] = callsOf(name, { ...NOBODYS, tenant: 'initech' });
      const { status, body } = await send(call as PlacedCall, token);
      expect([scope, status]).not.toEqual([scope, 401]);
      expect([scope, body['code']]).not.toEqual([scope, 'FORBIDDEN']);
    }
  });

  test.each(GUARDED)('%s: none at all, or none of ours, answers 401', async (name) => {
    const other = (await tokenFor(cloud.url, { tenant: 'acme' })).split('.');
    const forged = [other[0], Buffer.from('{"tenant":"acme"}').toString('base64url'), other[2]];
    for (const ids of [acmes, NOBODYS]) {
      const [call] = callsOf(name, ids);
      for (const token of [undefined, 'not-a-token', forged.join('.')]) {
        const answer = await send(call as PlacedCall, token);
        expect(seen(answer)).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
        expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
      }
    }
  });
});

describe('a token for all tenants', () => {
  let all: string;

  beforeAll(async () => {
    all = await tokenFor(cloud.url, { tenant: '*' });
    for (const each of [acme, globex]) await each.openRun('shared', { estimatedCostUSD: '1' });
    await acme.openRun('acmes-alone', { estimatedCostUSD: '1' });
  });

  const get = (path: string) => callServer(cloud.url, 'GET', `${API}${path}`, { token: all });
  const post = (path: string, body: object) =>
    callServer(cloud.url, 'POST', `${API}${path}`, { token: all, body });

  test('finds a run by its id where one tenant alone has it', async () => {
    const { status, body } = await get('/runs/acmes-alone');
    expect({ status, tenant: body['tenant'] }).toEqual({ status: 200, tenant: 'acme' });
    const step = { stepId: 's', estimatedCostUSD: '0.1' };
    expect((await post('/runs/acmes-alone/steps', step)).status).toBe(201);
    const usage = await post('/runs/acmes-alone/steps/s/usage', { costUSD: '0.1' });
    expect(usage.body['budget']).toMatchObject({ tenant: 'acme' });
    expect((await post('/runs/acmes-alone/complete', { status: 'succeeded' })).status).toBe(200);
    expect((await get('/runs/none')).status).toBe(404);
  });

  test('has to name the tenant where several have it', async () => {
    const { status, body } = await get('/runs/shared');
    expect(status).toBe(400);
    expect(body['errors']).toEqual([
      { path: 'query/tenant', message: expect.stringContaining('required') },
    ]);
    for (const tenant of ['acme', 'globex']) {
      expect((await get(`/runs/shared?tenant=${tenant}`)).body).toMatchObject({ tenant });
    }
    expect((await get('/runs/shared?tenant=initech')).status).toBe(404);
    expect((await get('/runs/acmes-alone?tenant=globex')).status).toBe(404);
    const usage = await post('/runs/shared/steps/s/usage?tenant=globex', { costUSD: '0.5' });
    expect(usage.status).toBe(201);
    const acmesRun = await acme.call('GET', '/runs/shared');
    expect(acmesRun.body).toMatchObject({ spentUSD: '0.00', steps: [] });
    const completed = await post('/runs/shared/complete?tenant=globex', { status: 'failed' });
    expect(completed.body).toMatchObject({ spentUSD: '0.50' });
    expect((await acme.call('GET', '/runs/shared')).body).toMatchObject({ status: 'OPEN' });
  });

  test('has to name the tenant in lists, and sees each one’s', async () => {
    for (const path of ['/billing/usage', '/alerts']) {
      expect((await get(path)).status).toBe(400);
    }
    for (const tenant of ['acme', 'globex']) {
      const usage = (await get(`/billing/usage?tenant=${tenant}`)).body['items'];
      const own = await (tenant === 'acme' ? acme : globex).usage();
      expect(usage).toEqual(own);
      expect((await get(`/billing/budgets/${tenant}`)).body).toMatchObject({ tenant });
      expect((await get(`/billing/policies/${tenant}`)).body).toMatchObject({ tenant });
    }
  });
});
