import { isLive, type Account } from './account';
import { childRefOf, type RunRef, type TenantMonthRef } from './account-ref';
import { closeRun } from './close-run';
import type { LedgerPorts } from './ports';
import { openHoldsOf, resolveHold, type OpenHold } from './resolve-hold';

export interface SweepPatience {
  /** How long a hold on a tenant's month may wait for its run's account to be put. */
  readonly runMs: number;
  /** How long after its step check a step may take, once its run is past its deadline. */
  readonly stepMs: number;
}

export interface SweepReport {
  readonly resolved: number;
  readonly waiting: number;
}

/**
 * Put a tenant's month in order: settle what is booked, close runs past their deadline, give back
 * what nobody will use. The account's own holds are the index; nothing is scanned. Any number of
 * sweepers may do this at once.
 * @param deadlineMsOf when a run should have been completed, from its account
 * @returns undefined when the month has no account
 * @throws LedgerUnavailableError
 */
export async function sweepMonth(
  ledger: LedgerPorts,
  ref: TenantMonthRef,
  patience: SweepPatience,
  deadlineMsOf: (run: Account) => number,
): Promise<SweepReport | undefined> {
  const month = await ledger.store.read(ref);
  if (month === undefined) return undefined;
  const report = { resolved: 0, waiting: 0 };
  for (const open of openHoldsOf(ref, month)) {
    const outcome = await sweepHold(ledger, open, patience, deadlineMsOf);
    report[outcome] += 1;
  }
  return report;
}

async function sweepHold(
  ledger: LedgerPorts,
  open: OpenHold,
  patience: SweepPatience,
  deadlineMsOf: (run: Account) => number,
): Promise<keyof SweepReport> {
  const outcome = await resolveHold(ledger, open, patience.runMs);
  const ref = childRefOf(open.parent, open.hold);
  if (outcome === 'resolved' || ref.level !== 'run') return outcome;
  const run = await ledger.store.read(ref);
  if (!isLive(run) || !ledger.rules.isPaidBy(run, open.hold)) return 'waiting';
  if (ledger.nowMs() <= deadlineMsOf(run)) {
    await settleBookedSteps(ledger, ref, run);
    return 'waiting';
  }
  const closed = await closeRun(ledger, ref, patience.stepMs);
  return closed.kind === 'closed' ? 'resolved' : 'waiting';
}

/** A run that goes on keeps its holds, but for those whose usage is booked already. */
async function settleBookedSteps(ledger: LedgerPorts, ref: RunRef, run: Account): Promise<void> {
  for (const open of openHoldsOf(ref, run)) {
    await resolveHold(ledger, open, Number.POSITIVE_INFINITY);
  }
}
