import type { NanoUsd } from '../money/nano-usd';
import type { HoldId } from './hold-id';
import type { Condition } from './write';

/** The vocabulary of the writes: each condition that one of them starts from, by its name. */
export const isAbsent: Condition = { is: 'absent' };
export const isOpen: Condition = { is: 'open' };
export const isVoid: Condition = { is: 'void' };
export const hasNoHolds: Condition = { is: 'without-holds' };
export const isAbsentOrVoid: Condition = { any: [isAbsent, isVoid] };

export const holdIsAbsent = (hold: HoldId): Condition => ({ is: 'hold-absent', hold });
export const holdEquals = (hold: HoldId, amount: NanoUsd): Condition => ({
  is: 'hold-equals',
  hold,
  amount,
});
/** Soft, or enough available. */
export const isAffordable = (amount: NanoUsd): Condition => ({ is: 'affordable', amount });
export const isFundedBy = (hold: HoldId): Condition => ({ is: 'funded-by', hold });
export const limitEquals = (limit: NanoUsd): Condition => ({ is: 'limit-equals', limit });
export const versionEquals = (version: number): Condition => ({ is: 'version-equals', version });
/** Nothing there yet, or a fence that does not speak of this hold. */
export const mayBecomeChildOf = (hold: HoldId): Condition => ({
  any: [isAbsent, { is: 'void-sparing', hold }],
});
export const allOf = (...all: readonly Condition[]): Condition => ({ all });
