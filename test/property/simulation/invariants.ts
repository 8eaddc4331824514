import { imbalanceOf, isLive, type Account } from '../../../core/ledger/account';
import { tenantMonthOf, type RunRef, type TenantMonthRef } from '../../../core/ledger/account-ref';
import type { LedgerWrite } from '../../../core/ledger/write';
import { addressOf, type MemoryLedger } from '../../support/memory-ledger';

export class Violation extends Error {
  override readonly name = 'Violation';
}

function must(holds: boolean, what: () => string): void {
  if (!holds) throw new Violation(what());
}

/** What holds after every single write. */
export function checkWrite(
  ledger: MemoryLedger,
  write: LedgerWrite,
  before: Account | undefined,
  { isObedient }: { readonly isObedient: boolean },
): void {
  const after = ledger.readNow(write.ref);
  if (after === undefined) return;
  const where = (): string => `after "${write.name}" on ${addressOf(write.ref)}`;
  must(before?.state !== 'CLOSED', () => `a closed account changed ${where()}`);
  must(imbalanceOf(after) === 0n, () => `an item does not add up ${where()}`);
  for (const amount of Object.values(after.holds)) {
    must(amount >= 0n, () => `a negative hold ${where()}`);
  }
  if (write.ref.level === 'run') checkFunding(ledger, write.ref, where);
  if (write.ref.level === 'tenant-month') checkAllFunding(ledger, write.ref, where);
  if (isObedient) checkNoOverspend(write, before, after, where);
}

/**
 * With callers that ask first, spend no more than they asked for, and say when they are done, no
 * write takes a hard account below zero, or further below than a lowered limit left it.
 */
function checkNoOverspend(
  write: LedgerWrite,
  before: Account | undefined,
  after: Account,
  where: () => string,
): void {
  if (after.mode === 'soft' || write.name === 'change limit') return;
  const floor = before !== undefined && before.available < 0n ? before.available : 0n;
  must(after.available >= floor, () => `overspent: ${after.available} available ${where()}`);
}

/** A child's limit is never more than the hold that funds it. */
function checkFunding(ledger: MemoryLedger, ref: RunRef, where: () => string): void {
  const run = ledger.readNow(ref);
  if (run?.state !== 'OPEN') return;
  const hold = ledger.readNow(tenantMonthOf(ref))?.holds[run.fundedBy as string];
  must(hold !== undefined, () => `an open run without its hold ${where()}`);
  must(run.limit <= (hold as bigint), () => `a run larger than its hold ${where()}`);
}

function checkAllFunding(ledger: MemoryLedger, month: TenantMonthRef, where: () => string): void {
  for (const run of runsOf(ledger, month)) checkFunding(ledger, run, where);
}

function runsOf(ledger: MemoryLedger, month: TenantMonthRef): RunRef[] {
  const prefix = `run|${month.tenant}|${month.month}|`;
  return [...ledger.accounts.keys()]
    .filter((address) => address.startsWith(prefix))
    .map((address) => ({ ...month, level: 'run' as const, run: address.slice(prefix.length) }));
}

/** What holds once everybody has stopped and the sweeper has been through. */
export function checkAtRest(
  ledger: MemoryLedger,
  month: TenantMonthRef,
  answered: ReadonlyMap<string, bigint>,
): void {
  const account = ledger.readNow(month) as Account;
  must(Object.keys(account.holds).length === 0, () => 'a hold is left over');
  for (const ref of runsOf(ledger, month)) {
    const run = ledger.readNow(ref);
    must(run?.state !== 'OPEN', () => `run ${ref.run} is still open`);
  }
  const used = [...ledger.accounts.entries()].filter(
    ([address, usage]) => address.startsWith('usage|') && isLive(usage),
  );
  const total = used.reduce((sum, [, usage]) => sum + usage.spent, 0n);
  must(account.spent === total, () => `spent ${account.spent}, but usage adds up to ${total}`);
  for (const [address, amount] of answered) {
    const booked = ledger.accounts.get(address);
    must(isLive(booked) && booked.spent === amount, () => `answered usage ${address} is not there`);
  }
}
