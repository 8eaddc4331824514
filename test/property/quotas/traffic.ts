import type { Policy, QuotaPolicy } from '../../../core/policy/policy';
import type { QuotaReceipt, QuotaStore } from '../../../core/quotas/quota-store';
import { takeQuota, type QuotaTaken } from '../../../core/quotas/take-quota';
import type { Meter } from '../../../core/quotas/windows';
import { terms } from '../../support/guard-on-engine';
import { MemoryQuotaStore } from '../../support/memory-quotas';
import type { Random } from '../../support/random';

export const TENANT = 'acme';
const MINUTE_MS = 60_000;
/** So many turns of promises lie at most between one call at the meter and the next. */
const TICKS = 16;

export function policyOf(quotas: QuotaPolicy, version = 1): Policy {
  const stamp = { updatedAt: '2026-11-10T00:00:00Z', updatedBy: 'test' };
  return { ...terms({ limit: '1' }), quotas, tenant: TENANT, version, ...stamp };
}

/** Requests of several processes that meet at one meter, in an order that a seed decides. */
export class Traffic {
  readonly meters = new MemoryQuotaStore();
  /** When each request that was admitted and not given back was counted, in ms. */
  readonly admitted: number[] = [];
  nowMs: number;

  private readonly waiting: (() => void)[] = [];
  private readonly memories: readonly Map<string, Meter>[];
  private readonly store: QuotaStore;

  constructor(
    private readonly random: Random,
    startMs: number,
    processes: number,
  ) {
    this.nowMs = startMs;
    this.memories = Array.from({ length: processes }, () => new Map<string, Meter>());
    this.store = this.slowly(this.meters);
  }

  /** One request; the processes take turns at random. `keep: false` comes to nothing afterwards. */
  async ask(policy: Policy, tokens: number | undefined, keep = true): Promise<QuotaTaken> {
    let atMs = this.nowMs;
    const ports = {
      store: this.store,
      seen: this.random.pick(this.memories),
      nowMs: () => (atMs = this.nowMs),
    };
    const taken = await takeQuota(ports, policy, { tenant: TENANT, tokens });
    if (taken.kind !== 'taken') return taken;
    if (keep) this.admitted.push(atMs);
    else await this.store.giveBack(taken.receipt as QuotaReceipt);
    return taken;
  }

  /** Lets everybody who waits at the meter go on, one after another, while up to so much time passes. */
  async settle(maxStepMs = 0): Promise<void> {
    do {
      while (this.waiting.length > 0) {
        this.nowMs += this.random.below(maxStepMs + 1);
        const [next] = this.waiting.splice(this.random.below(this.waiting.length), 1);
        next?.();
        for (let tick = 0; tick < TICKS; tick += 1) await undefined;
      }
      await everything();
    } while (this.waiting.length > 0);
  }

  /** So many requests at once. */
  async burst(policy: Policy, requests: number, maxStepMs = 0): Promise<readonly QuotaTaken[]> {
    const asked = Array.from({ length: requests }, () => this.ask(policy, undefined));
    await this.settle(maxStepMs);
    return Promise.all(asked);
  }

  admittedIn(minuteStartMs: number): number {
    return this.admitted.filter((ms) => ms >= minuteStartMs && ms < minuteStartMs + MINUTE_MS)
      .length;
  }

  /** The most in any 60 seconds, wherever they start. */
  worstMinute(): number {
    const sorted = this.admitted.toSorted((a, b) => a - b);
    let worst = 0;
    let first = 0;
    sorted.forEach((ms, index) => {
      while ((sorted[first] ?? ms) <= ms - MINUTE_MS) first += 1;
      worst = Math.max(worst, index - first + 1);
    });
    return worst;
  }

  /** The most in any minute of the calendar. */
  worstCalendarMinute(): number {
    const counts = new Map<number, number>();
    for (const ms of this.admitted) {
      const minute = Math.floor(ms / MINUTE_MS);
      counts.set(minute, (counts.get(minute) ?? 0) + 1);
    }
    return Math.max(0, ...counts.values());
  }

  private slowly(store: MemoryQuotaStore): QuotaStore {
    const wait = () => new Promise<void>((resolve) => this.waiting.push(resolve));
    return {
      take: (take) => wait().then(() => store.take(take)),
      read: (tenant) => wait().then(() => store.read(tenant)),
      giveBack: (receipt) => wait().then(() => store.giveBack(receipt)),
      correctTokens: (...correction) => wait().then(() => store.correctTokens(...correction)),
      adopt: (tenant, version) => wait().then(() => store.adopt(tenant, version)),
    };
  }
}

/** Until everything that can go on has gone on. */
function everything(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
