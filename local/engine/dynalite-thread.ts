import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { applyAtomicIndexes } from './atomic-indexes';

/** What the thread is started with. */
export interface DynaliteThreadSettings {
  /** Folder on disk; undefined: in memory. */
  readonly folder: string | undefined;
}

export type DynaliteThreadReport =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'counts'; readonly counts: Record<string, number> }
  | { readonly kind: 'closed' };

const { folder } = workerData as DynaliteThreadSettings;
if (folder !== undefined) applyAtomicIndexes();

// A caller that vanishes in mid-request (a function killed at its timeout) makes dynalite throw
// from an event listener; nothing was written then, and the engine has to go on.
process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
  if (error.code === 'ECONNRESET') return;
  throw error;
});

type Dynalite = (options: { path?: string; createTableMs: number }) => Server;

// Loaded here, after the index functions are in place; an import would be hoisted before them.
const dynalite = require('dynalite') as Dynalite;

const counts: Record<string, number> = {};
const server = dynalite({ createTableMs: 0, ...(folder !== undefined && { path: folder }) });

server.on('request', (request) => {
  const operation = String(request.headers['x-amz-target'] ?? '').split('.')[1];
  if (operation !== undefined) counts[operation] = (counts[operation] ?? 0) + 1;
});
// The SDK keeps its sockets; one closed by the engine just as a write is sent would look like a
// lost reply.
server.keepAliveTimeout = 0;
server.requestTimeout = 0;

function report(message: DynaliteThreadReport): void {
  parentPort?.postMessage(message);
}

parentPort?.on('message', (request: 'count' | 'close') => {
  if (request === 'count') return report({ kind: 'counts', counts });
  server.close((error?: Error) => {
    if (error) throw error;
    report({ kind: 'closed' });
    parentPort?.close();
  });
  server.closeIdleConnections();
});

server.listen(0, '127.0.0.1', () => {
  report({ kind: 'listening', port: (server.address() as AddressInfo).port });
});
