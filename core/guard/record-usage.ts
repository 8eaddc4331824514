import { noticeBudget } from '../alerts/budget-alerts';
import { isLive, type Account } from '../ledger/account';
import { childNameIn, tenantMonthOf, usageOf, type RunRef } from '../ledger/account-ref';
import { LedgerUnavailableError } from '../ledger/faults';
import { resolveHold } from '../ledger/resolve-hold';
import { recordUsage as bookUsage } from '../ledger/record-usage';
import type { NanoUsd } from '../money/nano-usd';
import { catalogueVersion } from '../prices/catalogue';
import { priceUsage } from '../prices/price';
import { dayOf } from '../quotas/windows';
import { budgetOf, type BudgetView } from './month-account';
import type { GuardPorts, RunMonth } from './ports';
import { asFacts, canonical, runFacts, runKeyOf, type Tags } from './run-facts';
import { noteOf, tokensOf, type StepNote } from './step-note';
import { usageFacts, type CostBasis, type TokenCounts, type UsageFacts } from './usage-facts';

/** How far a caller's clock may run ahead of ours. */
const CLOCK_SKEW_MS = 5 * 60_000;

export interface RecordUsage {
  readonly tenant: string;
  readonly runId: string;
  readonly stepId: string;
  readonly tokens?: TokenCounts | undefined;
  readonly cost?: NanoUsd | undefined;
  readonly model?: string | undefined;
  readonly provider?: string | undefined;
  readonly tags?: Tags | undefined;
  readonly occurredAt?: Date | undefined;
}

export interface UsageView extends UsageFacts {
  readonly cost: NanoUsd;
}

export type UsageRecorded =
  | {
      readonly kind: 'recorded' | 'repeated';
      readonly usage: UsageView;
      readonly budget: BudgetView;
    }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'id-reused' }
  | { readonly kind: 'in-the-future' }
  | { readonly kind: 'model-missing' }
  | { readonly kind: 'policy-not-found' }
  | { readonly kind: 'price-unknown'; readonly model: string; readonly provider?: string };

/**
 * Book what a step cost, once. Usage belongs to the month of its hold, so that a month's records
 * add up to what the month has spent.
 * @throws LedgerUnavailableError
 */
export async function recordUsage(ports: GuardPorts, request: RecordUsage): Promise<UsageRecorded> {
  const nowMs = ports.ledger.nowMs();
  if ((request.occurredAt?.getTime() ?? nowMs) > nowMs + CLOCK_SKEW_MS) {
    return { kind: 'in-the-future' };
  }
  const run = runKeyOf(ports, request.tenant, request.runId);
  const months = await ports.reader.monthsOfRun(request.tenant, run);
  const home = months[0];
  if (home === undefined || runFacts(home.account).runId !== request.runId) {
    return { kind: 'not-found' };
  }
  const place = await placeOf(ports, request, run, months, home);
  if (place.usage !== undefined) return repeated(ports, request, place.ref, place.usage);
  const note = noteOfStep(ports, request, place.account);
  const cost = await costOf(ports, request, note);
  if (cost.kind !== 'cost') return cost;
  const facts = factsFor(ports, request, place, note, cost);
  // Late usage may be all that moves a month gone by: let the sweeper know of it first.
  if (place.account.state === 'CLOSED') await ports.directory.add(request.tenant, place.ref.month);
  const recorded = await bookUsage(
    ports.ledger,
    { run: place.ref, step: request.stepId, spent: cost.amount, facts: asFacts(facts) },
    place.account,
  );
  if (recorded.kind === 'existing') return repeated(ports, request, place.ref, recorded.usage);
  await correctTokens(ports, request, note);
  return answer(ports, 'recorded', place.ref, recorded.usage);
}

/**
 * The day's tokens were counted by estimate; now the actual ones are known. Only for the report that
 * was booked: a crash before it leaves the estimate standing, which ends with the day.
 */
async function correctTokens(
  ports: GuardPorts,
  { tenant, tokens }: RecordUsage,
  note: StepNote | undefined,
): Promise<void> {
  if (tokens === undefined) return;
  const policy = await ports.policies.recent(tenant);
  if (policy?.quotas.tokensPerDay === undefined) return;
  const day = note?.countedDay ?? dayOf(ports.ledger.nowMs());
  const estimate = note?.countedDay === undefined ? 0 : tokensOf(note);
  await ports.quotas.store.correctTokens(tenant, day, tokens.input + tokens.output - estimate);
}

interface Place {
  readonly ref: RunRef;
  readonly account: Account;
  readonly usage?: Account;
}

/** The month whose account holds the step's money, or has its usage; else the run's first. */
async function placeOf(
  ports: GuardPorts,
  { tenant, stepId }: RecordUsage,
  run: string,
  months: readonly RunMonth[],
  home: RunMonth,
): Promise<Place> {
  const refIn = (month: string): RunRef => ({ level: 'run', tenant, month, run });
  const holding = months.find(
    ({ account }) => ports.ledger.rules.holdsFor(account, stepId).length > 0,
  );
  if (holding !== undefined) return { ref: refIn(holding.month), account: holding.account };
  for (const { month, account } of months) {
    const usage = await ports.ledger.store.read(usageOf(refIn(month), stepId));
    if (isLive(usage)) return { ref: refIn(month), account, usage };
  }
  return { ref: refIn(home.month), account: home.account };
}

