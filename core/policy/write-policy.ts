import { monthOf } from '../guard/calendar';
import { alignMonth } from '../guard/month-account';
import type { GuardPorts } from '../guard/ports';
import type { Policy, PolicyTerms } from './policy';
import type { PolicyStore } from './policy-store';

export interface WritePolicy {
  readonly tenant: string;
  readonly terms: PolicyTerms;
  /** The version that the caller has seen; 'none' for the first policy. */
  readonly seen: number | 'none';
  readonly actor: string;
}

export type PolicyWritten =
  { readonly kind: 'created' | 'replaced'; readonly policy: Policy } | { readonly kind: 'stale' };

/**
 * Set a tenant's policy and bring this month's account in line with it. When this returns, the new
 * limit binds every call. A crash in between is mended by the sweeper.
 * @throws LedgerUnavailableError
 */
export async function writePolicy(
  ports: Pick<GuardPorts, 'ledger' | 'directory' | 'quotas'> & { readonly store: PolicyStore },
  { tenant, terms, seen, actor }: WritePolicy,
): Promise<PolicyWritten> {
  const nowMs = ports.ledger.nowMs();
  const version = seen === 'none' ? 1 : seen + 1;
  const updatedAt = new Date(nowMs).toISOString();
  const policy: Policy = { ...terms, tenant, version, updatedAt, updatedBy: actor };
  const isStored =
    seen === 'none' ? await ports.store.create(policy) : await ports.store.replace(policy, seen);
  if (!isStored) return { kind: 'stale' };
  await ports.quotas.store.adopt(tenant, version);
  await alignMonth(ports, { level: 'tenant-month', tenant, month: monthOf(nowMs) }, policy);
  return { kind: seen === 'none' ? 'created' : 'replaced', policy };
}
