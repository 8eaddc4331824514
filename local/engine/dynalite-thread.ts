import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { parentPort, workerData } from 'node:worker_threads';
import { applyAtomicIndexes } from './atomic-indexes';
import { refusalOf, type TableAccess } from './table-access';

/** What the thread is started with. */
export interface DynaliteThreadSettings {
  /** Folder on disk; undefined: in memory. */
  readonly folder: string | undefined;
  /** Undefined: everybody may do everything. */
  readonly access: TableAccess | undefined;
}

export type DynaliteThreadReport =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'counts'; readonly counts: Record<string, number> }
  | { readonly kind: 'closed' };

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
/** dynalite's own server, of which only the handler is used. */
type DynaliteServer = ReturnType<typeof createServer>;
type Dynalite = (options: { path?: string; createTableMs: number }) => DynaliteServer;

const { folder, access } = workerData as DynaliteThreadSettings;
if (folder !== undefined) applyAtomicIndexes();

// Loaded here, after the index functions are in place; an import would be hoisted before them.
const dynalite = require('dynalite') as Dynalite;
const server = dynalite({ createTableMs: 0, ...(folder !== undefined && { path: folder }) });
const [handle] = server.listeners('request') as Handler[];
if (handle === undefined) throw new Error('dynalite is not the pinned version: it has no handler');

const counts: Record<string, number> = {};

/** The whole body, or undefined when the caller went away: nothing is done for half a request. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } catch {
    return undefined;
  }
}

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request);
  if (body === undefined) return;
  const { method, url, headers } = request;
  const operation = String(headers['x-amz-target'] ?? '').split('.')[1] ?? '';
  const refusal =
    access && refusalOf(access, headers.authorization, operation, body.toString('utf8'));
  if (refusal !== undefined) {
    response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify(refusal));
    return;
  }
  if (operation !== '') counts[operation] = (counts[operation] ?? 0) + 1;
  // dynalite reads a stream; a request that breaks off would make it throw out of a listener.
  const replayed = Object.assign(Readable.from([body]), { method, url, headers });
  handle?.(replayed as unknown as IncomingMessage, response);
}

server.removeAllListeners('request');
server.on('request', (request, response) => void receive(request, response));
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
