import { MAX_USD, type NanoUsd } from '../money/nano-usd';
import type { Policy } from '../policy/policy';
import { priceReservation, type Price } from '../prices/price';
import type { GuardPorts } from './ports';

export interface EstimateEntry {
  readonly model: string;
  readonly provider?: string | undefined;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly count: number;
}

export type Estimated =
  | { readonly kind: 'amount'; readonly amount: NanoUsd }
  | { readonly kind: 'price-unknown'; readonly model: string; readonly provider?: string }
  | { readonly kind: 'policy-not-found' }
  | { readonly kind: 'too-large' };

/**
 * What requests of these sizes may cost at most. A price that a recent policy does not know is
 * looked for in the latest one before it is called unknown.
 */
export async function estimateCost(
  { policies, ledger }: Pick<GuardPorts, 'policies' | 'ledger'>,
  tenant: string,
  entries: readonly EstimateEntry[],
): Promise<Estimated> {
  const at = new Date(ledger.nowMs());
  const recent = await policies.recent(tenant);
  if (recent !== undefined) {
    const estimated = sum(entries, recent, at);
    if (estimated.kind !== 'price-unknown') return estimated;
  }
  const latest = await policies.latest(tenant);
  return latest === undefined ? { kind: 'policy-not-found' } : sum(entries, latest, at);
}

function sum(entries: readonly EstimateEntry[], policy: Policy, at: Date): Estimated {
  let amount = 0n;
  for (const { provider, count, ...entry } of entries) {
    const request = provider === undefined ? entry : { ...entry, provider };
    const price: Price = priceReservation(request, policy.rates, at);
    if (price.kind === 'unknown') return { ...price, kind: 'price-unknown' };
    amount += price.nanoUsd * BigInt(count);
  }
  return amount > MAX_USD ? { kind: 'too-large' } : { kind: 'amount', amount };
}
