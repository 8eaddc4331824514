import type { NanoUsd } from '../money/nano-usd';
import type { Account, AccountMode, Facts } from './account';
import type { AccountRef } from './account-ref';
import type { HoldId } from './hold-id';

/**
 * What a write asks of the item before it may happen. Conditions compare and never calculate, as
 * DynamoDB's cannot either: that is why every account keeps `available`.
 */
export type Condition =
  | { readonly is: 'absent' }
  | { readonly is: 'open' }
  | { readonly is: 'void' }
  | { readonly is: 'void-sparing'; readonly hold: HoldId }
  | { readonly is: 'hold-absent'; readonly hold: HoldId }
  | { readonly is: 'hold-equals'; readonly hold: HoldId; readonly amount: NanoUsd }
  | { readonly is: 'affordable'; readonly amount: NanoUsd }
  | { readonly is: 'funded-by'; readonly hold: HoldId }
  | { readonly is: 'limit-equals'; readonly limit: NanoUsd }
  | { readonly is: 'version-equals'; readonly version: number }
  | { readonly is: 'without-holds' }
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] };

/** What a write does to the item. */
export type Change =
  | { readonly set: 'state'; readonly to: 'CLOSED' }
  | { readonly set: 'limit'; readonly to: NanoUsd }
  | { readonly set: 'mode'; readonly to: AccountMode }
  | { readonly set: 'version'; readonly to: number }
  | { readonly set: 'facts'; readonly to: Facts }
  | { readonly add: 'available' | 'spent' | 'limit'; readonly by: NanoUsd }
  | { readonly hold: HoldId; readonly amount: NanoUsd; readonly note?: string }
  | { readonly drop: HoldId }
  | { readonly kill: HoldId };

export type WriteName =
  | 'hold'
  | 'forced hold'
  | 'extend'
  | 'forced extend'
  | 'raise'
  | 'open child'
  | 'book usage'
  | 'settle'
  | 'close'
  | 'fence'
  | 'change limit'
  | 'open month';

/** One conditional write to one item. */
export interface LedgerWrite {
  readonly name: WriteName;
  readonly ref: AccountRef;
  readonly condition: Condition;
  readonly effect:
    | { readonly kind: 'put'; readonly account: Account }
    | { readonly kind: 'update'; readonly changes: readonly Change[] };
  /**
   * `once`: a store must never send it a second time, for a late duplicate would do it again.
   * `repeatable`: the condition makes a second one harmless, so a store may send until it is told.
   */
  readonly delivery: 'once' | 'repeatable';
}
