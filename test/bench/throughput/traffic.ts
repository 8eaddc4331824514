import { BASE_PATH } from '../../../core/contract/functions';
import { BODIES, POLICY } from '../support/operations';
import type { KeepAliveClient } from './keep-alive-client';

const SCOPE = 'maestro/run maestro/read maestro/policy';

export interface Tenant {
  readonly name: string;
  readonly token: string;
}

export interface Run {
  readonly tenant: Tenant;
  readonly id: string;
}

export interface Step {
  readonly run: Run;
  readonly id: string;
}

/** So many runs, spread evenly over the tenants. */
export function runsOf(tenants: readonly Tenant[], name: string, count: number): readonly Run[] {
  return Array.from({ length: count }, (_, index) => ({
    tenant: tenants[index % tenants.length] as Tenant,
    id: `${name}-${index}`,
  }));
}

/** All first steps, then all second ones: calls that follow each other concern different runs. */
export function stepsOf(runs: readonly Run[], stepsPerRun: number): readonly Step[] {
  const ids = Array.from({ length: stepsPerRun }, (_, index) => `step-${index}`);
  return ids.flatMap((id) => runs.map((run) => ({ run, id })));
}

/** The calls of an orchestrator; each throws when it is answered in another way than expected. */
export class Traffic {
  constructor(private readonly client: KeepAliveClient) {}

  /** A tenant with a policy and an open month, so that no call that is timed pays for a first time. */
  async openTenant(name: string): Promise<Tenant> {
    const token = await this.tokenFor(name);
    await this.client.expect(201, {
      method: 'PUT',
      path: `${BASE_PATH}/billing/policies/${name}`,
      token,
      headers: { 'if-none-match': '*' },
      body: POLICY,
    });
    const run: Run = { tenant: { name, token }, id: 'first' };
    await this.checkRun(run);
    await this.complete(run);
    return run.tenant;
  }

  checkRun({ tenant, id }: Run): Promise<unknown> {
    return this.post(201, tenant, '/runs', BODIES.run(tenant.name, id));
  }

  askTooMuch({ tenant, id }: Run): Promise<unknown> {
    return this.post(402, tenant, '/runs', BODIES.tooLargeRun(tenant.name, `${id}-large`));
  }

  checkStep({ run, id }: Step): Promise<unknown> {
    return this.post(201, run.tenant, `/runs/${run.id}/steps`, BODIES.step(id));
  }

  reportUsage({ run, id }: Step): Promise<unknown> {
    return this.post(201, run.tenant, `/runs/${run.id}/steps/${id}/usage`, BODIES.usage);
  }

  complete({ tenant, id }: Run): Promise<unknown> {
    return this.post(200, tenant, `/runs/${id}/complete`, BODIES.completion);
  }

  private post(status: number, { token }: Tenant, path: string, body: object): Promise<unknown> {
    return this.client.expect(status, { method: 'POST', path: BASE_PATH + path, token, body });
  }

  private async tokenFor(tenant: string): Promise<string> {
    const form = { grant_type: 'client_credentials', client_id: 'bench', tenant, scope: SCOPE };
    const { text } = await this.client.expect(200, {
      method: 'POST',
      path: '/oauth2/token',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    });
    return (JSON.parse(text) as { access_token: string }).access_token;
  }
}
