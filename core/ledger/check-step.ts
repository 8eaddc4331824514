import type { NanoUsd } from '../money/nano-usd';
import { canAfford, isLive, type Account, type Facts } from './account';
import { usageOf, type RunRef } from './account-ref';
import { extendRun, type Extended } from './extend-run';
import { LedgerUnavailableError } from './faults';
import type { HoldId } from './hold-id';
import { placeHold } from './place-hold';
import { MAX_ATTEMPTS, type LedgerPorts } from './ports';
import { resolveHold } from './resolve-hold';

/** So many steps of its size a step may have its run extended by for others that wait with it. */
const MOST_AHEAD = 16;

export interface CheckStepRequest {
  readonly run: RunRef;
  readonly step: string;
  readonly amount: NanoUsd;
  /** What the step was asked for with; a repeated call is compared with it. */
  readonly note: string;
  /** What is kept of the run once its tenant's month has funded it anew. */
  readonly factsOf?: (run: Account, month: Account) => Facts;
}

export type StepChecked =
  /** `month` is there only when the tenant's month had to be asked. */
  | { readonly kind: 'held'; readonly run: Account; readonly month?: Account }
  | {
      readonly kind: 'held-before';
      readonly run: Account;
      readonly amount: NanoUsd;
      readonly note: string | undefined;
    }
  | { readonly kind: 'used-before'; readonly usage: Account; readonly run: Account }
  | { readonly kind: 'denied'; readonly run: Account; readonly month: Account }
  | { readonly kind: 'closed'; readonly run: Account }
  | { readonly kind: 'no-run' };

/**
 * Hold a step's money in its run: one write where the run has room. A run that is too small is
 * extended from the tenant's month first.
 * @throws LedgerUnavailableError
 */
export async function checkStep(
  ledger: LedgerPorts,
  request: CheckStepRequest,
): Promise<StepChecked> {
  const { run: ref, step, amount, note } = request;
  let month: Account | undefined;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const child = usageOf(ref, step);
    const placed = await placeHold(ledger, { parent: ref, child, amount, note });
    if (placed.kind === 'held') {
      return keepOne(ledger, request, placed, month);
    }
    if (placed.kind === 'not-open' && !isLive(placed.account)) return { kind: 'no-run' };
    const run = placed.account as Account;
    const before = await earlierStep(ledger, request, run);
    if (before !== undefined) return before;
    if (placed.kind === 'not-open') return { kind: 'closed', run };
    const extended = await extendForStep(ledger, request, run, attempt);
    if (extended.kind === 'moved') continue;
    month = extended.month;
    if (extended.kind === 'short') {
      const denied = await denyUnlessMoved(ledger, request, extended.month);
      if (denied !== 'moved') return denied;
    }
  }
  throw new LedgerUnavailableError(`step ${step} found no rest`);
}

/**
 * By what the step lacks; when others keep taking what was added, by more and more steps of its
 * size, so that a crowd in one run is served in a few rounds. Refused is only the bare need.
 */
async function extendForStep(
  ledger: LedgerPorts,
  { run: ref, amount, factsOf }: CheckStepRequest,
  run: Account,
  attempt: number,
): Promise<Extended> {
  const lacking = amount - run.available;
  const crowd = attempt < 2 ? 0n : amount * BigInt(Math.min(2 ** (attempt - 1), MOST_AHEAD));
  const extended = await extendRun(ledger, ref, run, lacking + crowd, { factsOf });
  if (extended.kind !== 'short' || crowd === 0n) return extended;
  return extendRun(ledger, ref, run, lacking, { factsOf });
}

/**
 * Several holds for one step: the call was repeated. All who see them keep the one with the least
 * id, so they agree, whoever came first and whoever answered. The others go back by way of a fence,
 * for a report of usage may have seen one of them and be booking on it.
 */
async function keepOne(
  ledger: LedgerPorts,
  { run: parent, step }: CheckStepRequest,
  placed: { readonly hold: HoldId; readonly account: Account },
  month: Account | undefined,
): Promise<StepChecked> {
  const { account, hold: mine } = placed;
  const [kept, ...others] = ledger.rules.holdsFor(account, step);
  for (const other of others) await resolveHold(ledger, { parent, ...other }, 0);
  const earlier = kept?.hold === mine ? others[0] : kept;
  if (earlier === undefined) {
    return { kind: 'held', run: account, ...(month === undefined ? {} : { month }) };
  }
  return {
    kind: 'held-before',
    run: account,
    amount: earlier.amount,
    note: account.notes[earlier.hold],
  };
}

async function earlierStep(
  ledger: LedgerPorts,
  { run: ref, step }: CheckStepRequest,
  run: Account,
): Promise<StepChecked | undefined> {
  const earlier = ledger.rules.holdsFor(run, step)[0];
  if (earlier !== undefined) {
    return {
      kind: 'held-before',
      run,
      amount: earlier.amount,
      note: run.notes[earlier.hold],
    };
  }
  const usage = await ledger.store.read(usageOf(ref, step));
  return isLive(usage) ? { kind: 'used-before', usage, run } : undefined;
}

/**
 * The tenant's month is short. Before that becomes a refusal the run is read again: a twin of this
 * call may have got the money in the meantime, or another step may have given some back.
 */
async function denyUnlessMoved(
  ledger: LedgerPorts,
  request: CheckStepRequest,
  month: Account,
): Promise<StepChecked | 'moved'> {
  const run = await ledger.store.read(request.run);
  if (!isLive(run)) return { kind: 'no-run' };
  const before = await earlierStep(ledger, request, run);
  if (before !== undefined) return before;
  if (run.state === 'CLOSED') return { kind: 'closed', run };
  return canAfford(run, request.amount) ? 'moved' : { kind: 'denied', run, month };
}
