import type { Account } from '../../core/ledger/account';
import type { AccountRef } from '../../core/ledger/account-ref';
import type { LedgerStore, WriteResult } from '../../core/ledger/store';
import type { Change, Condition, LedgerWrite } from '../../core/ledger/write';

/** One string for each account, in the order tenant, month, run, step. */
export function addressOf(ref: AccountRef): string {
  const parts = [ref.level, ref.tenant, ref.month];
  if (ref.level !== 'tenant-month') parts.push(ref.run);
  if (ref.level === 'usage') parts.push(ref.step);
  return parts.join('|');
}

/** The ledger's writes, interpreted: the same conditions and changes that DynamoDB is sent. */
export class MemoryLedger implements LedgerStore {
  readonly accounts = new Map<string, Account>();

  apply(write: LedgerWrite): Promise<WriteResult> {
    return Promise.resolve(this.applyNow(write));
  }

  read(ref: AccountRef): Promise<Account | undefined> {
    return Promise.resolve(this.readNow(ref));
  }

  readNow(ref: AccountRef): Account | undefined {
    return this.accounts.get(addressOf(ref));
  }

  applyNow(write: LedgerWrite): WriteResult {
    const address = addressOf(write.ref);
    const before = this.accounts.get(address);
    if (!holdsTrue(write.condition, before)) return { applied: false, account: before };
    const after =
      write.effect.kind === 'put'
        ? write.effect.account
        : write.effect.changes.reduce<Account | undefined>(
            (account, change) => changed(account ?? EMPTY, change),
            before,
          );
    if (after === undefined) return { applied: true, account: EMPTY };
    this.accounts.set(address, after);
    return { applied: true, account: after };
  }
}

const EMPTY: Account = {
  state: 'VOID',
  mode: 'hard',
  limit: 0n,
  available: 0n,
  spent: 0n,
  holds: {},
  notes: {},
  version: 0,
  killed: [],
  facts: {},
};

function holdsTrue(condition: Condition, account: Account | undefined): boolean {
  if ('all' in condition) return condition.all.every((part) => holdsTrue(part, account));
  if ('any' in condition) return condition.any.some((part) => holdsTrue(part, account));
  if (condition.is === 'absent') return account === undefined;
  if (account === undefined) return condition.is === 'hold-absent';
  switch (condition.is) {
    case 'open':
      return account.state === 'OPEN';
    case 'void':
      return account.state === 'VOID';
    case 'void-sparing':
      return account.state === 'VOID' && !account.killed.includes(condition.hold);
    case 'hold-absent':
      return account.holds[condition.hold] === undefined;
    case 'hold-equals':
      return account.holds[condition.hold] === condition.amount;
    case 'affordable':
      return account.mode === 'soft' || account.available >= condition.amount;
    case 'funded-by':
      return account.fundedBy === condition.hold;
    case 'limit-equals':
      return account.limit === condition.limit;
    case 'version-equals':
      return account.version === condition.version;
    case 'without-holds':
      return Object.keys(account.holds).length === 0;
  }
}

function changed(account: Account, change: Change): Account {
  if ('set' in change) return { ...account, [change.set]: change.to };
  if ('add' in change) return { ...account, [change.add]: account[change.add] + change.by };
  if ('kill' in change) {
    return { ...account, killed: [...new Set([...account.killed, change.kill])] };
  }
  if ('drop' in change) {
    const { [change.drop]: _hold, ...holds } = account.holds;
    const { [change.drop]: _note, ...notes } = account.notes;
    return { ...account, holds, notes };
  }
  const notes =
    change.note === undefined ? account.notes : { ...account.notes, [change.hold]: change.note };
  return { ...account, holds: { ...account.holds, [change.hold]: change.amount }, notes };
}
