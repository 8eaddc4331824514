import type { Account, Facts } from '../../../core/ledger/account';
import type { AccountRef } from '../../../core/ledger/account-ref';
import { LEDGER_KEYS } from '../../../core/contract/tables';
import { accountKey, dateKey } from './keys';

export type Item = Record<string, unknown>;

/** The item of an account that is put whole, with the keys of the indexes that it belongs to. */
export function itemOf(ref: AccountRef, account: Account): Item {
  const { killed: _none, ...kept } = account;
  return { ...accountKey(ref), ...indexKeys(ref, account.facts), ...kept };
}

function indexKeys(ref: AccountRef, facts: Facts): Item {
  const { date, runId } = facts;
  if (ref.level === 'run' && typeof runId === 'string') {
    return { [LEDGER_KEYS.runById.partition]: runId, [LEDGER_KEYS.runById.sort]: ref.tenant };
  }
  if (ref.level === 'usage' && typeof date === 'string' && typeof runId === 'string') {
    return { [LEDGER_KEYS.byDate.sort]: dateKey(date, runId, ref.step) };
  }
  return {};
}

/** The account that an item holds. */
export function accountOf(item: Item | undefined): Account | undefined {
  if (item === undefined) return undefined;
  const stored = item as unknown as Omit<Account, 'version' | 'killed'> & {
    readonly version: bigint;
    readonly killed?: ReadonlySet<string>;
  };
  return {
    state: stored.state,
    mode: stored.mode,
    limit: stored.limit,
    available: stored.available,
    spent: stored.spent,
    holds: stored.holds,
    notes: stored.notes,
    ...(stored.fundedBy === undefined ? {} : { fundedBy: stored.fundedBy }),
    version: Number(stored.version),
    killed: [...(stored.killed ?? [])],
    facts: stored.facts ?? {},
  };
}
