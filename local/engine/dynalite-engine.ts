import { mkdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { StartFault } from '../start-fault';
import type { DynaliteThreadReport, DynaliteThreadSettings } from './dynalite-thread';
import type { Engine } from './engine';
import type { TableAccess } from './table-access';

function nextReport<K extends DynaliteThreadReport['kind']>(
  thread: Worker,
  kind: K,
): Promise<Extract<DynaliteThreadReport, { kind: K }>> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: DynaliteThreadReport) => {
      if (message.kind !== kind) return;
      stopListening();
      resolve(message as Extract<DynaliteThreadReport, { kind: K }>);
    };
    const onGone = (reason: unknown) => {
      stopListening();
      const detail = reason instanceof Error ? reason.message : 'it stopped';
      reject(new StartFault(`The database engine failed: ${detail}`, { cause: reason }));
    };
    const stopListening = () => {
      thread.off('message', onMessage).off('error', onGone).off('exit', onGone);
    };
    thread.on('message', onMessage).on('error', onGone).on('exit', onGone);
  });
}

/**
 * Starts dynalite in a thread of its own, so that its work does not hold up the gateway.
 * @param folder where the data stand; undefined: in memory
 * @param onFailure called when the engine dies later
 * @param access what callers may do; undefined: everything
 */
export async function startDynalite(
  threadFile: string,
  folder: string | undefined,
  onFailure: (error: Error) => void,
  access?: TableAccess,
): Promise<Engine> {
  if (folder !== undefined) mkdirSync(folder, { recursive: true });
  const settings: DynaliteThreadSettings = { folder, access };
  const thread = new Worker(threadFile, { workerData: settings, env: {}, execArgv: [] });
  const { port } = await nextReport(thread, 'listening');
  let isStopping = false;
  thread.on('error', onFailure);
  thread.on('exit', () => {
    if (!isStopping) onFailure(new Error('the engine thread ended'));
  });
  return {
    description: folder === undefined ? 'dynalite, in memory' : `dynalite, in ${folder}`,
    endpoint: `http://127.0.0.1:${port}`,
    async countCalls() {
      const reported = nextReport(thread, 'counts');
      thread.postMessage('count');
      return (await reported).counts;
    },
    async stop() {
      isStopping = true;
      const closed = nextReport(thread, 'closed');
      thread.postMessage('close');
      await closed;
      await thread.terminate();
    },
  };
}
