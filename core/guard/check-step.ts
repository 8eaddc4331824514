import { noticeBudget, raiseHardCapHit, type Actor } from '../alerts/budget-alerts';
import { canAfford, isLive, type Account } from '../ledger/account';
import { tenantMonthOf, usageOf, type RunRef } from '../ledger/account-ref';
import { checkStep as holdStep, type StepChecked as StepHeld } from '../ledger/check-step';
import { closeRun } from '../ledger/close-run';
import { openRun } from '../ledger/open-run';
import { resolveHold } from '../ledger/resolve-hold';
import type { NanoUsd } from '../money/nano-usd';
import type { QuotaAsk, QuotaStanding } from '../quotas/take-quota';
import {
  giveBack,
  meterRequest,
  meterUnderNewer,
  rehearseMeter,
  tellRefusal,
  type Metered,
  type QuotaRefusal,
} from './admission';
import { monthOf } from './calendar';
import { estimateCost, type Estimated } from './estimate';
import { judge, type Judgement } from './judgement';
import { alignMonth, budgetOf, policyVersionOf, type BudgetView } from './month-account';
import type { GuardPorts, RunMonth } from './ports';
import { asFacts, canonical, runFacts, runRefOf, withBudget } from './run-facts';
import { readNote, writeNote, type StepNote } from './step-note';
import { usageFacts } from './usage-facts';

export interface CheckStep {
  readonly tenant: string;
  readonly runId: string;
  readonly stepId: string;
  readonly model?: string | undefined;
  readonly provider?: string | undefined;
  readonly tokens?: { readonly input: number; readonly output: number } | undefined;
  readonly estimatedCost?: NanoUsd | undefined;
  readonly dryRun?: boolean | undefined;
}

export interface GrantedStep extends Judgement {
  readonly runId: string;
  readonly stepId: string;
  readonly reserved: NanoUsd;
  readonly budget: BudgetView;
}

export type StepChecked =
  | {
      readonly kind: 'granted' | 'repeated' | 'dry-run';
      readonly step: GrantedStep;
      /** How the quotas stand after it. */
      readonly standings?: readonly QuotaStanding[];
    }
  | QuotaRefusal
  | {
      readonly kind: 'denied';
      readonly budget: BudgetView;
      readonly requested: NanoUsd;
      readonly pipeline: string;
    }
  | { readonly kind: 'run-closed' }
  | { readonly kind: 'id-reused' }
  | { readonly kind: 'not-found' }
  | Exclude<Estimated, { readonly kind: 'amount' }>;

/**
 * The step check: hold the step's money in its run. One write where the run has room.
 * @throws LedgerUnavailableError
 */
export async function checkStep(ports: GuardPorts, request: CheckStep): Promise<StepChecked> {
  const ref = runRefOf(ports, request.tenant, request.runId, monthOf(ports.ledger.nowMs()));
  const estimated = await amountOf(ports, request);
  const amount = estimated.kind === 'amount' ? estimated.amount : 0n;
  const asked: Asked = { ports, request, amount, note: noteFor(ports, request) };
  if (estimated.kind !== 'amount') return refuse(asked, ref, estimated);
  const ask = quotaAsk(request);
  if (request.dryRun === true) return rehearse(asked, ask, ref);
  const metered = await meterRequest(ports, ask);
  if (metered.kind !== 'metered') return refuse(asked, ref, metered);
  return checkMetered(asked, ask, metered, ref);
}

/**
 * A refusal by policy, price or quota stands for a step that is new in a run that is there. A step
 * that was granted before is still granted, and of a run that is not there nothing else is said.
 */
async function refuse(
  asked: Asked,
  ref: RunRef,
  refused: Exclude<Estimated, { kind: 'amount' }> | Exclude<Metered, { kind: 'metered' }>,
): Promise<StepChecked> {
  const { ports, request } = asked;
  const months = await ports.reader.monthsOfRun(request.tenant, ref.run);
  const [home] = months;
  if (home === undefined || runFacts(home.account).runId !== request.runId) {
    return { kind: 'not-found' };
  }
  const before = await answerOfMonths(asked, ref, months);
  if (before !== undefined) return before;
  if ('policy' in refused) {
    await tellRefusal(ports, refused, actorOf(asked, runFacts(home.account).pipeline));
  }
  return refused;
}

/** A step that comes to nothing, or was checked before, counts against no quota. */
async function checkMetered(
  asked: Asked,
  ask: QuotaAsk,
  metered: Extract<Metered, { kind: 'metered' }>,
  ref: RunRef,
): Promise<StepChecked> {
  const { ports } = asked;
  const note = { ...asked.note, countedDay: metered.receipt?.day };
  const counted = { ...asked, note };
  const held = await hold(counted, ref);
  const checked = await answer(counted, ref, held);
  if (checked.kind !== 'granted') {
    await giveBack(ports, metered);
    return checked;
  }
  if ('run' in held) {
    await meterUnderNewer(ports, ask, metered, runFacts(held.run).policyVersion);
  }
  return { ...checked, standings: metered.standings };
}

