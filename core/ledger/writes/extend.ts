import type { NanoUsd } from '../../money/nano-usd';
import type { ParentRef } from '../account-ref';
import { allOf, holdEquals, isAffordable, isOpen } from '../conditions';
import type { HoldId } from '../hold-id';
import type { LedgerWrite } from '../write';

export interface ExtendTerms {
  readonly ref: ParentRef;
  readonly hold: HoldId;
  readonly from: NanoUsd;
  readonly to: NanoUsd;
}

/**
 * Make the hold that funds a child larger, from the child's limit to the new one. A hold that is
 * larger than the child's limit is an extension that nobody has taken over yet: go to raise.
 */
export const extend = (terms: ExtendTerms): LedgerWrite => {
  const more = terms.to - terms.from;
  return {
    name: 'extend',
    ref: terms.ref,
    condition: allOf(isOpen, holdEquals(terms.hold, terms.from), isAffordable(more)),
    effect: {
      kind: 'update',
      changes: [
        { add: 'available', by: -more },
        { hold: terms.hold, amount: terms.to },
      ],
    },
    delivery: 'repeatable',
  };
};

/** For money that the child has spent already: the parent is told, whether it fits or not. */
export const forcedExtend = (terms: ExtendTerms): LedgerWrite => ({
  ...extend(terms),
  name: 'forced extend',
  condition: allOf(isOpen, holdEquals(terms.hold, terms.from)),
});
