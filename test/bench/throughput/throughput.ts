import type { Options } from '../options';
import { byOperation, OPERATIONS, type Operation } from '../support/operations';
import type { Say } from '../support/progress';
import { percentiles, repeated, type Percentiles, type Repeated } from '../support/statistics';
import { runClients, type LoopResult } from './closed-loop';
import { QUICK, runsInWave, WHOLE, type Extent } from './extent';
import { measureFloor, type FloorFigures } from './floor';
import { KeepAliveClient } from './keep-alive-client';
import { startLocalCloud } from './local-cloud';
import { runsOf, stepsOf, Traffic, type Tenant } from './traffic';

export interface Cell {
  readonly operation: Operation;
  readonly tenants: number;
  readonly clients: number;
  readonly calls: number;
  readonly perSecond: Repeated;
  readonly latencyMs: Percentiles;
}

export interface Throughput {
  readonly engine: string;
  readonly cells: readonly Cell[];
  readonly floor: readonly FloorFigures[];
  readonly extent: Extent;
}

/** Drives every operation over HTTP against the local cloud. */
export async function measureThroughput(
  { isQuick, engine }: Options,
  say: Say,
): Promise<Throughput> {
  const extent = isQuick ? QUICK : WHOLE;
  say('throughput: starting the local cloud');
  const cloud = await startLocalCloud(engine);
  try {
    say(`throughput: opening the month of ${extent.manyTenants} tenants`);
    const one = await openTenants(cloud.said, ['bench']);
    const many = await openTenants(cloud.said, tenantNames(extent.manyTenants));
    say('throughput: calls that decide nothing');
    const { token } = one[0] as Tenant;
    const floor = await measureFloor(cloud.said, token, extent);
    const cells: Cell[] = [];
    for (const tenants of [one, many]) {
      for (const clients of extent.clientCounts) {
        cells.push(...(await measureClients(cloud.said, tenants, clients, extent, say)));
      }
    }
    return { engine, cells, floor, extent };
  } finally {
    await cloud.stop();
  }
}

function tenantNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `bench-${String(index).padStart(3, '0')}`);
}

/** It warms up the server, too: run checks and completions for each of them. */
async function openTenants(url: string, names: readonly string[]): Promise<readonly Tenant[]> {
  const client = new KeepAliveClient(url, 8);
  const traffic = new Traffic(client);
  const tenants: Tenant[] = [];
  await runClients({
    clients: 8,
    items: names,
    send: async (name) => tenants.push(await traffic.openTenant(name)),
    limitMs: Number.POSITIVE_INFINITY,
  });
  client.close();
  return tenants;
}

async function measureClients(
  url: string,
  tenants: readonly Tenant[],
  clients: number,
  extent: Extent,
  say: Say,
): Promise<readonly Cell[]> {
  const client = new KeepAliveClient(url, clients);
  const traffic = new Traffic(client);
  const latencies = byOperation<number[]>(() => []);
  const rates = byOperation<number[]>(() => []);
  const terms = { clients, tenants, extent };
  // One call for each client first, untimed: connections are made, code is compiled.
  await wave(traffic, { ...terms, name: `w${clients}`, size: clients });
  const startedMs = performance.now();
  for (let number = 0; number < extent.waves; number += 1) {
    if (number > 0 && performance.now() - startedMs > extent.wavesMs) break;
    say(`throughput: ${clients} clients, ${tenants.length} tenants, wave ${number + 1}`);
    const size = runsInWave(extent, clients);
    const results = await wave(traffic, { ...terms, name: `r${clients}-${number}`, size });
    for (const operation of OPERATIONS) {
      const { latenciesMs, elapsedMs } = results[operation];
      latencies[operation].push(...latenciesMs);
      rates[operation].push((latenciesMs.length / elapsedMs) * 1000);
    }
  }
  client.close();
  return OPERATIONS.map((operation) => ({
    operation,
    tenants: tenants.length,
    clients,
    calls: latencies[operation].length,
    perSecond: repeated(rates[operation]),
    latencyMs: percentiles(latencies[operation]),
  }));
}

interface WaveTerms {
  readonly clients: number;
  readonly tenants: readonly Tenant[];
  readonly extent: Extent;
  readonly name: string;
  /** Runs. */
  readonly size: number;
}

/** The same runs go through one operation after the other, as many as time allows. */
async function wave(
  traffic: Traffic,
  { clients, tenants, extent, name, size }: WaveTerms,
): Promise<Record<Operation, LoopResult<unknown>>> {
  const all = <T>(items: readonly T[], send: (item: T) => Promise<unknown>) =>
    runClients({ clients, items, send, limitMs: extent.operationMs });
  const runs = await all(runsOf(tenants, name, size), (run) => traffic.checkRun(run));
  const planned = stepsOf(runs.done, extent.stepsPerRun);
  const steps = await all(planned, (step) => traffic.checkStep(step));
  return {
    'run check': runs,
    'step check': steps,
    usage: await all(steps.done, (step) => traffic.reportUsage(step)),
    completion: await all(runs.done, (run) => traffic.complete(run)),
    'denied run check': await all(runsOf(tenants, name, size), (run) => traffic.askTooMuch(run)),
  };
}
