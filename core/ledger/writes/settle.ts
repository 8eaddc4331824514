import type { NanoUsd } from '../../money/nano-usd';
import type { ParentRef } from '../account-ref';
import { holdEquals } from '../conditions';
import type { HoldId } from '../hold-id';
import type { LedgerWrite } from '../write';

/**
 * Turn a hold into what was really spent; the rest becomes available again. With nothing spent this
 * is a release. A hold that is absent has been settled already.
 */
export const settle = (terms: {
  readonly ref: ParentRef;
  readonly hold: HoldId;
  readonly amount: NanoUsd;
  readonly spent: NanoUsd;
}): LedgerWrite => ({
  name: 'settle',
  ref: terms.ref,
  condition: holdEquals(terms.hold, terms.amount),
  effect: {
    kind: 'update',
    changes: [
      { drop: terms.hold },
      { add: 'spent', by: terms.spent },
      { add: 'available', by: terms.amount - terms.spent },
    ],
  },
  delivery: 'repeatable',
});
