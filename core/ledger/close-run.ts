import { isLive, type Account, type Facts } from './account';
import { tenantMonthOf, type RunRef } from './account-ref';
import { LedgerUnavailableError } from './faults';
import { MAX_ATTEMPTS, type LedgerPorts } from './ports';
import { openHoldsOf, resolveHold } from './resolve-hold';
import { settleHold } from './settle-hold';

export type RunClosed =
  | { readonly kind: 'closed'; readonly run: Account; readonly month: Account | undefined }
  /** Steps are still running, and their holds are younger than the patience. */
  | { readonly kind: 'busy'; readonly run: Account }
  | { readonly kind: 'no-run' };

/**
 * Close a run and settle it on its tenant's month: two writes when no hold is left over. Doing it
 * again does nothing more.
 * @param patienceMs how long a step's hold without usage is left alone. 0 when the caller says that
 *   the run is over: then no step is running, and usage that comes all the same is booked as late.
 * @param facts what is kept of the run from then on; none: what was kept before
 * @throws LedgerUnavailableError
 */
export async function closeRun(
  ledger: LedgerPorts,
  ref: RunRef,
  patienceMs: number,
  facts?: Facts,
): Promise<RunClosed> {
  const closed = await closeAccount(ledger, ref, patienceMs, facts);
  if (closed.kind !== 'closed') return closed;
  const { run } = closed;
  const month = await settleHold(ledger, {
    parent: tenantMonthOf(ref),
    hold: run.fundedBy as string,
    amount: run.limit,
    spent: run.spent,
  });
  return { kind: 'closed', run, month };
}

async function closeAccount(
  ledger: LedgerPorts,
  ref: RunRef,
  patienceMs: number,
  facts: Facts | undefined,
): Promise<
  | { readonly kind: 'closed'; readonly run: Account }
  | { readonly kind: 'busy'; readonly run: Account }
  | { readonly kind: 'no-run' }
> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const write = ledger.rules.close({ ref, ...(facts === undefined ? {} : { facts }) });
    const { applied, account: run } = await ledger.store.apply(write);
    if (!isLive(run)) return { kind: 'no-run' };
    if (applied || run.state === 'CLOSED') return { kind: 'closed', run };
    for (const open of openHoldsOf(ref, run)) {
      if ((await resolveHold(ledger, open, patienceMs)) === 'waiting') return { kind: 'busy', run };
    }
  }
  throw new LedgerUnavailableError('the run would not close');
}
