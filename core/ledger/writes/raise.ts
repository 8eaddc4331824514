import type { NanoUsd } from '../../money/nano-usd';
import type { Facts } from '../account';
import type { RunRef } from '../account-ref';
import { allOf, isFundedBy, isOpen, limitEquals } from '../conditions';
import type { HoldId } from '../hold-id';
import type { LedgerWrite } from '../write';

/**
 * Take an extension over: the limit becomes the amount seen in the parent's hold. To that amount,
 * never by a difference, so that doing it twice is doing it once.
 */
export const raise = (terms: {
  readonly ref: RunRef;
  readonly fundedBy: HoldId;
  readonly from: NanoUsd;
  readonly to: NanoUsd;
  readonly facts?: Facts;
}): LedgerWrite => ({
  name: 'raise',
  ref: terms.ref,
  condition: allOf(isOpen, isFundedBy(terms.fundedBy), limitEquals(terms.from)),
  effect: {
    kind: 'update',
    changes: [
      { set: 'limit', to: terms.to },
      { add: 'available', by: terms.to - terms.from },
      ...(terms.facts === undefined ? [] : [{ set: 'facts' as const, to: terms.facts }]),
    ],
  },
  delivery: 'repeatable',
});
