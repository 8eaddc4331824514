import { startChildCloud } from '../child-cloud';
import { StartFault } from '../start-fault';
import { BillingClient, type Money } from './billing-client';
import { HttpCaller } from './http-caller';
import { Latencies } from './latencies';
import { DEFAULT_URL, type ReplayOptions } from './options';
import { TracePlayer } from './player';
import { showProgress } from './progress';
import { isTied, reportOf, type MonthChange, type ReplayResult } from './report';
import { makeTrace, readTrace } from './trace';

interface Server {
  readonly url: string;
  readonly stop: () => Promise<unknown>;
}

async function isAnswering(url: string): Promise<boolean> {
  const caller = new HttpCaller(url, 1);
  const answer = await caller
    .call({ method: 'GET', path: '/.well-known/openid-configuration' })
    .catch(() => undefined);
  caller.close();
  return answer?.body['token_endpoint'] !== undefined;
}

/** The server that is running, or one of the replay's own. */
async function findServer({ url }: ReplayOptions, say: (line: string) => void): Promise<Server> {
  const stop = () => Promise.resolve();
  if (await isAnswering(url ?? DEFAULT_URL)) return { url: url ?? DEFAULT_URL, stop };
  if (url !== undefined) throw new StartFault(`No local server answers at ${url}.`);
  say(`no server at ${DEFAULT_URL}: starting one, in memory`);
  const cloud = await startChildCloud({ PORT: '0', DATA_DIR: '', CLOCK_START: '', ENGINE: '' });
  return { url: cloud.url, stop: () => cloud.stop() };
}

/** The turn of a month in mid-replay leaves spend in two of them. */
async function monthChanges(client: BillingClient, before: Money): Promise<MonthChange[]> {
  const after = await client.readMoney();
  if (after.month === before.month) return [{ before, after }];
  const earlier = await client.readMoney(before.month);
  return [
    { before, after: earlier },
    { before: undefined, after },
  ];
}

async function playOn(
  url: string,
  options: ReplayOptions,
  say: (line: string) => void,
): Promise<ReplayResult> {
  const trace =
    options.file === undefined ? makeTrace(options.seed) : await readTrace(options.file);
  const name = options.file ?? `a trace made with --seed ${options.seed}`;
  say(`replaying ${name}: ${trace.length} requests as ${options.tenant}, to ${url}`);
  const http = new HttpCaller(url, options.concurrency);
  const latencies = new Latencies();
  const client = new BillingClient(http, options.tenant, latencies);
  await client.setLimit(options.limitUsd);
  const before = await client.readMoney();
  const player = new TracePlayer(client, trace, options);
  const interrupt = () => player.stop();
  process.once('SIGINT', interrupt);
  const hideProgress = showProgress(player.tally, latencies);
  const startedAt = performance.now();
  try {
    await player.play();
    const seconds = (performance.now() - startedAt) / 1000;
    const months = await monthChanges(client, before);
    return { tally: player.tally, latencies, seconds, months };
  } finally {
    hideProgress();
    process.off('SIGINT', interrupt);
    http.close();
  }
}

/**
 * Replays a trace and prints the table.
 * @returns whether the ledger's spend equals the trace's own sum and every request was decided on
 * @throws StartFault with what the caller can put right
 */
export async function replay(
  options: ReplayOptions,
  say: (line: string) => void,
): Promise<boolean> {
  // Read before a server is started: a bad file is told at once.
  if (options.file !== undefined) await readTrace(options.file);
  const server = await findServer(options, say);
  try {
    const result = await playOn(server.url, options, say);
    process.stdout.write(`${reportOf(result)}\n`);
    return isTied(result);
  } finally {
    await server.stop();
  }
}
