import type { NanoUsd } from '../money/nano-usd';
import { isLive, type Account, type Facts } from './account';
import { tenantMonthOf, usageOf, type ParentRef, type RunRef } from './account-ref';
import { coverOverrun } from './extend-run';
import { LedgerUnavailableError } from './faults';
import type { HoldId } from './hold-id';
import { placeHold } from './place-hold';
import { MAX_ATTEMPTS, type LedgerPorts } from './ports';
import { releaseHold, releaseLeftOvers, settleHold } from './settle-hold';

export interface RecordUsageRequest {
  readonly run: RunRef;
  readonly step: string;
  /** What the step really cost, in nano-USD. */
  readonly spent: NanoUsd;
  readonly facts: Facts;
}

export type UsageRecorded =
  /** `parent` is the account that paid; `month` is set when that is the tenant's month itself. */
  | { readonly kind: 'booked'; readonly usage: Account; readonly parent: Account }
  | { readonly kind: 'booked-late'; readonly usage: Account; readonly month: Account }
  /** Counted before, with what was said then. */
  | { readonly kind: 'existing'; readonly usage: Account };

/**
 * Write down what a step cost, once, and settle the hold that was made for it: two writes. Without
 * a hold the money is held now, by force, for it is spent; and when the run has closed, in the
 * tenant's month itself.
 * @param seen the run's account as the caller has just read it
 * @throws LedgerUnavailableError
 */
export async function recordUsage(
  ledger: LedgerPorts,
  request: RecordUsageRequest,
  seen: Account,
): Promise<UsageRecorded> {
  let run = seen;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const paying = await payingHold(ledger, request, run);
    if ('usage' in paying) return { kind: 'existing', usage: paying.usage };
    const booked = await book(ledger, request, paying);
    if (booked !== 'fenced') return booked;
    const again = await ledger.store.read(request.run);
    if (again !== undefined) run = again;
  }
  throw new LedgerUnavailableError(`usage of ${request.step} found no rest`);
}

interface PayingHold {
  readonly parent: ParentRef;
  readonly hold: HoldId;
  readonly amount: NanoUsd;
  readonly account: Account;
}

async function payingHold(
  ledger: LedgerPorts,
  { run: ref, step, spent }: RecordUsageRequest,
  run: Account,
): Promise<PayingHold | { readonly usage: Account }> {
  const held = ledger.rules.holdsFor(run, step)[0];
  if (held !== undefined) return { parent: ref, ...held, account: run };
  const child = usageOf(ref, step);
  const usage = await ledger.store.read(child);
  if (isLive(usage)) return { usage };
  const parents: readonly ParentRef[] =
    run.state === 'OPEN' ? [ref, tenantMonthOf(ref)] : [tenantMonthOf(ref)];
  for (const parent of parents) {
    const placed = await placeHold(ledger, { parent, child, amount: spent, forced: true });
    if (placed.kind === 'held') {
      return { parent, hold: placed.hold, amount: spent, account: placed.account };
    }
  }
  throw new LedgerUnavailableError('no account would take the usage');
}

async function book(
  ledger: LedgerPorts,
  { run, step, spent, facts }: RecordUsageRequest,
  paying: PayingHold,
): Promise<UsageRecorded | 'fenced'> {
  const { parent, hold, amount } = paying;
  const ref = usageOf(run, step);
  const late: Facts = parent.level === 'run' ? {} : { late: true };
  const result = await ledger.store.apply(
    ledger.rules.bookUsage({ ref, fundedBy: hold, spent, facts: { ...facts, ...late } }),
  );
  if (!result.applied && !isLive(result.account)) {
    await releaseHold(ledger, { parent, hold, amount });
    return 'fenced';
  }
  const usage = result.account as Account;
  const isPaidByThis = result.applied || ledger.rules.isPaidBy(usage, hold);
  const settled = await settleHold(ledger, {
    parent,
    hold,
    amount,
    spent: isPaidByThis ? ledger.rules.amountToSettle(usage, spent) : 0n,
  });
  const left = parent.level === 'run' ? ledger.rules.holdsFor(settled ?? paying.account, step) : [];
  const after = await releaseLeftOvers(ledger, parent, left, usage.fundedBy);
  if (!result.applied) return { kind: 'existing', usage };
  const account = after ?? settled ?? paying.account;
  if (parent.level === 'run') await coverOverrun(ledger, parent, account);
  return parent.level === 'run'
    ? { kind: 'booked', usage, parent: account }
    : { kind: 'booked-late', usage, month: account };
}
