import type { NanoUsd } from '../money/nano-usd';
import { isLive } from './account';
import { childRefOf, type ParentRef } from './account-ref';
import { createdAtMs, type HoldId } from './hold-id';
import { MAX_ATTEMPTS, type LedgerPorts } from './ports';
import { releaseHold, settleHold } from './settle-hold';

export interface OpenHold {
  readonly parent: ParentRef;
  readonly hold: HoldId;
  readonly amount: NanoUsd;
}

/** `waiting`: the hold may still become a child, or its child is still open. */
export type Resolved = 'resolved' | 'waiting';

/**
 * Bring a hold to its end where that is possible: settle what is booked, give back what another
 * hold paid for, and fence and give back what nobody took up within its patience.
 * @param patienceMs how long after it was made a hold without a child is left alone
 * @throws LedgerUnavailableError
 */
export async function resolveHold(
  ledger: LedgerPorts,
  open: OpenHold,
  patienceMs: number,
): Promise<Resolved> {
  const ref = childRefOf(open.parent, open.hold);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const child = await ledger.store.read(ref);
    const killed = child?.killed ?? [];
    if (isLive(child)) {
      if (!ledger.rules.isPaidBy(child, open.hold)) {
        await releaseHold(ledger, open);
        return 'resolved';
      }
      if (child.state === 'OPEN') return 'waiting';
      await settleHold(ledger, { ...open, spent: child.spent });
      return 'resolved';
    }
    if (!killed.includes(open.hold)) {
      if (ledger.nowMs() - createdAtMs(open.hold) < patienceMs) return 'waiting';
      const fenced = await ledger.store.apply(ledger.rules.fence({ ref, hold: open.hold }));
      if (!fenced.applied) continue;
    }
    await releaseHold(ledger, open);
    return 'resolved';
  }
  return 'waiting';
}

/** Every hold of an account, oldest first. */
export function openHoldsOf(
  parent: ParentRef,
  account: { readonly holds: Readonly<Record<HoldId, NanoUsd>> },
): readonly OpenHold[] {
  return Object.entries(account.holds)
    .map(([hold, amount]) => ({ parent, hold, amount }))
    .toSorted((a, b) => createdAtMs(a.hold) - createdAtMs(b.hold));
}
