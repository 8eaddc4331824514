import type { RunRef, UsageRef } from '../account-ref';
import { isAbsentOrVoid } from '../conditions';
import type { HoldId } from '../hold-id';
import type { LedgerWrite } from '../write';

/**
 * Make sure that a hold can never become a child, so that it may be released. The fence names the
 * holds it kills: other attempts for the same child go on as before.
 */
export const fence = (terms: {
  readonly ref: RunRef | UsageRef;
  readonly hold: HoldId;
}): LedgerWrite => ({
  name: 'fence',
  ref: terms.ref,
  condition: isAbsentOrVoid,
  effect: { kind: 'update', changes: [{ kill: terms.hold }] },
  delivery: 'repeatable',
});
