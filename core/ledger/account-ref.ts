import { childNameOf, type ChildName, type HoldId } from './hold-id';

/** A calendar month in UTC, `YYYY-MM`. */
export type Month = string;

/** A short digest of tenant and run id: it stands in hold ids, which should be small. */
export type RunKey = string;

export interface TenantMonthRef {
  readonly level: 'tenant-month';
  readonly tenant: string;
  readonly month: Month;
}

export interface RunRef {
  readonly level: 'run';
  readonly tenant: string;
  readonly month: Month;
  readonly run: RunKey;
}

export interface UsageRef {
  readonly level: 'usage';
  readonly tenant: string;
  readonly month: Month;
  readonly run: RunKey;
  readonly step: string;
}

export type AccountRef = TenantMonthRef | RunRef | UsageRef;
export type ParentRef = TenantMonthRef | RunRef;

export function tenantMonthOf(ref: AccountRef): TenantMonthRef {
  return { level: 'tenant-month', tenant: ref.tenant, month: ref.month };
}

export function usageOf(run: RunRef, step: string): UsageRef {
  return { ...run, level: 'usage', step };
}

/**
 * How a child is called in its parent's holds. A run in its tenant's month goes by its key; usage
 * that came after its run had closed is held in the tenant's month itself, as `run/step`.
 */
export function childNameIn(parent: ParentRef, child: RunRef | UsageRef): ChildName {
  if (child.level === 'run') return child.run;
  return parent.level === 'run' ? child.step : `${child.run}/${child.step}`;
}

/** The inverse of childNameIn: which account a hold was made for. */
export function childRefOf(parent: ParentRef, hold: HoldId): RunRef | UsageRef {
  const name = childNameOf(hold);
  if (parent.level === 'run') return usageOf(parent, name);
  const { tenant, month } = parent;
  const slash = name.indexOf('/');
  if (slash < 0) return { level: 'run', tenant, month, run: name };
  return { level: 'usage', tenant, month, run: name.slice(0, slash), step: name.slice(slash + 1) };
}
