import { BASE_PATH } from '../../../core/contract/functions';
import { BODIES, POLICY, type Operation } from '../support/operations';
import type { KeepAliveClient } from './keep-alive-client';

export interface Tenant {
  readonly name: string;
  readonly token: string;
}

interface Run {
  readonly tenant: Tenant;
  readonly id: string;
}

type Send = () => Promise<unknown>;

/** The calls of one wave, an operation after the other. */
export type Wave = Readonly<Record<Operation, readonly Send[]>>;

/** Each run of a wave has this many steps. */
export const STEPS_PER_RUN = 2;

const SCOPE = 'maestro/run maestro/read maestro/policy';

/**
 * Tenants with a policy and an open month, so that no call that is timed pays for a first time.
 */
export async function createTenants(
  client: KeepAliveClient,
  names: readonly string[],
): Promise<readonly Tenant[]> {
  const tenants: Tenant[] = [];
  for (const name of names) {
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: 'bench',
      tenant: name,
      scope: SCOPE,
    });
    const { text } = await client.expect(200, {
      method: 'POST',
      path: '/oauth2/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
    });
    const { access_token: token } = JSON.parse(text) as { access_token: string };
    await client.expect(201, {
      method: 'PUT',
      path: `${BASE_PATH}/billing/policies/${name}`,
      token,
      headers: { 'if-none-match': '*' },
      body: POLICY,
    });
    const first: Run = { tenant: { name, token }, id: 'first' };
    await checkRun(client, first);
    await complete(client, first);
    tenants.push(first.tenant);
  }
  return tenants;
}

/** The calls of `size` runs, spread evenly over the tenants. */
export function wave(
  client: KeepAliveClient,
  tenants: readonly Tenant[],
  name: string,
  size: number,
): Wave {
  const runs = Array.from({ length: size }, (_, index): Run => {
    return { tenant: tenants[index % tenants.length] as Tenant, id: `${name}-${index}` };
  });
  const steps = Array.from({ length: STEPS_PER_RUN }, (_, index) => `step-${index}`);
  // All first steps, then all second ones: calls that follow each other concern different runs.
  const eachStep = (send: (run: Run, step: string) => Promise<unknown>) =>
    steps.flatMap((step) => runs.map((run) => () => send(run, step)));
  return {
    'run check': runs.map((run) => () => checkRun(client, run)),
    'step check': eachStep((run, step) => checkStep(client, run, step)),
    usage: eachStep((run, step) => reportUsage(client, run, step)),
    completion: runs.map((run) => () => complete(client, run)),
    'denied run check': runs.map((run) => () => askTooMuch(client, run)),
  };
}

function checkRun(client: KeepAliveClient, { tenant, id }: Run) {
  const { name, token } = tenant;
  const body = BODIES.run(name, id);
  return client.expect(201, { method: 'POST', path: `${BASE_PATH}/runs`, token, body });
}

function askTooMuch(client: KeepAliveClient, { tenant, id }: Run) {
  const { name, token } = tenant;
  const body = BODIES.tooLargeRun(name, `${id}-large`);
  return client.expect(402, { method: 'POST', path: `${BASE_PATH}/runs`, token, body });
}

function checkStep(client: KeepAliveClient, { tenant, id }: Run, step: string) {
  const path = `${BASE_PATH}/runs/${id}/steps`;
  return client.expect(201, { method: 'POST', path, token: tenant.token, body: BODIES.step(step) });
}

function reportUsage(client: KeepAliveClient, { tenant, id }: Run, step: string) {
  const path = `${BASE_PATH}/runs/${id}/steps/${step}/usage`;
  return client.expect(201, { method: 'POST', path, token: tenant.token, body: BODIES.usage });
}

function complete(client: KeepAliveClient, { tenant, id }: Run) {
  const path = `${BASE_PATH}/runs/${id}/complete`;
  return client.expect(200, { method: 'POST', path, token: tenant.token, body: BODIES.completion });
}
