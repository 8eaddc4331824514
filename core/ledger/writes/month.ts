import type { NanoUsd } from '../../money/nano-usd';
import { newAccount, type AccountMode, type Facts } from '../account';
import type { TenantMonthRef } from '../account-ref';
import { allOf, isAbsent, isOpen, versionEquals } from '../conditions';
import type { LedgerWrite } from '../write';

export interface MonthTerms {
  readonly mode: AccountMode;
  readonly limit: NanoUsd;
  readonly facts: Facts;
}

/** Open a tenant's month. It has no parent: its money is what the policy grants. */
export const openMonth = (ref: TenantMonthRef, terms: MonthTerms): LedgerWrite => ({
  name: 'open month',
  ref,
  condition: isAbsent,
  effect: { kind: 'put', account: newAccount({ ...terms, version: 1 }) },
  delivery: 'repeatable',
});

/**
 * Bring a month's account in line with a policy. The version makes it happen once: a difference
 * added twice would be money from nowhere.
 */
export const changeLimit = (
  ref: TenantMonthRef,
  from: { readonly version: number; readonly limit: NanoUsd },
  to: MonthTerms,
): LedgerWrite => ({
  name: 'change limit',
  ref,
  condition: allOf(isOpen, versionEquals(from.version)),
  effect: {
    kind: 'update',
    changes: [
      { set: 'limit', to: to.limit },
      { set: 'mode', to: to.mode },
      { set: 'version', to: from.version + 1 },
      { set: 'facts', to: to.facts },
      { add: 'available', by: to.limit - from.limit },
    ],
  },
  delivery: 'repeatable',
});
