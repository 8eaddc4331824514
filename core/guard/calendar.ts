import type { Month } from '../ledger/account-ref';

const HOUR_MS = 3_600_000;

export const DEFAULT_DEADLINE_MS = 24 * HOUR_MS;

/**
 * A run that is opened again after a turn of the month is looked for in the month before, for as
 * long as a caller may reasonably repeat itself.
 */
const REPEATED_ACROSS_MONTHS_MS = 48 * HOUR_MS;

/** The month of an instant, in UTC. */
export function monthOf(ms: number): Month {
  return new Date(ms).toISOString().slice(0, 7);
}

export function monthStartMs(month: Month): number {
  return Date.parse(`${month}-01T00:00:00.000Z`);
}

/** When a month's budget starts anew: the first instant of the next one, RFC 3339. */
export function resetsAt(month: Month): string {
  const start = new Date(monthStartMs(month));
  start.setUTCMonth(start.getUTCMonth() + 1);
  return start.toISOString().replace('.000Z', 'Z');
}

export function monthBefore(month: Month): Month {
  return monthOf(monthStartMs(month) - 1);
}

/** The month before, while a call of this instant may be a repetition of one made then. */
export function monthOfEarlierTwin(nowMs: number): Month | undefined {
  const month = monthOf(nowMs);
  return nowMs - monthStartMs(month) < REPEATED_ACROSS_MONTHS_MS ? monthBefore(month) : undefined;
}
