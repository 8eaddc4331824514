import type { Facts } from '../account';
import type { RunRef } from '../account-ref';
import { allOf, hasNoHolds, isOpen } from '../conditions';
import type { LedgerWrite } from '../write';

/** No more holds. An account that still has some cannot close: each is somebody's money. */
export const close = (terms: { readonly ref: RunRef; readonly facts?: Facts }): LedgerWrite => ({
  name: 'close',
  ref: terms.ref,
  condition: allOf(isOpen, hasNoHolds),
  effect: {
    kind: 'update',
    changes: [
      { set: 'state', to: 'CLOSED' },
      ...(terms.facts === undefined ? [] : [{ set: 'facts' as const, to: terms.facts }]),
    ],
  },
  delivery: 'repeatable',
});
