import type { NanoUsd } from '../../money/nano-usd';
import { newAccount, newUsageAccount, type Facts } from '../account';
import type { RunRef, UsageRef } from '../account-ref';
import { mayBecomeChildOf } from '../conditions';
import type { HoldId } from '../hold-id';
import type { LedgerWrite } from '../write';

/** Open a run's account with the money that a hold has promised it. */
export const openChild = (terms: {
  readonly ref: RunRef;
  readonly fundedBy: HoldId;
  readonly limit: NanoUsd;
  readonly facts: Facts;
}): LedgerWrite => ({
  name: 'open child',
  ref: terms.ref,
  condition: mayBecomeChildOf(terms.fundedBy),
  effect: {
    kind: 'put',
    account: newAccount({
      mode: 'hard',
      limit: terms.limit,
      fundedBy: terms.fundedBy,
      facts: terms.facts,
    }),
  },
  delivery: 'repeatable',
});

/** Write down what a step really cost: a child that is born closed. */
export const bookUsage = (terms: {
  readonly ref: UsageRef;
  readonly fundedBy: HoldId;
  readonly spent: NanoUsd;
  readonly facts: Facts;
}): LedgerWrite => ({
  name: 'book usage',
  ref: terms.ref,
  condition: mayBecomeChildOf(terms.fundedBy),
  effect: { kind: 'put', account: newUsageAccount(terms.spent, terms.fundedBy, terms.facts) },
  delivery: 'repeatable',
});
