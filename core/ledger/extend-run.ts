import type { NanoUsd } from '../money/nano-usd';
import { canAfford, type Account, type Facts } from './account';
import { tenantMonthOf, type RunRef } from './account-ref';
import type { LedgerPorts } from './ports';

export type Extended =
  | { readonly kind: 'extended'; readonly month: Account }
  | { readonly kind: 'short'; readonly month: Account }
  /** Somebody else got on: look at the run again. */
  | { readonly kind: 'moved' };

/**
 * Make a run larger: extend its hold in the tenant's month, then raise its limit to the amount seen
 * there. A crash between the two leaves an extension that the next caller takes over.
 * @param more by how much the run is short, in nano-USD
 * @throws LedgerUnavailableError
 */
export async function extendRun(
  ledger: LedgerPorts,
  ref: RunRef,
  run: Account,
  more: NanoUsd,
  factsOf?: (run: Account, month: Account) => Facts,
): Promise<Extended> {
  const fundedBy = run.fundedBy as string;
  const from = run.limit;
  const extended = await ledger.store.apply(
    ledger.rules.extend({ ref: tenantMonthOf(ref), hold: fundedBy, from, to: from + more }),
  );
  const month = extended.account;
  const seen = month?.holds[fundedBy];
  if (month === undefined || seen === undefined || seen < from) return { kind: 'moved' };
  if (!extended.applied && seen === from) {
    return canAfford(month, more) ? { kind: 'moved' } : { kind: 'short', month };
  }
  const facts = factsOf === undefined ? {} : { facts: factsOf(run, month) };
  const raised = await ledger.store.apply(
    ledger.rules.raise({ ref, fundedBy, from, to: seen, ...facts }),
  );
  return raised.applied ? { kind: 'extended', month } : { kind: 'moved' };
}
