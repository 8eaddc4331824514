import { join } from 'node:path';
import { BASE_PATH } from '../../../core/contract/functions';
import { startChild } from '../support/child-process';
import { blocks, figure, table } from '../support/markdown';
import { percentiles, type Percentiles } from '../support/statistics';
import { runClients } from './closed-loop';
import type { Extent } from './extent';
import { KeepAliveClient } from './keep-alive-client';

const START_PATIENCE_MS = 20_000;

/** What a call costs that does less and less. */
const FLOORS = [
  { name: 'a server that does nothing', path: '/', status: 200, isBare: true },
  { name: 'a function without the engine (404)', path: `${BASE_PATH}/nothing`, status: 404 },
  { name: 'healthz: a function and one read', path: `${BASE_PATH}/healthz`, status: 200 },
] as const;

export interface FloorFigures {
  readonly what: string;
  readonly clients: number;
  readonly perSecond: number;
  readonly latencyMs: Percentiles;
  /** Processor time of this process, the client alone, for one call. */
  readonly clientCpuMs: number;
}

/** Measures calls that decide nothing, so that the rest can be read against them. */
export async function measureFloor(
  cloudUrl: string,
  token: string,
  extent: Pick<Extent, 'clientCounts' | 'floorCalls' | 'operationMs'>,
): Promise<readonly FloorFigures[]> {
  const bare = await startChild({
    name: 'the bare server',
    args: ['--import', 'tsx', join(__dirname, 'bare-server.ts')],
    readyOn: (line) => /^ready (\S+)$/.exec(line)?.[1],
    patienceMs: START_PATIENCE_MS,
  });
  try {
    const figures: FloorFigures[] = [];
    for (const clients of extent.clientCounts) {
      for (const floor of FLOORS) {
        const url = 'isBare' in floor ? bare.said : cloudUrl;
        figures.push(await measure({ url, token, floor, clients, extent }));
      }
    }
    return figures;
  } finally {
    await bare.stop();
  }
}

interface FloorTerms {
  readonly url: string;
  readonly token: string;
  readonly floor: (typeof FLOORS)[number];
  readonly clients: number;
  readonly extent: Pick<Extent, 'floorCalls' | 'operationMs'>;
}

async function measure({ url, token, floor, clients, extent }: FloorTerms): Promise<FloorFigures> {
  const { name, path, status } = floor;
  const client = new KeepAliveClient(url, clients);
  const send = () => client.expect(status, { method: 'GET', path, token });
  const limitMs = extent.operationMs;
  const numbers = Array.from({ length: extent.floorCalls }, (_, index) => index);
  try {
    await runClients({ clients, items: numbers.slice(0, 2 * clients), send, limitMs });
    const cpuBefore = process.cpuUsage();
    const { latenciesMs, elapsedMs } = await runClients({ clients, items: numbers, send, limitMs });
    const cpu = process.cpuUsage(cpuBefore);
    return {
      what: name,
      clients,
      perSecond: (latenciesMs.length / elapsedMs) * 1000,
      latencyMs: percentiles(latenciesMs),
      clientCpuMs: (cpu.user + cpu.system) / 1000 / latenciesMs.length,
    };
  } finally {
    client.close();
  }
}

export function floorReport(figures: readonly FloorFigures[]): string {
  return blocks(
    '### What a call costs that decides nothing',
    'The client runs in the process of the benchmark and shares the cores with the server: its own processor time for a call is in the last column.',
    table(
      ['call', 'clients', 'calls/s', 'p50 ms', 'p95 ms', 'p99 ms', 'client CPU ms'],
      figures.map(({ what, clients, perSecond, latencyMs, clientCpuMs }) => [
        what,
        clients,
        figure(perSecond),
        figure(latencyMs.p50),
        figure(latencyMs.p95),
        figure(latencyMs.p99),
        figure(clientCpuMs),
      ]),
    ),
  );
}
