import { setTimeout as pause } from 'node:timers/promises';
import type { ChildCloud } from '../../local/child-cloud';
import { START_PATIENCE_MS, startLocalCloud, type ApiAnswer } from '../support/local-cloud';
import { nano, Orchestrator, statusesOf } from '../support/orchestrator';
import { Random } from '../support/random';

jest.setTimeout(START_PATIENCE_MS + 240_000);

const CALLERS = 400;
const FITTING = 200;
const SEED = 20_261_115;
const COST = { estimatedCostUSD: '0.05' };
const RUN_IDS = Array.from({ length: CALLERS }, (_, index) => `run-${index}`);

let cloud: ChildCloud;

beforeAll(async () => {
  cloud = await startLocalCloud({ clockStart: '2026-11-15T12:00:00Z' });
});
afterAll(async () => {
  await cloud.stop();
});

const openAll = (orchestrator: Orchestrator, runIds: readonly string[] = RUN_IDS) =>
  Promise.all(runIds.map((runId) => orchestrator.openRun(runId, COST)));

/** Whoever is refused is told figures that add up and that explain the refusal. */
function expectExplained({ status, headers, body }: ApiAnswer, ids: object): void {
  const type = headers.get('content-type');
  expect({ status, type }).toEqual({ status: 402, type: 'application/problem+json' });
  expect(body).toMatchObject({
    ...ids,
    code: 'BUDGET_HARD_CAP_HIT',
    month: '2026-11',
    requestedUSD: '0.05',
    pipeline: 'acceptance',
    resetsAt: '2026-12-01T00:00:00Z',
    runbook: expect.any(String),
    overrideUrl: expect.stringContaining('amountUSD=0.05'),
  });
  const [spent, reserved] = [nano(body['spentUSD']), nano(body['reservedUSD'])];
  const [limit, remaining] = [nano(body['limitUSD']), nano(body['remainingUSD'])];
  expect(spent + reserved + remaining).toBe(limit);
  expect(nano(body['requestedUSD'])).toBeGreaterThan(remaining);
}

/** What of an answer has to be the same when the call is said again. */
function decisionOf({ body }: ApiAnswer): unknown {
  const { decision, warnings, reservedUSD, runId, stepId, code } = body;
  return code === undefined ? { decision, warnings, reservedUSD, runId, stepId } : { code, runId };
}

/**
 * Said again, everything is as before; where less than fits was admitted, there is room again.
 * @returns the answers to the second call
 */
async function expectSameAgain(
  orchestrator: Orchestrator,
  admitted: Set<string>,
): Promise<readonly ApiAnswer[]> {
  const again = await openAll(orchestrator);
  const still = RUN_IDS.filter((_, index) => again[index]?.status === 200);
  expect(new Set(still)).toEqual(admitted);
  const { 200: repeated = 0, 201: filled = 0, 402: refused } = statusesOf(again);
  expect({ fitting: repeated + filled, refused }).toEqual({ fitting: FITTING, refused: FITTING });
  expect(await orchestrator.budget()).toMatchObject({ reservedUSD: '10.00', remainingUSD: '0.00' });
  return again;
}

describe('400 callers at once, five cents each, on a hard cap of ten dollars', () => {
  test('exactly 200 are admitted, each call again is decided alike, and their spend is exact', async () => {
    const acme = await Orchestrator.withHardCap(cloud.url, 'acme', '10.00');
    const answers = await openAll(acme);
    const isGranted = (answer?: ApiAnswer) => answer?.status === 201 || answer?.status === 200;
    const admitted = RUN_IDS.filter((_, index) => isGranted(answers[index]));
    // A call that was told to come again holds its money twice for a moment, and others are short.
    expect(admitted).toHaveLength(acme.unavailable === 0 ? FITTING : admitted.length);
    for (const [index, answer] of answers.entries()) {
      if (!isGranted(answer)) expectExplained(answer, { runId: RUN_IDS[index] });
    }
    const again = await expectSameAgain(acme, new Set(admitted));
    const ofAdmitted = (all: readonly ApiAnswer[]) =>
      all.filter((_, index) => isGranted(answers[index])).map(decisionOf);
    expect(ofAdmitted(again)).toEqual(ofAdmitted(answers));

    let expected = 0n;
    await Promise.all(
      admitted.map(async (runId, index) => {
        const costUSD = `0.0${String(index * 7_654_321 + 1)
          .padStart(10, '0')
          .slice(0, 8)}`;
        expected += nano(costUSD);
        expect((await acme.report(runId, 's', { costUSD })).status).toBeLessThan(300);
        expect((await acme.complete(runId)).status).toBe(200);
      }),
    );
    const usage = await acme.usage();
    expect(usage).toHaveLength(admitted.length);
    expect(usage.reduce((sum, { costUSD }) => sum + nano(costUSD), 0n)).toBe(expected);
    const { spentUSD, reservedUSD, remainingUSD } = await acme.budget();
    expect(nano(spentUSD)).toBe(expected);
    expect(nano(reservedUSD)).toBe(nano('0.05') * BigInt(FITTING - admitted.length));
    expect(nano(spentUSD) + nano(reservedUSD) + nano(remainingUSD)).toBe(nano('10.00'));
  });

  test('with a twin of each in flight no more is admitted than fits, and just that is reserved', async () => {
    const twins = await Orchestrator.withHardCap(cloud.url, 'twins', '10.00');
    const calls = shuffled([...RUN_IDS, ...RUN_IDS]);
    const flight = openAll(twins, calls);
    for (let isFlying = true; isFlying;) {
      expect(nano((await twins.budget()).reservedUSD)).toBeLessThanOrEqual(nano('10.00'));
      isFlying = await Promise.race([flight.then(() => false), pause(100, true)]);
    }
    const admitted = new Set<string>();
    for (const [index, { status }] of (await flight).entries()) {
      expect([200, 201, 402]).toContain(status);
      if (status !== 402) admitted.add(calls[index] ?? '');
    }
    expect(admitted.size).toBeLessThanOrEqual(FITTING);
    const reserved = nano('0.05') * BigInt(admitted.size);
    expect(nano((await twins.budget()).reservedUSD)).toBe(reserved);
    await twins.sweep();
    expect(nano((await twins.budget()).reservedUSD)).toBe(reserved);
    await expectSameAgain(twins, admitted);
  });

  test('so it is with the steps of one run that has reserved all there is', async () => {
    const steps = await Orchestrator.withHardCap(cloud.url, 'steps', '2.50');
    expect((await steps.openRun('run', { estimatedCostUSD: '2.5' })).status).toBe(201);
    const stepIds = RUN_IDS.slice(0, 100);
    const check = () => Promise.all(stepIds.map((stepId) => steps.checkStep('run', stepId, COST)));
    const answers = await check();
    expect(statusesOf(answers)).toEqual({ 201: 50, 402: 50 });
    for (const [index, answer] of answers.entries()) {
      if (answer.status === 402) expectExplained(answer, { runId: 'run', stepId: stepIds[index] });
    }
    const again = await check();
    expect(statusesOf(again)).toEqual({ 200: 50, 402: 50 });
    expect(again.map(decisionOf)).toEqual(answers.map(decisionOf));
    const completed = (await steps.complete('run')).body;
    expect(completed).toMatchObject({ spentUSD: '0.00', releasedUSD: '2.50' });
    expect(await steps.budget()).toMatchObject({ reservedUSD: '0.00', remainingUSD: '2.50' });
  });
});

function shuffled(items: readonly string[]): string[] {
  const random = new Random(SEED);
  const left = [...items];
  return items.map(() => left.splice(random.below(left.length), 1)[0] as string);
}
