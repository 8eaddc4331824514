import type { NanoUsd } from '../../money/nano-usd';
import type { ParentRef } from '../account-ref';
import { allOf, holdIsAbsent, isAffordable, isOpen } from '../conditions';
import type { HoldId } from '../hold-id';
import type { Change, LedgerWrite } from '../write';

export interface HoldTerms {
  readonly ref: ParentRef;
  readonly hold: HoldId;
  readonly amount: NanoUsd;
  readonly note?: string;
}

const promise = ({ hold, amount, note }: HoldTerms): Change[] => [
  { add: 'available', by: -amount },
  { hold, amount, ...(note === undefined ? {} : { note }) },
];

/**
 * Promise money to a child. Sent once for each id: a copy that arrived after the hold was settled
 * would find it absent and promise the money again, to nobody.
 */
export const hold = (terms: HoldTerms): LedgerWrite => ({
  name: 'hold',
  ref: terms.ref,
  condition: allOf(isOpen, holdIsAbsent(terms.hold), isAffordable(terms.amount)),
  effect: { kind: 'update', changes: promise(terms) },
  delivery: 'once',
});

/** For money that is spent already: there is nothing left to refuse, only something to count. */
export const forcedHold = (terms: HoldTerms): LedgerWrite => ({
  name: 'forced hold',
  ref: terms.ref,
  condition: allOf(isOpen, holdIsAbsent(terms.hold)),
  effect: { kind: 'update', changes: promise(terms) },
  delivery: 'once',
});
