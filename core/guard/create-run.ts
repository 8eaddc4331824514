import { noticeBudget, raiseHardCapHit } from '../alerts/budget-alerts';
import { canAfford, type Account } from '../ledger/account';
import { tenantMonthOf, type RunRef } from '../ledger/account-ref';
import { LedgerUnavailableError } from '../ledger/faults';
import { openRun, type RunOpened } from '../ledger/open-run';
import type { NanoUsd } from '../money/nano-usd';
import type { QuotaStanding } from '../quotas/take-quota';
import {
  giveBack,
  meterRequest,
  meterUnderNewer,
  rehearseMeter,
  tellRefusal,
  type QuotaRefusal,
} from './admission';
import { DEFAULT_DEADLINE_MS, monthOf, monthOfEarlierTwin } from './calendar';
import { estimateCost, type Estimated, type EstimateEntry } from './estimate';
import { judge, type Judgement } from './judgement';
import {
  alignMonth,
  budgetOf,
  monthAsItWouldBe,
  policyVersionOf,
  type BudgetView,
} from './month-account';
import type { GuardPorts } from './ports';
import {
  asFacts,
  canonical,
  runFacts,
  runKeyOf,
  runRefOf,
  type RunFacts,
  type Tags,
} from './run-facts';

export interface CreateRun {
  readonly tenant: string;
  readonly runId?: string | undefined;
  readonly pipeline: string;
  readonly estimatedCost?: NanoUsd | undefined;
  readonly estimate?: readonly EstimateEntry[] | undefined;
  readonly tags?: Tags | undefined;
  readonly deadline?: Date | undefined;
  readonly dryRun?: boolean | undefined;
}

export interface GrantedRun extends Judgement {
  readonly runId: string;
  readonly tenant: string;
  readonly pipeline: string;
  readonly status: 'OPEN' | 'CLOSED';
  readonly reserved: NanoUsd;
  readonly budget: BudgetView;
}

export type RunCreated =
  | {
      readonly kind: 'created' | 'repeated' | 'dry-run';
      readonly run: GrantedRun;
      /** How the quotas stand after it. */
      readonly standings: readonly QuotaStanding[];
    }
  | QuotaRefusal
  | {
      readonly kind: 'denied';
      readonly budget: BudgetView;
      readonly requested: NanoUsd;
      readonly runId: string;
    }
  | { readonly kind: 'id-reused' }
  | { readonly kind: 'deadline-passed' }
  | Exclude<Estimated, { readonly kind: 'amount' }>;

/**
 * The run check: hold the run's estimated cost in its tenant's month, or refuse.
 * @throws LedgerUnavailableError
 */
export async function createRun(ports: GuardPorts, request: CreateRun): Promise<RunCreated> {
  const nowMs = ports.ledger.nowMs();
  if (request.deadline !== undefined && request.deadline.getTime() <= nowMs) {
    const earlier = await earlierTwin(ports, request);
    return earlier === undefined ? { kind: 'deadline-passed' } : repeated(ports, request, earlier);
  }
  const estimated = await amountOf(ports, request);
  if (estimated.kind !== 'amount') return estimated;
  const { amount } = estimated;
  const runId = request.runId ?? ports.newRunId();
  const ref = runRefOf(ports, request.tenant, runId, monthOf(nowMs));
  if (request.dryRun === true) return rehearse(ports, request, ref, runId, amount);
  const twinMonth = monthOfEarlierTwin(nowMs);
  if (request.runId !== undefined && twinMonth !== undefined) {
    const earlier = await earlierTwin(ports, request, twinMonth);
    if (earlier !== undefined) return repeated(ports, request, earlier);
  }
  return reserveMetered(ports, { ...request, runId }, ref, amount);
}

/** A request that comes to nothing, or was made before, counts against no quota. */
async function reserveMetered(
  ports: GuardPorts,
  request: NamedRun,
  ref: RunRef,
  amount: NanoUsd,
): Promise<RunCreated> {
  const ask = { tenant: request.tenant, tokens: undefined };
  const { runId, pipeline } = request;
  const metered = await meterRequest(ports, ask);
  if (metered.kind !== 'metered') {
    // A run that was granted before is still granted.
    const earlier = await earlierTwin(ports, request, ref.month);
    if (earlier !== undefined) return repeated(ports, request, earlier);
    if ('policy' in metered) await tellRefusal(ports, metered, { runId, pipeline });
    return metered;
  }
  const opened = await reserve(ports, request, ref, amount);
  if (opened.kind === 'opened' && isAskedFor(ports, request, opened.run)) {
    const shown = { version: policyVersionOf(opened.month), isOfMonth: true };
    await meterUnderNewer(ports, ask, metered, shown);
    await noticeBudget(ports.alerts, ref, opened.month, { runId, pipeline });
    const run = granted(ports, ref, opened.run, opened.month);
    return { kind: 'created', run, standings: metered.standings };
  }
  await giveBack(ports, metered);
  switch (opened.kind) {
    case 'policy-not-found':
      return opened;
    case 'denied': {
      await raiseHardCapHit(ports.alerts, ref, opened.month, {
        runId,
        pipeline,
        requested: amount,
      });
      const budget = budgetOf(ref, opened.month, ports.ledger.nowMs());
      return { kind: 'denied', budget, requested: amount, runId };
    }
    // Opened on this call's money by a twin that adopted it, and with other content.
    case 'opened':
    case 'existing':
      return repeated(ports, request, { ref, ...opened });
  }
}

