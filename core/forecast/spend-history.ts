import type { Month } from '../ledger/account-ref';
import type { NanoUsd } from '../money/nano-usd';

/** What a tenant's month had come to at one instant; amounts in nano-USD. */
export interface SpendPoint {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  readonly spent: NanoUsd;
  /** Spent and held: what the budget was seen to be committed to. */
  readonly committed: NanoUsd;
}

/** The points of one tenant's month, oldest first. */
export interface RecordedSpend {
  readonly points: readonly SpendPoint[];
  /** Counts the writes: a writer names the version that it has seen. */
  readonly version: number;
}

/** Where a month's spend over time is kept, one small record for each tenant and month. */
export interface SpendHistory {
  /** May be some moments old. @throws LedgerUnavailableError */
  read(tenant: string, month: Month): Promise<RecordedSpend | undefined>;
  /**
   * Replace the points that were seen as `seen` (undefined: none were there).
   * @returns false when somebody else wrote in the meantime; nothing is changed then
   * @throws LedgerUnavailableError
   */
  record(
    tenant: string,
    month: Month,
    points: readonly SpendPoint[],
    seen: RecordedSpend | undefined,
  ): Promise<boolean>;
}
