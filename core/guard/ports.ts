import type { Account } from '../ledger/account';
import type { Month, RunKey } from '../ledger/account-ref';
import type { LedgerPorts } from '../ledger/ports';
import type { AlertPorts } from '../alerts/ports';
import type { SpendHistory } from '../forecast/spend-history';
import type { Policy } from '../policy/policy';
import type { QuotaPorts } from '../quotas/take-quota';

/** Where policies come from. Both answer with the deployment's default where a tenant has none. */
export interface PolicySource {
  /** May be some seconds old; costs no read on most calls. */
  recent(tenant: string): Promise<Policy | undefined>;
  /** As it is now. */
  latest(tenant: string): Promise<Policy | undefined>;
  /** This version was seen in force just now: what is remembered is fresh, or out of date. */
  confirm(tenant: string, version: number): void;
}

/** Which months have accounts, so that a sweeper need not look for them. */
export interface MonthDirectory {
  add(tenant: string, month: Month): Promise<void>;
  remove(tenant: string, month: Month): Promise<void>;
  list(): Promise<readonly { readonly tenant: string; readonly month: Month }[]>;
}

export interface RunMonth {
  readonly month: Month;
  readonly account: Account;
}

/** Reads that find accounts by something else than their ref. */
export interface LedgerReader {
  /** The live accounts of a run, oldest month first. Consistent. */
  monthsOfRun(tenant: string, run: RunKey): Promise<readonly RunMonth[]>;
  /** The usage records of a run in one month, by step. Consistent. */
  usageOfRun(tenant: string, run: RunKey, month: Month): Promise<readonly Account[]>;
  /** A page of a month's usage records in the order date, run, step. Consistent. */
  usageOfMonth(request: {
    readonly tenant: string;
    readonly month: Month;
    readonly after?: string;
    readonly limit: number;
  }): Promise<{ readonly items: readonly Account[]; readonly next?: string }>;
  /** The tenants that have a run of this id; the newest runs may take a moment to be seen. */
  tenantsOfRun(runId: string): Promise<readonly string[]>;
}

export interface GuardPorts {
  readonly ledger: LedgerPorts;
  readonly reader: LedgerReader;
  readonly policies: PolicySource;
  readonly directory: MonthDirectory;
  readonly history: SpendHistory;
  readonly quotas: QuotaPorts;
  readonly alerts: AlertPorts;
  /** A short digest in base64url, at least 10 characters, the same for the same text. */
  readonly digest: (text: string) => string;
  readonly newRunId: () => string;
}
