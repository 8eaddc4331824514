import type { Account } from './account';
import type { TenantMonthRef } from './account-ref';
import { LedgerUnavailableError } from './faults';
import { MAX_ATTEMPTS, type LedgerPorts } from './ports';
import type { MonthTerms } from './writes/month';

/**
 * Bring a month's account in line with terms, opening it if there is none.
 * @param isCurrent has this account these terms, or newer ones, already?
 * @throws LedgerUnavailableError
 */
export async function ensureMonth(
  ledger: LedgerPorts,
  ref: TenantMonthRef,
  termsFor: (current: Account | undefined) => MonthTerms,
  isCurrent: (account: Account) => boolean,
): Promise<Account> {
  let account = await ledger.store.read(ref);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    if (account !== undefined && isCurrent(account)) return account;
    const result = await ledger.store.apply(
      account === undefined
        ? ledger.rules.openMonth(ref, termsFor(undefined))
        : ledger.rules.changeLimit(ref, account, termsFor(account)),
    );
    if (result.applied) return result.account;
    account = result.account;
  }
  throw new LedgerUnavailableError('the month would not take its limit');
}
