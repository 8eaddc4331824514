import type { NanoUsd } from '../money/nano-usd';
import type { HoldId } from './hold-id';

/** VOID marks a place where no child may be opened by the holds that `killed` names. */
export type AccountState = 'OPEN' | 'CLOSED' | 'VOID';

/** A hard account refuses a hold that does not fit; a soft one lets `available` go below zero. */
export type AccountMode = 'hard' | 'soft';

/** Values that a store keeps beside the money. The ledger carries them and never looks inside. */
export type Fact = string | number | bigint | boolean | null | readonly Fact[] | Facts;
export interface Facts {
  readonly [name: string]: Fact | undefined;
}

/**
 * One place where money is kept: a tenant's month, a run in a month, or a step's usage (an account
 * that is born closed). At every instant `available + spent + Σ holds = limit`.
 */
export interface Account {
  readonly state: AccountState;
  readonly mode: AccountMode;
  readonly limit: NanoUsd;
  readonly available: NanoUsd;
  readonly spent: NanoUsd;
  /** Money promised to children and not yet settled, each under an id that one attempt alone uses. */
  readonly holds: Readonly<Record<HoldId, NanoUsd>>;
  /** What a hold was asked for with; lives and goes with the hold. */
  readonly notes: Readonly<Record<HoldId, string>>;
  /** The hold in the parent that pays for this account; none for a tenant's month. */
  readonly fundedBy?: HoldId;
  /** Counts the changes of the limit that came from a policy. */
  readonly version: number;
  readonly killed: readonly HoldId[];
  readonly facts: Facts;
}

/** Σ holds, in nano-USD. */
export function heldIn(account: Account): NanoUsd {
  return Object.values(account.holds).reduce((sum, amount) => sum + amount, 0n);
}

/** By how much the account fails to add up, in nano-USD; 0n in every account at every instant. */
export function imbalanceOf(account: Account): NanoUsd {
  return account.available + account.spent + heldIn(account) - account.limit;
}

/** A child that exists for good: a fence is only the promise that some holds never become one. */
export function isLive(account: Account | undefined): account is Account {
  return account !== undefined && account.state !== 'VOID';
}

export function canAfford(account: Account, amount: NanoUsd): boolean {
  return account.mode === 'soft' || account.available >= amount;
}

/** An open account without holds or spend. */
export function newAccount(terms: {
  readonly mode: AccountMode;
  readonly limit: NanoUsd;
  readonly fundedBy?: HoldId;
  readonly version?: number;
  readonly facts?: Facts;
}): Account {
  return {
    state: 'OPEN',
    mode: terms.mode,
    limit: terms.limit,
    available: terms.limit,
    spent: 0n,
    holds: {},
    notes: {},
    ...(terms.fundedBy === undefined ? {} : { fundedBy: terms.fundedBy }),
    version: terms.version ?? 0,
    killed: [],
    facts: terms.facts ?? {},
  };
}

/** A usage record: an account born closed, all of it spent. */
export function newUsageAccount(spent: NanoUsd, fundedBy: HoldId, facts: Facts): Account {
  return {
    ...newAccount({ mode: 'hard', limit: spent, fundedBy, facts }),
    state: 'CLOSED',
    available: 0n,
    spent,
  };
}
