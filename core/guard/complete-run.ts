import { noticeBudget } from '../alerts/budget-alerts';
import { isLive, type Account } from '../ledger/account';
import { tenantMonthOf, usageOf, type RunRef } from '../ledger/account-ref';
import { closeRun } from '../ledger/close-run';
import { LedgerUnavailableError } from '../ledger/faults';
import { childNameOf } from '../ledger/hold-id';
import type { NanoUsd } from '../money/nano-usd';
import { monthOf } from './calendar';
import { budgetOf, type BudgetView } from './month-account';
import type { GuardPorts, RunMonth } from './ports';
import { asFacts, runFacts, runKeyOf, type RunOutcome } from './run-facts';
import { noteOf, tokensOf } from './step-note';

/** The caller says that the run is over: nobody is waited for. */
const NO_PATIENCE_MS = 0;

export interface CompleteRun {
  readonly tenant: string;
  readonly runId: string;
  readonly status: Exclude<RunOutcome, 'expired'>;
}

export type RunCompleted =
  | {
      readonly kind: 'completed';
      readonly runId: string;
      readonly status: CompleteRun['status'];
      readonly spent: NanoUsd;
      readonly released: NanoUsd;
      readonly budget: BudgetView;
    }
  | { readonly kind: 'closed-otherwise'; readonly outcome: RunOutcome }
  | { readonly kind: 'not-found' };

/**
 * Completion: close the run's account in every month that it has one, and give back what it did not
 * spend. Steps that were checked and never reported give their money back too.
 * @throws LedgerUnavailableError
 */
export async function completeRun(ports: GuardPorts, request: CompleteRun): Promise<RunCompleted> {
  const run = runKeyOf(ports, request.tenant, request.runId);
  const months = await ports.reader.monthsOfRun(request.tenant, run);
  const home = months[0];
  if (home === undefined || runFacts(home.account).runId !== request.runId) {
    return { kind: 'not-found' };
  }
  let last: { readonly ref: RunRef; readonly month: Account } | undefined;
  const closed: Account[] = [];
  let open = months;
  while (open.length > 0) {
    for (const each of open) {
      const ref: RunRef = { level: 'run', tenant: request.tenant, month: each.month, run };
      const { account, month } = await close(ports, request, ref, each);
      closed.push(account);
      if (month !== undefined) last = { ref, month };
    }
    open = await openedMeanwhile(ports, request.tenant, run, open);
  }
  const outcome = runFacts(closed[0] as Account).outcome ?? request.status;
  if (outcome !== request.status) return { kind: 'closed-otherwise', outcome };
  const month = last?.month ?? (await monthOfHome(ports, request.tenant, home));
  const spent = closed.reduce((sum, { spent: each }) => sum + each, 0n);
  return {
    kind: 'completed',
    runId: request.runId,
    status: outcome as CompleteRun['status'],
    spent,
    released: closed.reduce((sum, each) => sum + releasedBy(each), 0n),
    budget: budgetOf(
      { tenant: request.tenant, month: last?.ref.month ?? home.month },
      month,
      ports.ledger.nowMs(),
    ),
  };
}

/**
 * After the turn of a month a step may open the run's account for the new one while the run is
 * being completed. Once the first account is closed none does, so one more look finds it.
 */
async function openedMeanwhile(
  { reader, ledger }: GuardPorts,
  tenant: string,
  run: string,
  seen: readonly RunMonth[],
): Promise<readonly RunMonth[]> {
  const current = monthOf(ledger.nowMs());
  if (seen.some(({ month }) => month === current)) return [];
  const months = await reader.monthsOfRun(tenant, run);
  return months.filter(({ month }) => month === current);
}

/** What the run had reserved and did not spend; nothing when it spent more than that. */
function releasedBy(run: Account): NanoUsd {
  return run.limit > run.spent ? run.limit - run.spent : 0n;
}

async function close(
  ports: GuardPorts,
  { status }: CompleteRun,
  ref: RunRef,
  { account }: RunMonth,
): Promise<{ readonly account: Account; readonly month: Account | undefined }> {
  const completedAt = new Date(ports.ledger.nowMs()).toISOString();
  const facts = asFacts({ ...account.facts, outcome: status, completedAt });
  const closed = await closeRun(ports.ledger, ref, NO_PATIENCE_MS, facts);
  if (closed.kind !== 'closed') throw new LedgerUnavailableError('the run would not close');
  // Of several completions at once, the one that closed the run gives back.
  const isMine = runFacts(closed.run).completedAt === completedAt;
  if (isMine) await giveBackTokens(ports, ref, account);
  if (closed.month !== undefined) {
    const { runId, pipeline } = runFacts(closed.run);
    await noticeBudget(ports.alerts, ref, closed.month, { runId, pipeline });
  }
  return { account: closed.run, month: closed.month };
}

/** Steps that were checked and never reported used none of the day's tokens. */
async function giveBackTokens(ports: GuardPorts, ref: RunRef, before: Account): Promise<void> {
  for (const hold of Object.keys(before.holds)) {
    const note = noteOf(before, hold);
    if (note?.countedDay === undefined) continue;
    const usage = await ports.ledger.store.read(usageOf(ref, childNameOf(hold)));
    if (isLive(usage)) continue;
    await ports.quotas.store.correctTokens(ref.tenant, note.countedDay, -tokensOf(note));
  }
}

async function monthOfHome(ports: GuardPorts, tenant: string, home: RunMonth): Promise<Account> {
  const ref: RunRef = { level: 'run', tenant, month: home.month, run: '' };
  const month = await ports.ledger.store.read(tenantMonthOf(ref));
  if (month === undefined) throw new LedgerUnavailableError("the run's month is not there");
  return month;
}