function noteOfStep(
  ports: GuardPorts,
  { stepId }: RecordUsage,
  run: Account,
): (StepNote & { readonly reserved: NanoUsd }) | undefined {
  const held = ports.ledger.rules.holdsFor(run, stepId)[0];
  if (held === undefined) return undefined;
  const note = noteOf(run, held.hold);
  return note === undefined ? undefined : { ...note, reserved: held.amount };
}

type Cost =
  | {
      readonly kind: 'cost';
      readonly amount: NanoUsd;
      readonly model: string | null;
      readonly provider: string | null;
      readonly basis: CostBasis;
    }
  | Extract<UsageRecorded, { kind: 'model-missing' | 'policy-not-found' | 'price-unknown' }>;

async function costOf(
  { policies, ledger }: GuardPorts,
  request: RecordUsage,
  note: StepNote | undefined,
): Promise<Cost> {
  const { cost, tokens, occurredAt } = request;
  const model = request.model ?? note?.model;
  // A provider named with the check belongs to the model named there.
  const provider = request.provider ?? (request.model === undefined ? note?.provider : undefined);
  if (cost !== undefined) {
    const names = { model: model ?? null, provider: provider ?? null };
    return { kind: 'cost', amount: cost, ...names, basis: { source: 'caller' } };
  }
  if (model === undefined || tokens === undefined) return { kind: 'model-missing' };
  const policy = await policies.latest(request.tenant);
  if (policy === undefined) return { kind: 'policy-not-found' };
  const at = occurredAt ?? new Date(ledger.nowMs());
  const counts = {
    inputTokens: tokens.input,
    outputTokens: tokens.output,
    cachedInputTokens: tokens.cachedInput,
  };
  const named = provider === undefined ? { model, ...counts } : { model, provider, ...counts };
  const price = priceUsage(named, policy.rates, at);
  if (price.kind === 'unknown') return { ...price, kind: 'price-unknown' };
  const { nanoUsd: amount, rates: basis } = price;
  return { kind: 'cost', amount, model: price.model, provider: price.provider, basis };
}

function factsFor(
  ports: GuardPorts,
  request: RecordUsage,
  place: Place,
  note: (StepNote & { readonly reserved: NanoUsd }) | undefined,
  cost: Extract<Cost, { kind: 'cost' }>,
): UsageFacts {
  const run = runFacts(place.account);
  const recordedAt = new Date(ports.ledger.nowMs()).toISOString();
  const hasEstimate = note?.inputTokens !== undefined && note.outputTokens !== undefined;
  return {
    date: request.occurredAt?.toISOString() ?? recordedAt,
    recordedAt,
    runId: request.runId,
    stepId: request.stepId,
    pipeline: run.pipeline,
    model: cost.model,
    provider: cost.provider,
    tokens: request.tokens,
    tags: { ...run.tags, ...request.tags },
    rates: cost.basis,
    catalogueVersion,
    reserved: note?.reserved ?? 0n,
    fingerprint: fingerprintOf(ports, request),
    checkedWith: note?.fingerprint,
    ...(hasEstimate
      ? { estimatedTokens: { input: note.inputTokens ?? 0, output: note.outputTokens ?? 0 } }
      : {}),
  };
}

function fingerprintOf(ports: GuardPorts, request: RecordUsage): string {
  const { tokens, cost, model, provider, tags, occurredAt } = request;
  return ports.digest(canonical({ tokens, cost, model, provider, tags: tags ?? {}, occurredAt }));
}

async function repeated(
  ports: GuardPorts,
  request: RecordUsage,
  ref: RunRef,
  usage: Account,
): Promise<UsageRecorded> {
  if (usageFacts(usage).fingerprint !== fingerprintOf(ports, request)) return { kind: 'id-reused' };
  return answer(ports, 'repeated', ref, usage);
}

async function answer(
  ports: GuardPorts,
  kind: 'recorded' | 'repeated',
  ref: RunRef,
  usage: Account,
): Promise<UsageRecorded> {
  const month = await ports.ledger.store.read(tenantMonthOf(ref));
  if (month === undefined) throw new LedgerUnavailableError('the month of the usage is not there');
  if (kind === 'repeated') await settleLeftOver(ports, ref, usageFacts(usage).stepId, month);
  const { runId, stepId, pipeline } = usageFacts(usage);
  await noticeBudget(ports.alerts, ref, month, { runId, stepId, pipeline });
  return {
    kind,
    usage: viewOf(usage),
    budget: budgetOf(ref, month, ports.ledger.nowMs()),
  };
}

/** Late usage that was booked and not settled, because its process died: the repetition settles it. */
async function settleLeftOver(
  { ledger }: GuardPorts,
  run: RunRef,
  step: string,
  month: Account,
): Promise<void> {
  const parent = tenantMonthOf(run);
  const child = childNameIn(parent, usageOf(run, step));
  for (const held of ledger.rules.holdsFor(month, child)) {
    await resolveHold(ledger, { parent, ...held }, Number.POSITIVE_INFINITY);
  }
}

export function viewOf(usage: Account): UsageView {
  return { ...usageFacts(usage), cost: usage.spent };
}
