import type { NanoUsd } from '../money/nano-usd';
import type { Account } from './account';
import { childNameOf, type ChildName, type HoldId } from './hold-id';
import { close } from './writes/close';
import { extend, forcedExtend } from './writes/extend';
import { fence } from './writes/fence';
import { forcedHold, hold } from './writes/hold';
import { changeLimit, openMonth } from './writes/month';
import { bookUsage, openChild } from './writes/open-child';
import { raise } from './writes/raise';
import { settle } from './writes/settle';

/** The other holds that an account has for the same child, in the order of their ids. */
function holdsFor(
  account: Account,
  child: ChildName,
): readonly { readonly hold: HoldId; readonly amount: NanoUsd }[] {
  return Object.entries(account.holds)
    .filter(([id]) => childNameOf(id) === child)
    .map(([id, amount]) => ({ hold: id, amount }))
    .toSorted((a, b) => (a.hold < b.hold ? -1 : 1));
}

/** Is this hold the one that pays for this child? Any other hold for it is left over. */
function isPaidBy(child: Account, by: HoldId): boolean {
  return child.fundedBy === by;
}

/** What was booked counts, whatever the caller says later. */
function amountToSettle(booked: Account, _claimed: NanoUsd): NanoUsd {
  return booked.spent;
}

/**
 * Every write of the ledger and every judgement between two writes, in one table. The product uses
 * LEDGER_RULES alone; the simulator also runs tables with one rule broken, to see it noticed.
 */
export const LEDGER_RULES = {
  hold,
  forcedHold,
  extend,
  forcedExtend,
  raise,
  openChild,
  bookUsage,
  settle,
  close,
  fence,
  openMonth,
  changeLimit,
  holdsFor,
  isPaidBy,
  amountToSettle,
} as const;

export type LedgerRules = {
  readonly [Name in keyof typeof LEDGER_RULES]: (typeof LEDGER_RULES)[Name];
};
