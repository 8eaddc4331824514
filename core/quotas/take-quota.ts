import { LedgerUnavailableError } from '../ledger/faults';
import type { Policy, QuotaPolicy } from '../policy/policy';
import { isModelAllowed } from './allowed-models';
import type { QuotaReceipt, QuotaStore, QuotaTake } from './quota-store';
import {
  bucketOf,
  bucketRoom,
  dayOf,
  EMPTY_METER,
  minuteOf,
  requestsLeft,
  secondsUntilNextDay,
  secondsUntilNextMinute,
  secondsUntilRequest,
  tokensLeft,
  type Meter,
} from './windows';

const MAX_ATTEMPTS = 24;
const MAX_REMEMBERED = 5_000;

export interface QuotaPorts {
  readonly store: QuotaStore;
  readonly nowMs: () => number;
  /** Meters as last seen by this process: a bound may be worked out from them, never a decision. */
  readonly seen: Map<string, Meter>;
}

export interface QuotaAsk {
  readonly tenant: string;
  /**
   * Tokens that the request may use; 0 where that is not known before it is done, and undefined for
   * a request that uses none itself and is not held up by the quota of tokens.
   */
  readonly tokens: number | undefined;
  /** Absent for a request that uses no model. */
  readonly model?:
    { readonly name: string | undefined; readonly provider: string | undefined } | undefined;
}

/** How a quota stands, for the RateLimit fields. */
export interface QuotaStanding {
  readonly name: 'requests-per-minute' | 'tokens-per-day';
  readonly quota: number;
  readonly windowSeconds: number;
  readonly remaining: number;
  readonly resetSeconds: number;
}

export type QuotaTaken =
  | {
      readonly kind: 'taken';
      readonly receipt: QuotaReceipt | undefined;
      readonly standings: readonly QuotaStanding[];
    }
  | { readonly kind: 'model-not-allowed' }
  | {
      readonly kind: 'requests-exceeded' | 'tokens-exceeded';
      readonly retryAfterSeconds: number;
      readonly standings: readonly QuotaStanding[];
    }
  /** A newer policy has been seen at the meter: ask again with that one. */
  | { readonly kind: 'policy-changed' };

/**
 * Count a request against its tenant's quotas, if it fits; a refusal counts nothing. Any calendar
 * minute takes at most the quota; any other sixty seconds at most seven sixths of it, rounded up.
 * @throws LedgerUnavailableError
 */
export async function takeQuota(
  ports: QuotaPorts,
  policy: Policy,
  ask: QuotaAsk,
): Promise<QuotaTaken> {
  const { quotas } = policy;
  if (ask.model !== undefined) {
    const { name, provider } = ask.model;
    if (!isModelAllowed(quotas.allowedModels, name, provider)) return { kind: 'model-not-allowed' };
  }
  const countsTokens = quotas.tokensPerDay !== undefined && ask.tokens !== undefined;
  if (quotas.requestsPerMinute === undefined && !countsTokens) {
    return { kind: 'taken', receipt: undefined, standings: [] };
  }
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const taken = await attemptTake(ports, policy, ask);
    if (taken !== 'again') return taken;
  }
  throw new LedgerUnavailableError(`the quotas of ${ask.tenant} found no rest`);
}

/** What takeQuota would say, with nothing counted. */
export async function rehearseQuota(
  ports: QuotaPorts,
  { quotas }: Policy,
  ask: QuotaAsk,
): Promise<Exclude<QuotaTaken, { kind: 'policy-changed' }>> {
  const nowMs = ports.nowMs();
  if (ask.model !== undefined) {
    const { name, provider } = ask.model;
    if (!isModelAllowed(quotas.allowedModels, name, provider)) return { kind: 'model-not-allowed' };
  }
  const meter = await remember(ports, ask.tenant);
  const denied = denial(quotas, ask, meter, nowMs);
  if (denied !== 'again') return denied;
  return { kind: 'taken', receipt: undefined, standings: standingsOf(quotas, meter, nowMs) };
}

async function attemptTake(
  ports: QuotaPorts,
  policy: Policy,
  ask: QuotaAsk,
): Promise<QuotaTaken | 'again'> {
  const { quotas } = policy;
  const nowMs = ports.nowMs();
  const seen = ports.seen.get(ask.tenant) ?? EMPTY_METER;
  const take = takeFor(policy, ask, seen, nowMs);
  if (take.requests !== undefined && take.requests.bucketBelow < 1) {
    return denial(quotas, ask, await remember(ports, ask.tenant), nowMs);
  }
  const { applied, meter } = await ports.store.take(take);
  keep(ports, ask.tenant, meter);
  if (!applied) {
    if (meter.policyVersion > policy.version) return { kind: 'policy-changed' };
    return denial(quotas, ask, meter, nowMs);
  }
  const receipt = receiptOf(take);
  if (isOverdrawn(quotas, meter, nowMs)) {
    // The bound came from counts that were not final yet: this one was one too many.
    await ports.store.giveBack(receipt);
    return denial(quotas, ask, meter, nowMs);
  }
  return { kind: 'taken', receipt, standings: standingsOf(quotas, meter, nowMs) };
}

