import type { LedgerReader } from '../../core/guard/ports';
import { ALL_TENANTS, tenantFor, type Caller, type TenantChoice } from './caller';
import { invalidRequest, problem } from './problem';

/** The index of runs follows the table within moments; a run that was just opened is looked for again. */
const PAUSES_MS: readonly number[] = [50, 150, 400];

/**
 * Whose run a call is about. A caller for all tenants may name the tenant, which costs nothing, or
 * leave it to the index of runs, which costs a query.
 */
export async function tenantOfRun(
  reader: Pick<LedgerReader, 'tenantsOfRun'>,
  caller: Caller,
  named: string | undefined,
  runId: string,
  pause: (ms: number) => Promise<void> = sleep,
): Promise<TenantChoice> {
  if (caller.tenant !== ALL_TENANTS || named !== undefined) {
    return tenantFor(caller, named, 'query/tenant');
  }
  for (const pauseMs of [0, ...PAUSES_MS]) {
    if (pauseMs > 0) await pause(pauseMs);
    const [tenant, ...others] = await reader.tenantsOfRun(runId);
    if (tenant === undefined) continue;
    if (others.length === 0) return { kind: 'tenant', tenant };
    const message = 'is required: more than one tenant has a run of this id';
    return { kind: 'refused', reply: invalidRequest([{ path: 'query/tenant', message }]) };
  }
  return { kind: 'refused', reply: problem('NOT_FOUND', 'There is no such run.') };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
