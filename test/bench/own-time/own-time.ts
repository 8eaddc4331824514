import type { GuardPorts } from '../../../core/guard/ports';
import type { Options } from '../options';
import { clockFrom, MEASURED_FROM } from '../support/clock';
import { clientsOf, enginePorts, startEngineProcess } from '../support/engine-ports';
import { GuardCalls, type GuardCall } from '../support/guard-calls';
import { createGuardHandlers, largePolicy } from '../support/guard-handlers';
import { byOperation, OPERATIONS, type Operation } from '../support/operations';
import type { Say } from '../support/progress';
import { percentiles, repeated, type Percentiles, type Repeated } from '../support/statistics';
import { createMemoryPorts } from './memory-ports';
import { PauseClock } from './pause-clock';
import { EngineClock, type TimeApart } from './engine-clock';

interface Extent {
  readonly openHolds: readonly number[];
  readonly repeats: number;
  readonly roundsInMemory: number;
  readonly roundsOnEngine: number;
}

const WHOLE: Extent = {
  openHolds: [1, 10, 100],
  repeats: 5,
  roundsInMemory: 300,
  roundsOnEngine: 100,
};
const QUICK: Extent = { ...WHOLE, repeats: 3, roundsInMemory: 100, roundsOnEngine: 25 };

/** The number at which the aim is looked at. */
export const USUAL_OPEN_HOLDS = 10;

export interface OwnTimeCell {
  readonly operation: Operation;
  readonly openHolds: number;
  /** Ours alone: median of each repeat's p50. */
  readonly p50Ms: Repeated;
  /** Ours alone, over all calls. */
  readonly ms: Percentiles;
  /** Inside the SDK, p50; 0 where there is no engine. */
  readonly sdkP50Ms: number;
  /** The whole call, with SDK and engine, p50. */
  readonly totalP50Ms: number;
}

export interface OwnTime {
  readonly engine: string;
  readonly inMemory: readonly OwnTimeCell[];
  /** In memory with a pause for each request, at the usual number of open holds. */
  readonly withPauses: readonly OwnTimeCell[];
  readonly onEngine: readonly OwnTimeCell[];
  /** Processor time of this process for one call on the engine, mean of all operations. */
  readonly cpuOnEngineMs: Repeated;
  readonly extent: Extent;
}

/** Times the handlers themselves, in memory and on an engine whose time is taken off. */
export async function measureOwnTime({ isQuick, engine }: Options, say: Say): Promise<OwnTime> {
  const extent = isQuick ? QUICK : WHOLE;
  const nowMs = clockFrom(MEASURED_FROM);
  const inMemory: OwnTimeCell[] = [];
  for (const openHolds of extent.openHolds) {
    say(`own time: in memory, ${openHolds} open holds`);
    const run = new Repeats(createMemoryPorts(nowMs), openHolds, undefined);
    inMemory.push(...(await run.measure(extent.repeats, extent.roundsInMemory)));
  }
  say('own time: in memory, with pauses');
  const pauses = new PauseClock();
  const paused = new Repeats(pauses.pausing(createMemoryPorts(nowMs)), USUAL_OPEN_HOLDS, pauses);
  const withPauses = await paused.measure(extent.repeats, extent.roundsOnEngine);
  say(`own time: starting the engine ${engine}`);
  const child = await startEngineProcess(engine);
  const clients = clientsOf(child.said);
  const clock = new EngineClock(clients);
  const ports = enginePorts(clients, child.said, nowMs);
  const onEngine: OwnTimeCell[] = [];
  const cpuMs: number[] = [];
  try {
    for (const openHolds of extent.openHolds) {
      say(`own time: on ${engine}, ${openHolds} open holds`);
      const run = new Repeats(ports, openHolds, clock);
      await ports.policyStore.create(largePolicy(run.tenant));
      onEngine.push(...(await run.measure(extent.repeats, extent.roundsOnEngine)));
      cpuMs.push(...run.cpuMs);
    }
  } finally {
    clients.retrying.destroy();
    clients.once.destroy();
    await child.stop();
  }
  return { engine, inMemory, withPauses, onEngine, cpuOnEngineMs: repeated(cpuMs), extent };
}

/** The calls of one tenant whose accounts carry a number of open holds all the time. */
class Repeats {
  readonly cpuMs: number[] = [];
  readonly tenant: string;
  private readonly calls: GuardCalls;
  private readonly ownMs = byOperation<number[][]>(() => []);
  private readonly sdkMs = byOperation<number[]>(() => []);
  private readonly totalMs = byOperation<number[]>(() => []);

  constructor(
    ports: GuardPorts,
    private readonly openHolds: number,
    private readonly clock: { take(): TimeApart } | undefined,
  ) {
    this.tenant = `bench-${openHolds}`;
    this.calls = new GuardCalls(createGuardHandlers(ports), this.tenant);
  }

  async measure(repeats: number, rounds: number): Promise<readonly OwnTimeCell[]> {
    await this.open();
    // The first rounds are for the compiler.
    await this.repeat('warm', rounds);
    this.cpuMs.length = 0;
    for (const operation of OPERATIONS) {
      this.ownMs[operation].length = 0;
      this.sdkMs[operation].length = 0;
      this.totalMs[operation].length = 0;
    }
    for (let number = 0; number < repeats; number += 1) await this.repeat(String(number), rounds);
    return OPERATIONS.map((operation) => ({
      operation,
      openHolds: this.openHolds,
      p50Ms: repeated(this.ownMs[operation].map((values) => percentiles(values).p50)),
      ms: percentiles(this.ownMs[operation].flat()),
      sdkP50Ms: percentiles(this.sdkMs[operation]).p50,
      totalP50Ms: percentiles(this.totalMs[operation]).p50,
    }));
  }

  /** One run in which steps are checked, with all but one of the holds; and runs that stay open. */
  private async open(): Promise<void> {
    await this.calls.checkRoomyRun('steps').send();
    // The run of the steps and the run that is being checked are open holds themselves.
    for (let number = 2; number < this.openHolds; number += 1) {
      await this.calls.checkRun(`open-${number}`).send();
    }
    for (let number = 1; number < this.openHolds; number += 1) {
      await this.calls.checkStep('steps', `open-${number}`).send();
    }
  }

  private async repeat(name: string, rounds: number): Promise<void> {
    for (const operation of OPERATIONS) this.ownMs[operation].push([]);
    const cpuBefore = process.cpuUsage();
    for (let round = 0; round < rounds; round += 1) {
      const id = `${name}-${round}`;
      await this.time('run check', this.calls.checkRun(id));
      await this.time('step check', this.calls.checkStep('steps', id));
      await this.time('usage', this.calls.reportUsage('steps', id));
      await this.time('completion', this.calls.complete(id));
      await this.time('denied run check', this.calls.askTooMuch(`${id}-large`));
    }
    const cpu = process.cpuUsage(cpuBefore);
    this.cpuMs.push((cpu.user + cpu.system) / 1000 / (rounds * OPERATIONS.length));
  }

  private async time(operation: Operation, call: GuardCall): Promise<void> {
    this.clock?.take();
    const startedMs = performance.now();
    await call.send();
    const totalMs = performance.now() - startedMs;
    const { sdkMs, wireMs } = this.clock?.take() ?? { sdkMs: 0, wireMs: 0 };
    this.ownMs[operation].at(-1)?.push(totalMs - sdkMs - wireMs);
    this.sdkMs[operation].push(sdkMs);
    this.totalMs[operation].push(totalMs);
  }
}
