import type { Options } from '../options';
import { clockFrom, MEASURED_FROM } from '../support/clock';
import { clientsOf, enginePorts, startEngineProcess } from '../support/engine-ports';
import { GuardCalls, type GuardCall } from '../support/guard-calls';
import { createGuardHandlers, largePolicy } from '../support/guard-handlers';
import type { Say } from '../support/progress';
import { EngineMeter, type MeteredRequest } from './engine-meter';

export const OPEN_HOLDS = [1, 10, 30, 100] as const;

/** What is counted: every operation of a run's life, and the ways that cost more. */
export const COUNTED = [
  'run check',
  'step check',
  'usage',
  'completion',
  'denied run check',
  'denied run check, first of a day',
  'run check with quotas',
  'step check with quotas',
  'usage with quotas',
  'step check that extends its run',
  'run check, first two days of a month',
  'run check, first of a tenant in a month',
] as const;

export type Counted = (typeof COUNTED)[number];

export interface UnitsCell {
  readonly what: Counted;
  readonly openHolds: number;
  readonly writes: number;
  readonly reads: number;
  readonly tableWriteUnits: number;
  readonly indexWriteUnits: number;
  readonly readUnits: number;
  /** The largest item written. */
  readonly itemBytes: number;
}

export interface Units {
  readonly engine: string;
  readonly cells: readonly UnitsCell[];
  /** Requests for which the engine tells the units itself, and for how many these differ. */
  readonly compared: number;
  readonly different: number;
}

/** Counts what each operation sends to the engine while accounts carry more and more holds. */
export async function countUnits({ engine }: Options, say: Say): Promise<Units> {
  say(`units: starting the engine ${engine}`);
  const child = await startEngineProcess(engine);
  const clients = clientsOf(child.said);
  const meter = new EngineMeter(clients, child.said.shapes);
  const ports = enginePorts(clients, child.said, clockFrom(MEASURED_FROM));
  const handlers = createGuardHandlers(ports);
  const counted: CountedCall[] = [];
  const count = async (life: Iterable<LifeCall>, openHolds: number) => {
    for (const [what, call] of life) {
      meter.take();
      await call.send();
      if (what !== undefined) counted.push([what, openHolds, meter.take()]);
    }
  };
  try {
    for (const openHolds of OPEN_HOLDS) {
      say(`units: ${openHolds} open holds`);
      const tenant = `bench-${openHolds}`;
      await ports.policyStore.create(largePolicy(tenant));
      await count(lifeOf(new GuardCalls(handlers, tenant), openHolds), openHolds);
    }
    await ports.policyStore.create(largePolicy('metered', LARGE_QUOTAS));
    await count(meteredLifeOf(new GuardCalls(handlers, 'metered')), 1);
    const early = enginePorts(clients, child.said, clockFrom('2026-12-01T06:00:00Z'));
    await count(earlyLifeOf(new GuardCalls(createGuardHandlers(early), 'bench-1')), 1);
  } finally {
    clients.retrying.destroy();
    clients.once.destroy();
    await child.stop();
  }
  return { engine, cells: counted.map(cellOf), ...comparison(counted) };
}

/** A call in its order; one that is to be counted carries its name. */
type LifeCall = readonly [Counted | undefined, GuardCall];

/** With what was sent for it. */
type CountedCall = readonly [Counted, number, readonly MeteredRequest[]];

/** Room for everything: what counts is that there is something to count. */
const LARGE_QUOTAS = { requestsPerMinute: 100_000, tokensPerDay: 1_000_000_000 };

function* meteredLifeOf(calls: GuardCalls): Generator<LifeCall> {
  yield [undefined, calls.checkRun('warm')];
  yield ['run check with quotas', calls.checkRun('run')];
  yield ['step check with quotas', calls.checkStep('run', 'step')];
  yield ['usage with quotas', calls.reportUsage('run', 'step')];
}

function* earlyLifeOf(calls: GuardCalls): Generator<LifeCall> {
  yield [undefined, calls.checkRun('warm-early')];
  yield ['run check, first two days of a month', calls.checkRun('early')];
}

function* lifeOf(calls: GuardCalls, openHolds: number): Generator<LifeCall> {
  const isFirst = openHolds === OPEN_HOLDS[0];
  yield [isFirst ? 'run check, first of a tenant in a month' : undefined, calls.checkRun('warm')];
  yield [undefined, calls.complete('warm')];
  // The account has `openHolds` holds when the counted write has been made.
  for (let number = 1; number < openHolds; number += 1) {
    yield [undefined, calls.checkRun(`open-${number}`)];
  }
  yield ['run check', calls.checkRun('run')];
  for (let number = 1; number < openHolds; number += 1) {
    yield [undefined, calls.checkCheapStep('run', `open-${number}`)];
  }
  yield ['step check', calls.checkStep('run', 'step')];
  yield ['usage', calls.reportUsage('run', 'step')];
  yield [isFirst ? 'denied run check, first of a day' : undefined, calls.askTooMuch('large-1')];
  yield ['denied run check', calls.askTooMuch('large-2')];
  yield ['step check that extends its run', calls.checkDearStep('run', 'dear')];
  for (let number = 1; number < openHolds; number += 1) {
    yield [undefined, calls.reportUsage('run', `open-${number}`)];
  }
  yield [undefined, calls.reportCost('run', 'dear')];
  yield ['completion', calls.complete('run')];
}

function cellOf([what, openHolds, requests]: CountedCall): UnitsCell {
  const sum = (of: (request: MeteredRequest) => number) =>
    requests.reduce((total, request) => total + of(request), 0);
  const isWrite = ({ operation }: MeteredRequest) =>
    operation === 'PutItem' || operation === 'UpdateItem';
  const writes = requests.filter(isWrite);
  return {
    what,
    openHolds,
    writes: writes.length,
    reads: requests.length - writes.length,
    tableWriteUnits: sum((request) => request.tableWriteUnits),
    indexWriteUnits: sum((request) => request.indexWriteUnits),
    readUnits: sum((request) => request.readUnits),
    itemBytes: Math.max(...writes.map(({ bytes }) => bytes)),
  };
}

function comparison(counted: readonly CountedCall[]) {
  const told = counted
    .flatMap(([, , requests]) => requests)
    .filter(({ engineUnits }) => engineUnits !== undefined);
  const different = told.filter(
    (request) => request.engineUnits !== request.tableWriteUnits + request.readUnits,
  );
  return { compared: told.length, different: different.length };
}
