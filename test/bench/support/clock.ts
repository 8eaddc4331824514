/**
 * When measurements take place: in mid-month, whatever the day. In the first two days of a month a
 * run check also looks for a twin of itself in the month before.
 */
export const MEASURED_FROM = '2026-11-15T12:00:00Z';

/** A clock that stands at `start` now and goes on from there. */
export function clockFrom(start: string): () => number {
  const offsetMs = Date.parse(start) - performance.now();
  return () => Math.floor(performance.now() + offsetMs);
}
