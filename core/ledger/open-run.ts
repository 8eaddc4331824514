import type { NanoUsd } from '../money/nano-usd';
import { isLive, type Account, type Facts } from './account';
import { childNameIn, tenantMonthOf, type RunRef } from './account-ref';
import { LedgerUnavailableError } from './faults';
import type { HoldId } from './hold-id';
import { placeHold } from './place-hold';
import { MAX_ATTEMPTS, type LedgerPorts } from './ports';
import { releaseHold, releaseLeftOvers } from './settle-hold';

export interface OpenRunRequest {
  readonly run: RunRef;
  readonly amount: NanoUsd;
  /** Made from the tenant-month's account as it was after the hold. */
  readonly factsOf: (month: Account) => Facts;
}

export type RunOpened =
  | { readonly kind: 'opened'; readonly run: Account; readonly month: Account }
  /** The run was there already. */
  | { readonly kind: 'existing'; readonly run: Account; readonly month: Account }
  | { readonly kind: 'denied'; readonly month: Account }
  | { readonly kind: 'no-month' };

/** The hold that a run is opened on: this call's own, or that of a twin. */
interface Funding {
  readonly hold: HoldId;
  readonly amount: NanoUsd;
  readonly isOwn: boolean;
}

/**
 * Open a run: hold on the tenant's month, then put the run's account. Two writes, unless somebody
 * else is opening the same run.
 * @throws LedgerUnavailableError
 */
export async function openRun(ledger: LedgerPorts, request: OpenRunRequest): Promise<RunOpened> {
  const parent = tenantMonthOf(request.run);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const placed = await placeHold(ledger, { parent, child: request.run, amount: request.amount });
    if (placed.kind === 'not-open') return { kind: 'no-month' };
    const month = placed.account;
    const funding =
      placed.kind === 'held'
        ? { hold: placed.hold, amount: request.amount, isOwn: true }
        : await adoptable(ledger, request, month);
    if (funding === 'denied') return { kind: 'denied', month };
    if ('run' in funding) return { kind: 'existing', run: funding.run, month };
    const opened = await putRun(ledger, request, month, funding);
    if (opened !== 'fenced') return opened;
  }
  throw new LedgerUnavailableError('the run would not open');
}

/**
 * No room: but perhaps the run is there, or a twin of this call holds the money for it, and to say
 * "denied" then would be wrong. The child is read after the month, so no twin slips between.
 */
async function adoptable(
  ledger: LedgerPorts,
  { run, amount }: OpenRunRequest,
  month: Account,
): Promise<Funding | { run: Account } | 'denied'> {
  const held = ledger.rules.holdsFor(month, childNameIn(tenantMonthOf(run), run));
  const twin = held.find((other) => other.amount === amount);
  if (twin !== undefined) return { ...twin, isOwn: false };
  const existing = await ledger.store.read(run);
  return isLive(existing) ? { run: existing } : 'denied';
}

async function putRun(
  ledger: LedgerPorts,
  { run, factsOf }: OpenRunRequest,
  month: Account,
  { isOwn, ...funding }: Funding,
): Promise<RunOpened | 'fenced'> {
  const parent = tenantMonthOf(run);
  const result = await ledger.store.apply(
    ledger.rules.openChild({
      ref: run,
      fundedBy: funding.hold,
      limit: funding.amount,
      facts: factsOf(month),
    }),
  );
  if (!result.applied && !isLive(result.account)) {
    // A sweeper took this attempt for dead and fenced its hold: give it back and hold anew.
    await releaseHold(ledger, { parent, ...funding });
    return 'fenced';
  }
  const account = result.account as Account;
  const twins = ledger.rules.holdsFor(month, childNameIn(parent, run));
  const all = twins.some(({ hold }) => hold === funding.hold) ? twins : [...twins, funding];
  const after = await releaseLeftOvers(ledger, parent, all, account.fundedBy);
  // A run that is there on this call's own hold was opened by it: only the reply was lost.
  const isMine = result.applied || (isOwn && ledger.rules.isPaidBy(account, funding.hold));
  return { kind: isMine ? 'opened' : 'existing', run: account, month: after ?? month };
}
