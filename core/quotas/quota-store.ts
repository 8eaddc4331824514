import type { Meter } from './windows';

/** Count a request and its tokens, if every window has room. One conditional write. */
export interface QuotaTake {
  readonly tenant: string;
  /** Refused when the meter has seen a newer policy. */
  readonly policyVersion: number;
  /** Present with a quota of requests. */
  readonly requests?: {
    readonly minute: number;
    /** The minute's count must be below this. */
    readonly minuteBelow: number;
    readonly bucket: number;
    /** The second's count must be below this, which is at least 1. */
    readonly bucketBelow: number;
  };
  /** Present with a quota of tokens. */
  readonly tokens?: { readonly day: number; readonly amount: number; readonly usedAtMost: number };
  /** A meter as last seen: windows in it that are gone by are dropped with this write. */
  readonly seen: Meter;
}

/** What a take counted, to be given back when the request comes to nothing. */
export interface QuotaReceipt {
  readonly tenant: string;
  readonly minute?: number | undefined;
  readonly bucket?: number | undefined;
  readonly day?: number | undefined;
  readonly tokens: number;
}

export interface QuotaStore {
  /** `meter` is as it is after the write, or, when refused, as it refused. */
  take(take: QuotaTake): Promise<{ readonly applied: boolean; readonly meter: Meter }>;
  /** Consistent. */
  read(tenant: string): Promise<Meter>;
  giveBack(receipt: QuotaReceipt): Promise<void>;
  /** Adds tokens, or takes some back, whatever the quota says: they are used already. */
  correctTokens(tenant: string, day: number, by: number): Promise<void>;
  /** From now on meters of older policies are out of date. */
  adopt(tenant: string, policyVersion: number): Promise<void>;
}
