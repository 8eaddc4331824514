import { noticeBudget } from '../alerts/budget-alerts';
import type { Account } from '../ledger/account';
import { tenantMonthOf, type RunRef } from '../ledger/account-ref';
import { checkStep as holdStep, type StepChecked as StepHeld } from '../ledger/check-step';
import { closeRun } from '../ledger/close-run';
import { openRun } from '../ledger/open-run';
import { resolveHold } from '../ledger/resolve-hold';
import type { QuotaAsk } from '../quotas/take-quota';
import { giveBack, meterRequest, meterUnderNewer, tellRefusal, type Metered } from './admission';
import { monthOf } from './calendar';
import { estimateCost, type Estimated } from './estimate';
import { judge } from './judgement';
import { alignMonth, budgetOf, policyVersionOf } from './month-account';
import type { GuardPorts } from './ports';
import { asFacts, canonical, runFacts, runRefOf, withBudget } from './run-facts';
import { readNote, writeNote, type StepNote } from './step-note';
import { rehearseStep } from './rehearse-step';
import {
  actorOf,
  answerOfMonths,
  deny,
  granted,
  usedBefore,
  type Asked,
  type CheckStep,
  type StepChecked,
} from './step-answer';

export type { CheckStep, GrantedStep, StepChecked } from './step-answer';

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
  if (request.dryRun === true) return rehearseStep(asked, ask, ref);
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
    const isOfMonth = held.kind === 'held' && held.month !== undefined;
    const { policyVersion: version } = runFacts(held.run);
    await meterUnderNewer(ports, ask, metered, { version, isOfMonth });
  }
  return { ...checked, standings: metered.standings };
}

/** A step whose tokens nobody knows beforehand counts none now; its usage will. */
function quotaAsk({ tenant, tokens, model, provider }: CheckStep): QuotaAsk {
  const count = (tokens?.input ?? 0) + (tokens?.output ?? 0);
  return { tenant, tokens: count, model: { name: model, provider } };
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
