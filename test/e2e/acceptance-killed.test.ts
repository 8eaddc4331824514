import type { ChildCloud } from '../../local/child-cloud';
import {
  inScratchFolder,
  START_PATIENCE_MS,
  startLocalCloud,
  type ApiAnswer,
} from '../support/local-cloud';
import { nano, Orchestrator, statusesOf } from '../support/orchestrator';

jest.setTimeout(START_PATIENCE_MS + 300_000);

const TENANT = 'acme';
const CALLERS = 400;
const FITTING = 200;
const COST = { estimatedCostUSD: '0.05' };
const RUN_IDS = Array.from({ length: CALLERS }, (_, index) => `run-${index}`);

/** What the run's one step costs; no two cost the same. */
const costOf = (runId: string) =>
  `0.0${String(40_000_000 - Number(runId.slice('run-'.length)) * 90_001).padStart(8, '0')}`;

/**
 * Makes all calls at once and kills the server as soon as so many are answered.
 * @returns an answer for each call; undefined for those that were never answered
 */
async function killedAfter(
  answers: number,
  cloud: ChildCloud,
  calls: readonly (() => Promise<ApiAnswer>)[],
): Promise<readonly (ApiAnswer | undefined)[]> {
  let answered = 0;
  const all = await Promise.all(
    calls.map(async (call) => {
      try {
        const answer = await call();
        answered += 1;
        if (answered === answers) void cloud.stop('SIGKILL');
        return answer;
      } catch (fault) {
        // What fetch throws when the connection breaks; it is no TypeError of this file's own realm.
        if ((fault as Error).name === 'TypeError') return undefined;
        throw fault;
      }
    }),
  );
  await cloud.stop('SIGKILL');
  return all;
}

/** Runs of which some were answered before the server was killed: every call is made again. */
async function admitAll(
  orchestrator: Orchestrator,
  before: readonly (ApiAnswer | undefined)[],
): Promise<readonly string[]> {
  const open = (runIds: readonly string[]) =>
    Promise.all(runIds.map((runId) => orchestrator.openRun(runId, COST)));
  const again = await open(RUN_IDS);
  for (const [index, answer] of before.entries()) {
    if (answer?.status !== 201) continue;
    const { decision, reservedUSD } = answer.body;
    const { status, body } = again[index] as ApiAnswer;
    expect(status).toBe(200);
    expect(body).toMatchObject({ decision, reservedUSD });
  }
  const isAdmitted = (answer?: ApiAnswer) => answer !== undefined && answer.status < 300;
  const admitted = RUN_IDS.filter((_, index) => isAdmitted(again[index]));
  const refused = RUN_IDS.filter((_, index) => !isAdmitted(again[index]));
  expect(admitted.length).toBeLessThanOrEqual(FITTING);
  // What a dead call held is given back only when its twin has opened the run: ask once more.
  const last = admitted.length < FITTING ? await open(refused) : [];
  admitted.push(...refused.filter((_, index) => isAdmitted(last[index])));
  expect(admitted).toHaveLength(FITTING);
  return admitted;
}

async function spendOf(orchestrator: Orchestrator): Promise<ReadonlyMap<string, bigint>> {
  const usage = await orchestrator.usage();
  const costs = new Map(usage.map(({ runId, costUSD }) => [runId, nano(costUSD)]));
  expect(costs.size).toBe(usage.length);
  const sum = [...costs.values()].reduce((total, cost) => total + cost, 0n);
  const { spentUSD, reservedUSD } = await orchestrator.budget();
  expect(reservedUSD).toBe('0.00');
  expect(nano(spentUSD)).toBe(sum);
  return costs;
}

let cloud: ChildCloud | undefined;

// A server that outlived a failed test would keep the test process from ending.
afterEach(() => cloud?.stop('SIGKILL'));

test('killed twice in mid-load: 200 of 400 are admitted, and no answered cent is lost', () =>
  inScratchFolder(async (dataDir) => {
    const start = async (clockStart: string) => {
      cloud = await startLocalCloud({ dataDir, clockStart });
      return cloud;
    };
    const first = await start('2026-11-10T00:00:00Z');
    let acme = await Orchestrator.withHardCap(first.url, TENANT, '10.00');
    const opened = await killedAfter(
      120,
      first,
      RUN_IDS.map((runId) => () => acme.openRun(runId, COST)),
    );
    expect(opened.filter((answer) => answer === undefined).length).toBeGreaterThan(0);

    const second = await start('2026-11-10T00:05:00Z');
    acme = await Orchestrator.of(second.url, TENANT);
    const admitted = await admitAll(acme, opened);
    expect(await acme.budget()).toMatchObject({ spentUSD: '0.00', reservedUSD: '10.00' });
    const report = async (runId: string) => {
      const answer = await acme.report(runId, 's', { costUSD: costOf(runId) });
      if (Number(runId.slice(-1)) % 2 === 0) await acme.complete(runId);
      return answer;
    };
    const reported = await killedAfter(
      60,
      second,
      admitted.map((runId) => () => report(runId)),
    );
    expect(reported.filter((answer) => answer === undefined).length).toBeGreaterThan(0);

    // Two days later every run that nobody completed is past its deadline.
    const third = await start('2026-11-12T00:00:00Z');
    acme = await Orchestrator.of(third.url, TENANT);
    await acme.sweep();
    const booked = await spendOf(acme);
    const answered = admitted.filter((_, index) => reported[index]?.status === 201);
    expect(answered.length).toBeGreaterThan(0);
    for (const runId of answered)
      expect([runId, booked.get(runId)]).toEqual([runId, nano(costOf(runId))]);

    // Whoever was not answered says it again: booked late, and once.
    const again = await Promise.all(admitted.map((runId) => report(runId)));
    const { 200: repeated = 0, 201: late = 0 } = statusesOf(again);
    expect(repeated + late).toBe(FITTING);
    expect(repeated).toBeGreaterThanOrEqual(booked.size);
    await acme.sweep();
    const costs = await spendOf(acme);
    expect(costs).toEqual(new Map(admitted.map((runId) => [runId, nano(costOf(runId))])));
    expect(await third.stop()).toBe(0);
  }));
