import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BASE_PATH } from '../../core/contract/functions';
import { InMemoryMaestro, type MaestroAnswer } from './in-memory-maestro';

export type Operation = 'create-run' | 'check-step' | 'record-usage' | 'complete-run' | 'token';

/** Something going wrong with one request. */
export type Fault =
  /** The request is carried out and its reply lost. */
  | { readonly kind: 'lose-reply' }
  /** The connection breaks before the request is carried out. */
  | { readonly kind: 'lose-request' }
  /** The request is carried out and its reply comes late. */
  | { readonly kind: 'slow'; readonly delayMs: number }
  /** Something before Maestro answers instead. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Record<string, string>;
    };

export interface SeenRequest {
  readonly operation: Operation;
  readonly path: string;
  readonly body: unknown;
}

/** Serves an InMemoryMaestro on loopback, with tokens that expire and faults on demand. */
export class InMemoryMaestroServer {
  readonly maestro = new InMemoryMaestro();
  readonly seen: SeenRequest[] = [];
  /** Seconds; what the token endpoint says, while only `revokeTokens` really ends a token. */
  tokenLifetimeSeconds = 3600;
  private readonly faults = new Map<Operation, Fault[]>();
  private validTokens = new Set<string>();
  private tokensIssued = 0;
  private server: Server | undefined;
  private port: number | undefined;

  get url(): string {
    if (this.port === undefined) throw new Error('the server has not been started');
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    this.server = createServer((request, response) => void this.serve(request, response));
    await new Promise<void>((resolve) => {
      this.server?.listen(0, '127.0.0.1', resolve);
    });
    this.port = (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  }

  /** The next requests of this operation meet these faults, one each. */
  plan(operation: Operation, ...faults: Fault[]): void {
    this.faults.set(operation, [...(this.faults.get(operation) ?? []), ...faults]);
  }

  revokeTokens(): void {
    this.validTokens = new Set();
  }

  count(operation: Operation): number {
    return this.seen.filter((request) => request.operation === operation).length;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await readText(request);
    const path = request.url ?? '';
    const operation = operationOf(path);
    if (operation === undefined) {
      send(response, { status: 404, body: { message: 'Not Found' } });
      return;
    }
    const body: unknown =
      operation === 'token' ? Object.fromEntries(new URLSearchParams(text)) : JSON.parse(text);
    this.seen.push({ operation, path, body });
    const fault = this.faults.get(operation)?.shift();
    if (fault?.kind === 'lose-request') {
      request.socket.destroy();
      return;
    }
    if (fault?.kind === 'answer') {
      send(response, { status: fault.status, body: fault.body ?? {} }, fault.headers);
      return;
    }
    const answer =
      operation === 'token'
        ? this.issueToken()
        : (this.authorized(request) ?? this.carryOut(operation, path, body));
    if (fault?.kind === 'lose-reply') {
      request.socket.destroy();
      return;
    }
    if (fault?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    send(response, answer);
  }

  private issueToken(): MaestroAnswer {
    this.tokensIssued += 1;
    const token = `token-${this.tokensIssued}`;
    this.validTokens.add(token);
    const fields = { token_type: 'Bearer', expires_in: this.tokenLifetimeSeconds };
    return { status: 200, body: { access_token: token, ...fields } };
  }

  /** The gateway's 401 for a bad token, which is no problem document; undefined for a good one. */
  private authorized(request: IncomingMessage): MaestroAnswer | undefined {
    const token = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
    if (this.validTokens.has(token)) return undefined;
    return { status: 401, body: { message: 'Unauthorized' } };
  }

  private carryOut(operation: Operation, path: string, body: unknown): MaestroAnswer {
    const [, , runId = '', , stepId = ''] = path
      .slice(BASE_PATH.length)
      .split('/')
      .map(decodeURIComponent);
    switch (operation) {
      case 'create-run':
        return this.maestro.createRun(body as Parameters<InMemoryMaestro['createRun']>[0]);
      case 'check-step':
        return this.maestro.checkStep(runId, body as Parameters<InMemoryMaestro['checkStep']>[1]);
      case 'record-usage':
        return this.maestro.recordUsage(runId, stepId, body as object);
      default:
        return this.maestro.completeRun(runId, body as { status: string });
    }
  }
}

function operationOf(path: string): Operation | undefined {
  if (path === '/oauth2/token') return 'token';
  if (!path.startsWith(`${BASE_PATH}/runs`)) return undefined;
  if (path.endsWith('/usage')) return 'record-usage';
  if (path.endsWith('/steps')) return 'check-step';
  if (path.endsWith('/complete')) return 'complete-run';
  return path === `${BASE_PATH}/runs` ? 'create-run' : undefined;
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function send(
  response: ServerResponse,
  { status, body }: { status: number; body: unknown },
  headers: Record<string, string> = {},
): void {
  const type = status < 400 ? 'application/json' : 'application/problem+json';
  response.writeHead(status, { 'content-type': type, ...headers }).end(JSON.stringify(body));
}
