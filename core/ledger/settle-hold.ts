import type { NanoUsd } from '../money/nano-usd';
import type { Account } from './account';
import type { ParentRef } from './account-ref';
import { LedgerUnavailableError } from './faults';
import type { HoldId } from './hold-id';
import { MAX_ATTEMPTS, type LedgerPorts } from './ports';

export interface SettleRequest {
  readonly parent: ParentRef;
  readonly hold: HoldId;
  /** What the hold is believed to be; a hold that was extended since is settled all the same. */
  readonly amount: NanoUsd;
  readonly spent: NanoUsd;
}

/**
 * Settle a hold, or find that it was settled before.
 * @returns the account as it is then; undefined if there is none
 * @throws LedgerUnavailableError
 */
export async function settleHold(
  ledger: LedgerPorts,
  request: SettleRequest,
): Promise<Account | undefined> {
  const { parent: ref, hold, spent } = request;
  let { amount } = request;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const result = await ledger.store.apply(ledger.rules.settle({ ref, hold, amount, spent }));
    const seen = result.account?.holds[hold];
    if (result.applied || seen === undefined) return result.account;
    amount = seen;
  }
  throw new LedgerUnavailableError(`hold ${hold} would not keep still`);
}

/** Give a hold back unspent. Only for a hold that can no longer become a child. */
export function releaseHold(
  ledger: LedgerPorts,
  request: Omit<SettleRequest, 'spent'>,
): Promise<Account | undefined> {
  return settleHold(ledger, { ...request, spent: 0n });
}

/**
 * Give back every hold of one child but the one that pays for it.
 * @returns the parent as it is after the last of them; undefined if nothing was left over
 */
export async function releaseLeftOvers(
  ledger: LedgerPorts,
  parent: ParentRef,
  holds: readonly { readonly hold: HoldId; readonly amount: NanoUsd }[],
  paying: HoldId | undefined,
): Promise<Account | undefined> {
  let after: Account | undefined;
  for (const left of holds) {
    if (left.hold !== paying) after = await releaseHold(ledger, { parent, ...left });
  }
  return after;
}