type NamedRun = CreateRun & { readonly runId: string };

async function amountOf(ports: GuardPorts, request: CreateRun): Promise<Estimated> {
  if (request.estimatedCost !== undefined) return { kind: 'amount', amount: request.estimatedCost };
  return estimateCost(ports, request.tenant, request.estimate ?? []);
}

async function reserve(
  ports: GuardPorts,
  request: NamedRun,
  ref: RunRef,
  amount: NanoUsd,
): Promise<Exclude<RunOpened, { kind: 'no-month' }> | { readonly kind: 'policy-not-found' }> {
  const factsOf = (month: Account) => asFacts(openingFacts(ports, request, ref, amount, month));
  const open = (): Promise<RunOpened> => openRun(ports.ledger, { run: ref, amount, factsOf });
  let opened = await open();
  if (opened.kind === 'no-month') {
    const policy = await ports.policies.latest(request.tenant);
    if (policy === undefined) return { kind: 'policy-not-found' };
    await alignMonth(ports, tenantMonthOf(ref), policy);
    opened = await open();
  }
  if (opened.kind !== 'no-month') return opened;
  throw new LedgerUnavailableError("the tenant's month would not open");
}

function openingFacts(
  ports: GuardPorts,
  request: NamedRun,
  ref: RunRef,
  reserved: NanoUsd,
  month: Account,
): RunFacts {
  const nowMs = ports.ledger.nowMs();
  return {
    runId: request.runId,
    pipeline: request.pipeline,
    tags: request.tags ?? {},
    fingerprint: fingerprintOf(ports, request),
    openedAt: new Date(nowMs).toISOString(),
    deadlineMs: request.deadline?.getTime() ?? nowMs + DEFAULT_DEADLINE_MS,
    homeMonth: ref.month,
    reserved,
    judgement: judge(ref, month),
    policyVersion: policyVersionOf(month),
    budget: budgetOf(ref, month, nowMs),
  };
}

function fingerprintOf(ports: GuardPorts, request: CreateRun): string {
  const { pipeline, estimatedCost, estimate, tags, deadline } = request;
  return ports.digest(canonical({ pipeline, estimatedCost, estimate, tags: tags ?? {}, deadline }));
}

interface ExistingRun {
  readonly ref: RunRef;
  readonly run: Account;
  readonly month: Account;
}

/** @param month where it is looked for; left out: in every month, and the oldest one counts */
async function earlierTwin(
  ports: GuardPorts,
  request: CreateRun,
  month?: string,
): Promise<ExistingRun | undefined> {
  if (request.runId === undefined) return undefined;
  const run = runKeyOf(ports, request.tenant, request.runId);
  const found = (await ports.reader.monthsOfRun(request.tenant, run)).find(
    (each) => month === undefined || each.month === month,
  );
  if (found === undefined) return undefined;
  const ref: RunRef = { level: 'run', tenant: request.tenant, month: found.month, run };
  const account = await ports.ledger.store.read(tenantMonthOf(ref));
  return account === undefined ? undefined : { ref, run: found.account, month: account };
}

/** Is this run the one that the request describes, and not another of the same id? */
function isAskedFor(ports: GuardPorts, request: CreateRun, run: Account): boolean {
  const { fingerprint, runId } = runFacts(run);
  return runId === request.runId && fingerprint === fingerprintOf(ports, request);
}

function repeated(ports: GuardPorts, request: CreateRun, existing: ExistingRun): RunCreated {
  if (!isAskedFor(ports, request, existing.run)) return { kind: 'id-reused' };
  const run = granted(ports, existing.ref, existing.run, existing.month);
  return { kind: 'repeated', run, standings: [] };
}

function granted(ports: GuardPorts, ref: RunRef, run: Account, month: Account): GrantedRun {
  const { runId, pipeline, reserved, judgement } = runFacts(run);
  return {
    runId,
    tenant: ref.tenant,
    pipeline,
    status: run.state === 'CLOSED' ? 'CLOSED' : 'OPEN',
    reserved,
    ...judgement,
    budget: budgetOf(ref, month, ports.ledger.nowMs()),
  };
}

/** What the answer would be, with nothing held and no month opened. */
async function rehearse(
  ports: GuardPorts,
  request: CreateRun,
  ref: RunRef,
  runId: string,
  amount: NanoUsd,
): Promise<RunCreated> {
  const metered = await rehearseMeter(ports, { tenant: request.tenant, tokens: undefined });
  if (metered.kind !== 'metered') return metered;
  const month = await monthAsItWouldBe(ports, ref);
  if (month === undefined) return { kind: 'policy-not-found' };
  const budget = budgetOf(ref, month, ports.ledger.nowMs());
  if (!canAfford(month, amount)) return { kind: 'denied', budget, requested: amount, runId };
  const after = { ...month, holds: { ...month.holds, [`${ref.run}~0.rehearsal`]: amount } };
  const { tenant, pipeline } = request;
  const run = { runId, tenant, pipeline, status: 'OPEN' as const, reserved: 0n, budget };
  return {
    kind: 'dry-run',
    run: { ...run, ...judge(ref, after) },
    standings: metered.standings,
  };
}
