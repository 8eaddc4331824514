import { noticeBudget, raiseDrift } from '../alerts/budget-alerts';
import { noticeForecast } from '../forecast/forecast-alert';
import { readOutlook } from '../forecast/read-outlook';
import { recordSnapshot } from '../forecast/record-snapshot';
import { imbalanceOf } from '../ledger/account';
import type { TenantMonthRef } from '../ledger/account-ref';
import { sweepMonth, type SweepPatience, type SweepReport } from '../ledger/sweep-month';
import { monthOf } from '../guard/calendar';
import { alignMonth, budgetOf, policyVersionOf } from '../guard/month-account';
import type { GuardPorts } from '../guard/ports';
import { asFacts, runFacts } from '../guard/run-facts';

const MINUTE_MS = 60_000;

/** An open run's two writes are milliseconds apart; a step may take minutes. */
export const SWEEP_PATIENCE: SweepPatience = { runMs: MINUTE_MS, stepMs: 15 * MINUTE_MS };

/**
 * Put one tenant-month in order, bring the current month in line with its policy, and forget a
 * month gone by that has nothing left to do.
 * @throws LedgerUnavailableError
 */
export async function sweepAccount(
  ports: Pick<GuardPorts, 'ledger' | 'policies' | 'directory' | 'history' | 'alerts'>,
  { tenant, month }: { readonly tenant: string; readonly month: string },
): Promise<SweepReport> {
  const ref: TenantMonthRef = { level: 'tenant-month', tenant, month };
  const nowMs = ports.ledger.nowMs();
  const isCurrent = month === monthOf(nowMs);
  if (isCurrent) {
    const policy = await ports.policies.latest(tenant);
    const account = await ports.ledger.store.read(ref);
    const isBehind = account !== undefined && policyVersionOf(account) < (policy?.version ?? 0);
    if (policy !== undefined && isBehind) await alignMonth(ports, ref, policy);
  }
  const report = await sweepMonth(ports.ledger, ref, SWEEP_PATIENCE, {
    deadlineMsOf: (run) => runFacts(run).deadlineMs,
    expiredFactsOf: (run) =>
      asFacts({
        ...run.facts,
        outcome: 'expired',
        completedAt: new Date(nowMs).toISOString(),
      }),
  });
  await auditMonth(ports, ref);
  const isDone = !isCurrent && month < monthOf(nowMs) && (report?.waiting ?? 0) === 0;
  if (isDone) await forget(ports, ref);
  return report ?? { resolved: 0, waiting: 0 };
}

/**
 * Tell of the thresholds that the month has reached, should a crash have kept somebody from it, of
 * an account that does not add up, which no write of ours can bring about, and, whenever a point of
 * its history is due, of where it is heading.
 */
async function auditMonth(
  { ledger, history, alerts }: Pick<GuardPorts, 'ledger' | 'history' | 'alerts'>,
  ref: TenantMonthRef,
): Promise<void> {
  const nowMs = ledger.nowMs();
  const account = await ledger.store.read(ref);
  if (account === undefined) return;
  await noticeBudget(alerts, ref, account, {});
  const drift = imbalanceOf(account);
  if (drift !== 0n) await raiseDrift(alerts, ref, drift);
  if (!(await recordSnapshot(history, ref, account, nowMs))) return;
  const { forecast } = await readOutlook(history, budgetOf(ref, account, nowMs), nowMs);
  await noticeForecast(alerts, ref, account, forecast);
}

/** Late usage may have come in the meantime: then its hold brings the month back. */
async function forget(
  { ledger, directory }: Pick<GuardPorts, 'ledger' | 'directory'>,
  ref: TenantMonthRef,
): Promise<void> {
  await directory.remove(ref.tenant, ref.month);
  const account = await ledger.store.read(ref);
  if (account !== undefined && Object.keys(account.holds).length > 0) {
    await directory.add(ref.tenant, ref.month);
  }
}