/** A step whose tokens nobody knows beforehand counts none now; its usage will. */
function quotaAsk({ tenant, tokens, model, provider }: CheckStep): QuotaAsk {
  const count = (tokens?.input ?? 0) + (tokens?.output ?? 0);
  return { tenant, tokens: count, model: { name: model, provider } };
}

interface Asked {
  readonly ports: GuardPorts;
  readonly request: CheckStep;
  readonly amount: NanoUsd;
  readonly note: StepNote;
}

async function amountOf(ports: GuardPorts, request: CheckStep): Promise<Estimated> {
  const { estimatedCost, model, provider, tokens } = request;
  if (estimatedCost !== undefined) return { kind: 'amount', amount: estimatedCost };
  const inputTokens = tokens?.input ?? 0;
  const outputTokens = tokens?.output ?? 0;
  const entry = { model: model ?? '', provider, inputTokens, outputTokens, count: 1 };
  return estimateCost(ports, request.tenant, [entry]);
}

function noteFor(ports: GuardPorts, request: CheckStep): StepNote {
  const { model, provider, tokens, estimatedCost } = request;
  const fingerprint = ports.digest(canonical({ model, provider, tokens, estimatedCost }));
  return {
    fingerprint: fingerprint.slice(0, 10),
    model,
    provider,
    inputTokens: tokens?.input,
    outputTokens: tokens?.output,
  };
}

function hold({ ports, request, amount, note }: Asked, ref: RunRef): Promise<StepHeld> {
  return holdStep(ports.ledger, {
    run: ref,
    step: request.stepId,
    amount,
    note: writeNote(note),
    factsOf: (run, month) => withBudget(run, ref, month, ports.ledger.nowMs()),
  });
}

async function answer(asked: Asked, ref: RunRef, held: StepHeld): Promise<StepChecked> {
  const { ports, request, note } = asked;
  if (held.kind === 'no-run') return checkInOtherMonth(asked, ref);
  const facts = runFacts(held.run);
  if (facts.runId !== request.runId) return { kind: 'not-found' };
  switch (held.kind) {
    case 'held': {
      const earlier = await homesAnswer(asked, ref, held.run);
      if (earlier !== undefined) return earlier;
      if (held.month !== undefined) {
        await noticeBudget(ports.alerts, ref, held.month, actorOf(asked, facts.pipeline));
      }
      return { kind: 'granted', step: granted(asked, ref, held.run, asked.amount, held.month) };
    }
    case 'held-before':
      if (readNote(held.note)?.fingerprint !== note.fingerprint) return { kind: 'id-reused' };
      return { kind: 'repeated', step: granted(asked, ref, held.run, held.amount) };
    case 'used-before':
      return usedBefore(asked, ref, held.run, held.usage);
    case 'closed':
      return { kind: 'run-closed' };
    case 'denied':
      return deny(asked, ref, held.month, facts.pipeline);
  }
}

async function deny(
  asked: Asked,
  ref: RunRef,
  month: Account,
  pipeline: string,
): Promise<StepChecked> {
  const { ports, amount: requested } = asked;
  await raiseHardCapHit(ports.alerts, ref, month, { ...actorOf(asked, pipeline), requested });
  const budget = budgetOf(ref, month, ports.ledger.nowMs());
  return { kind: 'denied', budget, requested, pipeline };
}

function actorOf({ request: { runId, stepId } }: Asked, pipeline: string): Actor {
  return { runId, stepId, pipeline };
}

function granted(
  { ports, request }: Asked,
  ref: RunRef,
  run: Account,
  reserved: NanoUsd,
  month?: Account,
): GrantedStep {
  const facts = runFacts(run);
  const { runId, stepId } = request;
  // Inside its run's reservation a step changes nothing for the budget: the run's answer stands.
  return {
    runId,
    stepId,
    reserved,
    ...(month === undefined ? facts.judgement : judge(ref, month)),
    budget: month === undefined ? facts.budget : budgetOf(ref, month, ports.ledger.nowMs()),
  };
}

function usedBefore(asked: Asked, ref: RunRef, run: Account, usage: Account): StepChecked {
  const { checkedWith, reserved } = usageFacts(usage);
  // Usage that came without a check leaves nothing to compare with.
  if (checkedWith !== undefined && checkedWith !== asked.note.fingerprint) {
    return { kind: 'id-reused' };
  }
  return { kind: 'repeated', step: granted(asked, ref, run, reserved) };
}

