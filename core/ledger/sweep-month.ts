import { isLive, type Account, type Facts } from './account';
import { childRefOf, type RunRef, type TenantMonthRef } from './account-ref';
import { closeRun } from './close-run';
import { coverOverrun } from './extend-run';
import type { LedgerPorts } from './ports';
import { openHoldsOf, resolveHold, type OpenHold } from './resolve-hold';

export interface SweepPatience {
  /** How long a hold on a tenant's month may wait for its run's account to be put. */
  readonly runMs: number;
  /** How long after its step check a step may take, once its run is past its deadline. */
  readonly stepMs: number;
}

/** What a sweeper has to know of a run's account. */
export interface SweptRuns {
  /** When the run should have been completed, in milliseconds since the epoch. */
  readonly deadlineMsOf: (run: Account) => number;
  /** What is kept of a run that was closed because nobody completed it. */
  readonly expiredFactsOf?: (run: Account) => Facts;
}

export interface SweepReport {
  readonly resolved: number;
  readonly waiting: number;
}

/**
 * Put a tenant's month in order: settle what is booked, close runs past their deadline, give back
 * what nobody will use. The account's own holds are the index; nothing is scanned. Any number of
 * sweepers may do this at once.
 * @returns undefined when the month has no account
 * @throws LedgerUnavailableError
 */
export async function sweepMonth(
  ledger: LedgerPorts,
  ref: TenantMonthRef,
  patience: SweepPatience,
  runs: SweptRuns,
): Promise<SweepReport | undefined> {
  const month = await ledger.store.read(ref);
  if (month === undefined) return undefined;
  const report = { resolved: 0, waiting: 0 };
  const faults: unknown[] = [];
  for (const open of openHoldsOf(ref, month)) {
    // One hold that cannot be resolved must not keep the ones after it waiting for ever.
    try {
      report[await sweepHold(ledger, open, patience, runs)] += 1;
    } catch (fault) {
      faults.push(fault);
    }
  }
  if (faults.length > 0) throw faults[0];
  return report;
}

async function sweepHold(
  ledger: LedgerPorts,
  open: OpenHold,
  patience: SweepPatience,
  runs: SweptRuns,
): Promise<keyof SweepReport> {
  const outcome = await resolveHold(ledger, open, patience.runMs);
  const ref = childRefOf(open.parent, open.hold);
  if (outcome === 'resolved' || ref.level !== 'run') return outcome;
  const run = await ledger.store.read(ref);
  if (!isLive(run) || !ledger.rules.isPaidBy(run, open.hold)) return 'waiting';
  if (ledger.nowMs() <= runs.deadlineMsOf(run)) {
    await settleBookedSteps(ledger, ref, run);
    const settled = await ledger.store.read(ref);
    if (settled !== undefined) await coverOverrun(ledger, ref, settled);
    return 'waiting';
  }
  const closed = await closeRun(ledger, ref, patience.stepMs, runs.expiredFactsOf?.(run));
  return closed.kind === 'closed' ? 'resolved' : 'waiting';
}

/** A run that goes on keeps its holds, but for those whose usage is booked already. */
async function settleBookedSteps(ledger: LedgerPorts, ref: RunRef, run: Account): Promise<void> {
  for (const open of openHoldsOf(ref, run)) {
    await resolveHold(ledger, open, Number.POSITIVE_INFINITY);
  }
}
