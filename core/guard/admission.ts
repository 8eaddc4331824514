import { raiseQuotaDenial } from '../alerts/quota-alerts';
import type { Actor } from '../alerts/budget-alerts';
import type { Policy } from '../policy/policy';
import type { QuotaReceipt } from '../quotas/quota-store';
import {
  rehearseQuota,
  takeQuota,
  type QuotaAsk,
  type QuotaStanding,
  type QuotaTaken,
} from '../quotas/take-quota';
import { LedgerUnavailableError } from '../ledger/faults';
import type { GuardPorts } from './ports';

const MAX_POLICY_CHANGES = 5;

export type QuotaRefusal =
  | {
      readonly kind: 'model-not-allowed';
      readonly model: string | undefined;
      readonly policy: Policy;
    }
  | {
      readonly kind: 'requests-exceeded' | 'tokens-exceeded';
      readonly retryAfterSeconds: number;
      readonly standings: readonly QuotaStanding[];
      readonly policy: Policy;
    };

export type Metered =
  | {
      readonly kind: 'metered';
      readonly policy: Policy;
      readonly receipt: QuotaReceipt | undefined;
      readonly standings: readonly QuotaStanding[];
    }
  | { readonly kind: 'policy-not-found' }
  | QuotaRefusal;

type MeterPorts = Pick<GuardPorts, 'policies' | 'quotas' | 'alerts'>;

/**
 * Count a request against its tenant's quotas under the policy of the moment.
 * @throws LedgerUnavailableError
 */
export async function meterRequest(ports: MeterPorts, ask: QuotaAsk): Promise<Metered> {
  let policy =
    (await ports.policies.recent(ask.tenant)) ?? (await ports.policies.latest(ask.tenant));
  let isLatest = false;
  for (let attempt = 0; attempt < MAX_POLICY_CHANGES; attempt += 1) {
    if (policy === undefined) return { kind: 'policy-not-found' };
    const taken = await takeQuota(ports.quotas, policy, ask);
    if (taken.kind === 'taken') return { ...taken, kind: 'metered', policy };
    // A refusal stands only on the latest policy: the one at hand may be some seconds old.
    if (taken.kind !== 'policy-changed' && isLatest) return asRefusal(policy, ask, taken);
    policy = await ports.policies.latest(ask.tenant);
    isLatest = true;
  }
  throw new LedgerUnavailableError(`the policy of ${ask.tenant} does not come to rest`);
}

/** What meterRequest would say, with nothing counted and nobody told. */
export async function rehearseMeter(ports: MeterPorts, ask: QuotaAsk): Promise<Metered> {
  const policy = await ports.policies.latest(ask.tenant);
  if (policy === undefined) return { kind: 'policy-not-found' };
  const taken = await rehearseQuota(ports.quotas, policy, ask);
  if (taken.kind === 'taken') return { ...taken, kind: 'metered', policy };
  return asRefusal(policy, ask, taken);
}

/** Give back what a request counted that came to nothing. */
export async function giveBack(ports: MeterPorts, metered: Metered): Promise<void> {
  if (metered.kind === 'metered' && metered.receipt !== undefined) {
    await ports.quotas.store.giveBack(metered.receipt);
  }
}

/**
 * A hold has shown which policy its budget came from. Where that is a newer one than the request was
 * metered with, the request counts under it: a quota that is introduced counts from the first call on.
 * An older one proves nothing, unless the tenant's month was asked: a run knows the policy of the
 * time when it was last funded.
 */
export async function meterUnderNewer(
  ports: MeterPorts,
  ask: QuotaAsk,
  metered: Extract<Metered, { kind: 'metered' }>,
  shown: { readonly version: number; readonly isOfMonth: boolean },
): Promise<void> {
  if (shown.version <= metered.policy.version) {
    if (shown.isOfMonth) ports.policies.confirm(ask.tenant, shown.version);
    return;
  }
  const policy = await ports.policies.latest(ask.tenant);
  if (policy !== undefined && metered.receipt === undefined) {
    await takeQuota(ports.quotas, policy, { ...ask, model: undefined });
  }
}

type Refused = Exclude<QuotaTaken, { kind: 'taken' | 'policy-changed' }>;

/** Tell the AlertCenter that a quota refused a request. */
export function tellRefusal(
  { alerts }: MeterPorts,
  refused: QuotaRefusal,
  actor: Actor,
): Promise<void> {
  const model = refused.kind === 'model-not-allowed' ? refused.model : undefined;
  return raiseQuotaDenial(alerts, refused.policy, refused.kind, { ...actor, model });
}

function asRefusal(policy: Policy, ask: QuotaAsk, taken: Refused): QuotaRefusal {
  if (taken.kind === 'model-not-allowed') return { ...taken, model: ask.model?.name, policy };
  return { ...taken, policy };
}