/** The run has no account in this month: it may have been opened in an earlier one. */
async function checkInOtherMonth(asked: Asked, ref: RunRef): Promise<StepChecked> {
  const { ports, request } = asked;
  const months = await ports.reader.monthsOfRun(request.tenant, ref.run);
  const before = await answerOfMonths(asked, ref, months);
  if (before !== undefined) return before;
  const home = months[0];
  if (home === undefined || runFacts(home.account).runId !== request.runId) {
    return { kind: 'not-found' };
  }
  if (home.account.state === 'CLOSED') return { kind: 'run-closed' };
  return openInThisMonth(asked, ref, home.account);
}

/** A run that lasts over the turn of a month has an account in each, funded by that month. */
async function openInThisMonth(asked: Asked, ref: RunRef, home: Account): Promise<StepChecked> {
  const { ports, amount, request } = asked;
  const factsOf = (month: Account) =>
    asFacts({
      ...runFacts(home),
      reserved: amount,
      judgement: judge(ref, month),
      policyVersion: policyVersionOf(month),
      budget: budgetOf(ref, month, ports.ledger.nowMs()),
    });
  const open = () => openRun(ports.ledger, { run: ref, amount, factsOf });
  let opened = await open();
  if (opened.kind === 'no-month') {
    const policy = await ports.policies.latest(request.tenant);
    if (policy === undefined) return { kind: 'policy-not-found' };
    await alignMonth(ports, tenantMonthOf(ref), policy);
    opened = await open();
  }
  if (opened.kind === 'denied') return deny(asked, ref, opened.month, runFacts(home).pipeline);
  if (opened.kind !== 'no-month') {
    await noticeBudget(ports.alerts, ref, opened.month, actorOf(asked, runFacts(home).pipeline));
  }
  const held = await hold(asked, ref);
  return held.kind === 'no-run' ? { kind: 'not-found' } : answer(asked, ref, held);
}

/**
 * What the months before say to a hold that this month granted. It goes back where one of them had
 * granted the step, and so does all of this month's account where the run was completed just now.
 */
async function homesAnswer(
  asked: Asked,
  ref: RunRef,
  run: Account,
): Promise<StepChecked | undefined> {
  if (runFacts(run).homeMonth === ref.month) return undefined;
  const { ports, request } = asked;
  const months = await ports.reader.monthsOfRun(request.tenant, ref.run);
  const earlier = months.filter(({ month }) => month < ref.month);
  const before = await answerOfMonths(asked, ref, earlier);
  if (before !== undefined) {
    for (const mine of ports.ledger.rules.holdsFor(run, request.stepId)) {
      await resolveHold(ports.ledger, { parent: ref, ...mine }, 0);
    }
    return before;
  }
  const home = earlier[0]?.account;
  if (home?.state !== 'CLOSED') return undefined;
  const { outcome, completedAt } = runFacts(home);
  await closeRun(ports.ledger, ref, 0, asFacts({ ...run.facts, outcome, completedAt }));
  return { kind: 'run-closed' };
}

async function answerOfMonths(
  asked: Asked,
  { tenant, run }: RunRef,
  months: readonly RunMonth[],
): Promise<StepChecked | undefined> {
  const { ports, request, note } = asked;
  for (const { month, account } of months) {
    const ref: RunRef = { level: 'run', tenant, month, run };
    const earlier = ports.ledger.rules.holdsFor(account, request.stepId)[0];
    if (earlier !== undefined) {
      const known = readNote(account.notes[earlier.hold]);
      if (known?.fingerprint !== note.fingerprint) return { kind: 'id-reused' };
      return { kind: 'repeated', step: granted(asked, ref, account, earlier.amount) };
    }
    const usage = await ports.ledger.store.read(usageOf(ref, request.stepId));
    if (isLive(usage)) return usedBefore(asked, ref, account, usage);
  }
  return undefined;
}

/** What the answer would be, with nothing held. */
async function rehearse(asked: Asked, ask: QuotaAsk, ref: RunRef): Promise<StepChecked> {
  const { ports, request, amount } = asked;
  const metered = await rehearseMeter(ports, ask);
  if (metered.kind !== 'metered') return metered;
  const months = await ports.reader.monthsOfRun(request.tenant, ref.run);
  const before = await answerOfMonths(asked, ref, months);
  if (before !== undefined) return before;
  const run = months.at(-1)?.account;
  if (run === undefined || runFacts(run).runId !== request.runId) return { kind: 'not-found' };
  if (run.state === 'CLOSED') return { kind: 'run-closed' };
  const month = await ports.ledger.store.read(tenantMonthOf(ref));
  const more = amount > run.available ? amount - run.available : 0n;
  if (month !== undefined && !canAfford(month, more)) {
    const budget = budgetOf(ref, month, ports.ledger.nowMs());
    return { kind: 'denied', budget, requested: amount, pipeline: runFacts(run).pipeline };
  }
  return { kind: 'dry-run', step: granted(asked, ref, run, 0n, month) };
}
