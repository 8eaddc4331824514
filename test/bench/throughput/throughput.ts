import type { Options } from '../options';
import { byOperation, OPERATIONS, type Operation } from '../support/operations';
import type { Say } from '../support/progress';
import { percentiles, repeated, type Percentiles, type Repeated } from '../support/statistics';
import { runClients } from './closed-loop';
import { measureFloor, type FloorFigures } from './floor';
import { KeepAliveClient } from './keep-alive-client';
import { startLocalCloud } from './local-cloud';
import { createTenants, wave, type Tenant } from './traffic';

export interface Extent {
  readonly clientCounts: readonly number[];
  readonly manyTenants: number;
  readonly leastRunsInWave: number;
  /** So many waves are wanted; no new one begins when the time is used up. */
  readonly waves: number;
  readonly secondsForWaves: number;
  readonly floorCalls: number;
}

const WHOLE: Extent = {
  clientCounts: [1, 10, 50, 200],
  manyTenants: 200,
  leastRunsInWave: 100,
  waves: 5,
  secondsForWaves: 20,
  floorCalls: 2_000,
};

const QUICK: Extent = {
  ...WHOLE,
  leastRunsInWave: 16,
  waves: 1,
  secondsForWaves: 1,
  floorCalls: 400,
};

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

/** At least two runs for each client, so that a wave is more than its own beginning and end. */
export function runsInWave({ leastRunsInWave }: Extent, clients: number): number {
  return Math.max(leastRunsInWave, clients > 100 ? 2 * clients : clients);
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
    const setUp = new KeepAliveClient(cloud.said, 1);
    say(`throughput: opening the month of ${extent.manyTenants} tenants`);
    const one = await createTenants(setUp, ['bench']);
    const many = await createTenants(setUp, tenantNames(extent.manyTenants));
    setUp.close();
    say('throughput: calls that decide nothing');
    const { token } = one[0] as Tenant;
    const floor = await measureFloor(cloud.said, token, extent.clientCounts, extent.floorCalls);
    const cells: Cell[] = [];
    await warmUp(cloud.said, many);
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

/** The functions' code is compiled by then, and the engine's too. */
async function warmUp(url: string, tenants: readonly Tenant[]): Promise<void> {
  const client = new KeepAliveClient(url, 10);
  const calls = wave(client, tenants, 'warm', 40);
  for (const operation of OPERATIONS) await runClients(10, calls[operation]);
  client.close();
}

async function measureClients(
  url: string,
  tenants: readonly Tenant[],
  clients: number,
  extent: Extent,
  say: Say,
): Promise<readonly Cell[]> {
  const client = new KeepAliveClient(url, clients);
  const latencies = byOperation<number[]>(() => []);
  const rates = byOperation<number[]>(() => []);
  const startedMs = performance.now();
  for (let number = 0; number < extent.waves; number += 1) {
    const seconds = (performance.now() - startedMs) / 1000;
    if (number > 0 && seconds > extent.secondsForWaves) break;
    say(`throughput: ${clients} clients, ${tenants.length} tenants, wave ${number + 1}`);
    const calls = wave(client, tenants, `r${clients}-${number}`, runsInWave(extent, clients));
    for (const operation of OPERATIONS) {
      const result = await runClients(clients, calls[operation]);
      latencies[operation].push(...result.latenciesMs);
      rates[operation].push((result.latenciesMs.length / result.elapsedMs) * 1000);
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