function takeFor(policy: Policy, ask: QuotaAsk, seen: Meter, nowMs: number): QuotaTake {
  const { requestsPerMinute, tokensPerDay } = policy.quotas;
  return {
    tenant: ask.tenant,
    policyVersion: policy.version,
    seen,
    ...(requestsPerMinute === undefined
      ? {}
      : {
          requests: {
            minute: minuteOf(nowMs),
            minuteBelow: requestsPerMinute,
            bucket: bucketOf(nowMs),
            bucketBelow: bucketRoom(seen, requestsPerMinute, nowMs),
          },
        }),
    ...(tokensPerDay === undefined || ask.tokens === undefined
      ? {}
      : {
          tokens: {
            day: dayOf(nowMs),
            amount: ask.tokens,
            usedAtMost: tokensPerDay - ask.tokens,
          },
        }),
  };
}

function receiptOf({ tenant, requests, tokens }: QuotaTake): QuotaReceipt {
  return {
    tenant,
    minute: requests?.minute,
    bucket: requests?.bucket,
    day: tokens?.day,
    tokens: tokens?.amount ?? 0,
  };
}

function isOverdrawn({ requestsPerMinute }: QuotaPolicy, meter: Meter, nowMs: number): boolean {
  return requestsPerMinute !== undefined && requestsLeft(meter, requestsPerMinute, nowMs) < 0;
}

/** Which limit failed, told from the meter: tokens before requests. */
function denial(
  quotas: QuotaPolicy,
  ask: QuotaAsk,
  meter: Meter,
  nowMs: number,
): Exclude<QuotaTaken, { kind: 'policy-changed' | 'taken' | 'model-not-allowed' }> | 'again' {
  const { requestsPerMinute, tokensPerDay } = quotas;
  const standings = standingsOf(quotas, meter, nowMs);
  if (
    tokensPerDay !== undefined &&
    ask.tokens !== undefined &&
    tokensLeft(meter, tokensPerDay, nowMs) < ask.tokens
  ) {
    const retryAfterSeconds = secondsUntilNextDay(nowMs);
    return { kind: 'tokens-exceeded', retryAfterSeconds, standings };
  }
  if (requestsPerMinute !== undefined && requestsLeft(meter, requestsPerMinute, nowMs) < 1) {
    const retryAfterSeconds = secondsUntilRequest(meter, requestsPerMinute, nowMs);
    return { kind: 'requests-exceeded', retryAfterSeconds, standings };
  }
  return 'again';
}

/** Is there anything to count? A list of models alone needs no meter. */
export function hasMeter({ requestsPerMinute, tokensPerDay }: QuotaPolicy): boolean {
  return requestsPerMinute !== undefined || tokensPerDay !== undefined;
}

/** What the RateLimit fields say; a remainder is never below zero there. */
export function standingsOf(quotas: QuotaPolicy, meter: Meter, nowMs: number): QuotaStanding[] {
  const { requestsPerMinute, tokensPerDay } = quotas;
  const standings: QuotaStanding[] = [];
  if (requestsPerMinute !== undefined) {
    const remaining = Math.max(requestsLeft(meter, requestsPerMinute, nowMs), 0);
    standings.push({
      name: 'requests-per-minute',
      quota: requestsPerMinute,
      windowSeconds: 60,
      remaining,
      // Nothing is left until a next request fits, which the turn of the minute does not decide.
      resetSeconds:
        remaining === 0
          ? secondsUntilRequest(meter, requestsPerMinute, nowMs)
          : secondsUntilNextMinute(nowMs),
    });
  }
  if (tokensPerDay !== undefined) {
    standings.push({
      name: 'tokens-per-day',
      quota: tokensPerDay,
      windowSeconds: 86_400,
      remaining: Math.max(tokensLeft(meter, tokensPerDay, nowMs), 0),
      resetSeconds: secondsUntilNextDay(nowMs),
    });
  }
  return standings;
}

async function remember(ports: QuotaPorts, tenant: string): Promise<Meter> {
  const meter = await ports.store.read(tenant);
  keep(ports, tenant, meter);
  return meter;
}

function keep({ seen }: QuotaPorts, tenant: string, meter: Meter): void {
  if (seen.size >= MAX_REMEMBERED) seen.clear();
  seen.set(tenant, meter);
}
