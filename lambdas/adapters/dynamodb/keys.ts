import type { AccountRef, Month, RunKey } from '../../../core/ledger/account-ref';

export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

/** Usage of a tenant's month is spread over this many partitions, by run. Never change it. */
export const USAGE_SHARDS = 16;

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** `#` is in no id, so a key can be read in one way alone. */
export function accountKey(ref: AccountRef): ItemKey {
  switch (ref.level) {
    case 'tenant-month':
      return { pk: `T#${ref.tenant}`, sk: ref.month };
    case 'run':
      return { pk: runPartition(ref.tenant, ref.run), sk: ref.month };
    case 'usage':
      return {
        pk: usagePartition(ref.tenant, ref.month, usageShardOf(ref.run)),
        sk: `${ref.run}#${ref.step}`,
      };
  }
}

/** All months of one run stand together: one query finds them. */
export function runPartition(tenant: string, run: RunKey): string {
  return `R#${tenant}#${run}`;
}

export function usagePartition(tenant: string, month: Month, shard: number): string {
  return `U#${tenant}#${month}#${shard.toString(16)}`;
}

/** A run's key is a digest in base64url, so any of its characters spreads evenly. */
export function usageShardOf(run: RunKey): number {
  return Math.max(BASE64URL.indexOf(run.charAt(0)), 0) % USAGE_SHARDS;
}

/** Order of the usage listing and of exports: date, run, step. */
export function dateKey(date: string, runId: string, stepId: string): string {
  return `${date}#${runId}#${stepId}`;
}
