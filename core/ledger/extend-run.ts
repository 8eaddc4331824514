import type { NanoUsd } from '../money/nano-usd';
import { canAfford, type Account, type Facts } from './account';
import { tenantMonthOf, type RunRef } from './account-ref';
import { MAX_ATTEMPTS, type LedgerPorts } from './ports';

export type Extended =
  | { readonly kind: 'extended'; readonly month: Account }
  | { readonly kind: 'short'; readonly month: Account }
  /** Somebody else got on: look at the run again. */
  | { readonly kind: 'moved' };

export interface ExtendOptions {
  /** What is kept of the run once it is larger. */
  readonly factsOf?: ((run: Account, month: Account) => Facts) | undefined;
  /** The money is spent already: the month gives it whether it has it or not. */
  readonly isSpent?: boolean;
}

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
  { factsOf, isSpent = false }: ExtendOptions = {},
): Promise<Extended> {
  const fundedBy = run.fundedBy as string;
  const from = run.limit;
  const write = isSpent ? ledger.rules.forcedExtend : ledger.rules.extend;
  const extended = await ledger.store.apply(
    write({ ref: tenantMonthOf(ref), hold: fundedBy, from, to: from + more }),
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

/**
 * A run that has spent more than it was given has its month cover the difference at once: otherwise
 * the month would go on granting money that is gone, until the run is completed.
 * @returns the run's month as it is then, where it had to be asked
 * @throws LedgerUnavailableError
 */
export async function coverOverrun(
  ledger: LedgerPorts,
  ref: RunRef,
  seen: Account,
): Promise<Account | undefined> {
  let run: Account | undefined = seen;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    if (run?.state !== 'OPEN' || run.available >= 0n) return undefined;
    const extended = await extendRun(ledger, ref, run, -run.available, { isSpent: true });
    if (extended.kind === 'extended') return extended.month;
    run = await ledger.store.read(ref);
  }
  // The next step check, the sweeper or completion does it.
  return undefined;
}
