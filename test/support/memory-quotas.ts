import type { QuotaReceipt, QuotaStore, QuotaTake } from '../../core/quotas/quota-store';
import { EMPTY_METER, type Meter } from '../../core/quotas/windows';

type Counts = Readonly<Record<number, number>>;

/** Quotas in a map, with the conditions of the stored ones. */
export class MemoryQuotaStore implements QuotaStore {
  readonly meters = new Map<string, Meter>();

  take(take: QuotaTake): Promise<{ applied: boolean; meter: Meter }> {
    const before = this.meterOf(take.tenant);
    if (!fits(take, before)) return Promise.resolve({ applied: false, meter: before });
    const { requests, tokens } = take;
    const meter: Meter = {
      policyVersion: take.policyVersion,
      minutes: added(before.minutes, requests?.minute, 1),
      buckets: added(before.buckets, requests?.bucket, 1),
      days: added(before.days, tokens?.day, tokens?.amount ?? 0),
    };
    this.meters.set(take.tenant, meter);
    return Promise.resolve({ applied: true, meter });
  }

  read(tenant: string): Promise<Meter> {
    return Promise.resolve(this.meterOf(tenant));
  }

  giveBack({ tenant, minute, bucket, day, tokens }: QuotaReceipt): Promise<void> {
    const meter = this.meterOf(tenant);
    this.meters.set(tenant, {
      ...meter,
      minutes: added(meter.minutes, minute, -1),
      buckets: added(meter.buckets, bucket, -1),
      days: added(meter.days, day, -tokens),
    });
    return Promise.resolve();
  }

  correctTokens(tenant: string, day: number, by: number): Promise<void> {
    const meter = this.meterOf(tenant);
    this.meters.set(tenant, { ...meter, days: added(meter.days, day, by) });
    return Promise.resolve();
  }

  adopt(tenant: string, policyVersion: number): Promise<void> {
    const meter = this.meterOf(tenant);
    if (meter.policyVersion <= policyVersion) this.meters.set(tenant, { ...meter, policyVersion });
    return Promise.resolve();
  }

  private meterOf(tenant: string): Meter {
    return this.meters.get(tenant) ?? EMPTY_METER;
  }
}

function fits({ policyVersion, requests, tokens }: QuotaTake, meter: Meter): boolean {
  if (meter.policyVersion > policyVersion) return false;
  if (requests !== undefined) {
    if ((meter.minutes[requests.minute] ?? 0) >= requests.minuteBelow) return false;
    if ((meter.buckets[requests.bucket] ?? 0) >= requests.bucketBelow) return false;
  }
  return tokens === undefined || (meter.days[tokens.day] ?? 0) <= tokens.usedAtMost;
}

function added(counts: Counts, window: number | undefined, by: number): Counts {
  return window === undefined ? counts : { ...counts, [window]: (counts[window] ?? 0) + by };
}
