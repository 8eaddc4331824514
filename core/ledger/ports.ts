import type { LedgerRules } from './rules';
import type { LedgerStore } from './store';

/** Everything that the protocol needs from outside. */
export interface LedgerPorts {
  readonly store: LedgerStore;
  readonly rules: LedgerRules;
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number;
  /** At least 8 characters that were never given out before. */
  readonly randomSuffix: () => string;
}

/**
 * How often an operation starts over when others move the accounts under it. Each time somebody
 * else got on, so this is a bound for a fault, not for contention.
 */
export const MAX_ATTEMPTS = 24;

/** How often a hold is tried with a new id after its reply was lost. */
export const MAX_HOLD_SENDS = 3;
