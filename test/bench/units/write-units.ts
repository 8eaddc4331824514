import type { Options } from '../options';
import { clockFrom, MEASURED_FROM } from '../support/clock';
import { clientsOf, enginePorts, startEngineProcess } from '../support/engine-ports';
import { GuardCalls, type GuardCall } from '../support/guard-calls';
import { createGuardHandlers, largePolicy, type GuardHandlers } from '../support/guard-handlers';
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
  const counted: [Counted, number, readonly MeteredRequest[]][] = [];
  try {
    for (const openHolds of OPEN_HOLDS) {
      say(`units: ${openHolds} open holds`);
      const tenant = `bench-${openHolds}`;
      await ports.policyStore.create(largePolicy(tenant));
      const life = lifeOf(handlers, tenant, openHolds);
      for await (const [what, call] of life) {
        meter.take();
        await call.send();
        if (what !== undefined) counted.push([what, openHolds, meter.take()]);
      }
    }
    const early = enginePorts(clients, child.said, clockFrom('2026-12-01T06:00:00Z'));
    const calls = new GuardCalls(createGuardHandlers(early), 'bench-1');
    await calls.checkRun('first').send();
    meter.take();
    await calls.checkRun('second').send();
    counted.push(['run check, first two days of a month', 1, meter.take()]);
  } finally {
    clients.retrying.destroy();
    clients.once.destroy();
    await child.stop();
  }
  return { engine, cells: counted.map(cellOf), ...comparison(counted) };
}

/** The calls of one tenant in their order; the ones to be counted carry their name. */
function* lifeOf(
  handlers: GuardHandlers,
  tenant: string,
  openHolds: number,
): Generator<readonly [Counted | undefined, GuardCall]> {
  const calls = new GuardCalls(handlers, tenant);
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
  yield ['denied run check', calls.askTooMuch('large')];
  yield ['step check that extends its run', calls.checkDearStep('run', 'dear')];
  for (let number = 1; number < openHolds; number += 1) {
    yield [undefined, calls.reportUsage('run', `open-${number}`)];
  }
  yield [undefined, calls.reportCost('run', 'dear')];
  yield ['completion', calls.complete('run')];
}

function cellOf([what, openHolds, requests]: [Counted, number, readonly MeteredRequest[]]) {
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

function comparison(counted: readonly [Counted, number, readonly MeteredRequest[]][]) {
  const told = counted
    .flatMap(([, , requests]) => requests)
    .filter(({ engineUnits }) => engineUnits !== undefined);
  const different = told.filter(
    (request) => request.engineUnits !== request.tableWriteUnits + request.readUnits,
  );
  return { compared: told.length, different: different.length };
}
