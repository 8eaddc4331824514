/** `child~time.random`: names the child, tells its age, and belongs to one attempt alone. */
export type HoldId = string;

/** The part of a hold id that names the child; holds neither `~` nor anything the store minds. */
export type ChildName = string;

const BASE_36 = 36;

/** @param suffix at least 8 random characters, different for each call */
export function newHoldId(child: ChildName, nowMs: number, suffix: string): HoldId {
  return `${child}~${nowMs.toString(BASE_36)}.${suffix}`;
}

export function childNameOf(hold: HoldId): ChildName {
  return hold.slice(0, hold.lastIndexOf('~'));
}

/** When the hold was made, in milliseconds since the epoch. */
export function createdAtMs(hold: HoldId): number {
  const stamp = hold.slice(hold.lastIndexOf('~') + 1).split('.')[0] ?? '';
  return Number.parseInt(stamp, BASE_36);
}
