import type { PolicySource } from '../guard/ports';
import type { Policy, PolicyTerms } from './policy';
import type { PolicyStore } from './policy-store';

interface Remembered {
  readonly policy: Policy | undefined;
  readonly untilMs: number;
}

/** So many tenants are remembered by one function instance. */
const MAX_REMEMBERED = 5_000;

/**
 * Policies with a short memory. Limits never come from here: they stand in the month's account, so
 * a changed limit binds at once. Rates and quotas do, and may be as old as the memory is long.
 */
export function createPolicySource(options: {
  readonly store: PolicyStore;
  readonly defaultTerms: PolicyTerms | undefined;
  readonly memoryMs: number;
  readonly nowMs: () => number;
}): PolicySource {
  const { store, defaultTerms, memoryMs, nowMs } = options;
  const remembered = new Map<string, Remembered>();

  const latest = async (tenant: string): Promise<Policy | undefined> => {
    const policy = (await store.read(tenant)) ?? defaultPolicy(tenant, defaultTerms);
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    remembered.set(tenant, { policy, untilMs: nowMs() + memoryMs });
    return policy;
  };

  const recent = async (tenant: string): Promise<Policy | undefined> => {
    const known = remembered.get(tenant);
    return known !== undefined && known.untilMs > nowMs() ? known.policy : latest(tenant);
  };

  const confirm = (tenant: string, version: number): void => {
    const known = remembered.get(tenant);
    if (known?.policy === undefined) return;
    const { policy } = known;
    if (policy.version < version) remembered.delete(tenant);
    else if (policy.version === version) {
      remembered.set(tenant, { policy, untilMs: nowMs() + memoryMs });
    }
  };

  return { recent, latest, confirm };
}

function defaultPolicy(tenant: string, terms: PolicyTerms | undefined): Policy | undefined {
  if (terms === undefined) return undefined;
  return { ...terms, tenant, version: 0, updatedAt: '', updatedBy: 'deployment' };
}
