import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CloudClock } from '../clock';
import type { FunctionHost } from '../functions/function-host';
import { StartFault } from '../start-fault';
import type { JwtAuthorizer } from './authorizer';
import type { LocalEndpoints } from './local-endpoints';
import { eventOf, sendResult } from './payload';
import { PROBLEMS, REQUEST_ID_HEADER, sendProblem, unauthenticated } from './problems';
import { readBody } from './read-body';
import type { RouteTable } from './route-table';

export interface GatewayParts {
  readonly routes: RouteTable;
  readonly hosts: ReadonlyMap<string, FunctionHost>;
  readonly authorizer: JwtAuthorizer;
  readonly local: LocalEndpoints;
  readonly clock: CloudClock;
  readonly accountId: string;
  /** A fault of the local cloud itself. */
  readonly onFault: (error: unknown) => void;
}

const HOST = '127.0.0.1';
const BODY_LIMIT_BYTES = 10 * 1024 * 1024;
/** Longer than clients keep a connection, so that it is them who close it. */
const KEEP_ALIVE_MS = 65_000;
const STOP_PATIENCE_MS = 15_000;

const OWN_HOST = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

function isOwnHost(host: string | undefined): boolean {
  return host === undefined || OWN_HOST.test(host);
}

/** Plays the HTTP API in front of the functions. It listens before it has anything to serve. */
export class Gateway {
  private readonly server: Server;
  private readonly inFlight = new Set<ServerResponse>();
  private parts: GatewayParts | undefined;
  private isStopping = false;

  private constructor() {
    this.server = createServer((request, response) => void this.receive(request, response));
    this.server.keepAliveTimeout = KEEP_ALIVE_MS;
  }

  /**
   * Takes the port.
   * @param port 0: any free one
   * @throws StartFault when the port is taken
   */
  static async listen(port: number): Promise<Gateway> {
    const gateway = new Gateway();
    await new Promise<void>((resolve, reject) => {
      gateway.server.once('error', (error: NodeJS.ErrnoException) => {
        const reason = error.code === 'EADDRINUSE' ? 'is taken' : `cannot be used (${error.code})`;
        const advice = 'set PORT to another one, for example PORT=8788 npm start.';
        reject(new StartFault(`Port ${port} ${reason}; ${advice}`, { cause: error }));
      });
      gateway.server.listen(port, HOST, resolve);
    });
    return gateway;
  }

  get url(): string {
    return `http://${HOST}:${(this.server.address() as AddressInfo).port}`;
  }

  serve(parts: GatewayParts): void {
    this.parts = parts;
  }

  /** Takes no new connection, lets the calls in flight end, and resolves then. */
  async stop(): Promise<void> {
    this.isStopping = true;
    for (const response of this.inFlight) response.shouldKeepAlive = false;
    const impatience = setTimeout(() => this.server.closeAllConnections(), STOP_PATIENCE_MS);
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeIdleConnections();
    });
    clearTimeout(impatience);
  }

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const requestId = randomUUID();
    response.setHeader(REQUEST_ID_HEADER, requestId);
    response.setHeader('x-request-id', requestId);
    this.inFlight.add(response);
    response.once('close', () => this.inFlight.delete(response));
    if (this.parts === undefined || this.isStopping) {
      response.shouldKeepAlive = false;
      return sendProblem(response, PROBLEMS.notReady);
    }
    // A web page of somebody else's must not reach in by a name that leads here.
    if (!isOwnHost(request.headers.host)) return sendProblem(response, PROBLEMS.foreignHost);
    try {
      if (await this.parts.local.handle(path, request, response)) return;
      await this.route(this.parts, requestId, path, request, response);
    } catch (error) {
      // The caller went away in mid-request: nobody is left to answer.
      if (request.destroyed && !request.complete) return;
      this.parts.onFault(error);
      if (!response.headersSent) sendProblem(response, PROBLEMS.functionFault);
      else response.destroy();
    }
  }

  private async route(
    parts: GatewayParts,
    requestId: string,
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const match = parts.routes.find(request.method ?? 'GET', path);
    if (match.kind === 'malformed') return sendProblem(response, PROBLEMS.malformedPath);
    if (match.kind === 'none') return sendProblem(response, PROBLEMS.notFound);
    const { route, pathParameters } = match;
    const host = parts.hosts.get(route.functionName);
    if (host === undefined) return sendProblem(response, PROBLEMS.notFound);
    const decision = route.isGuarded
      ? await parts.authorizer.decide(request.headers.authorization, route.scopes)
      : undefined;
    if (decision?.kind === 'unauthenticated') {
      const problem = unauthenticated(decision.detail, decision.wasTokenGiven);
      return sendProblem(response, problem);
    }
    if (decision?.kind === 'insufficient-scope') {
      return sendProblem(response, PROBLEMS.insufficientScope);
    }
    const body = await readBody(request, BODY_LIMIT_BYTES);
    if (body === undefined) {
      response.shouldKeepAlive = false;
      return sendProblem(response, PROBLEMS.bodyTooLarge);
    }
    const event = eventOf(request, {
      requestId,
      routeKey: route.key,
      path,
      rawQueryString: (request.url ?? '').split('?').slice(1).join('?'),
      pathParameters,
      body,
      nowMs: parts.clock.nowMs(),
      accountId: parts.accountId,
      authorization: decision?.authorization,
    });
    await this.invoke(host, requestId, event, response);
  }

  private async invoke(
    host: FunctionHost,
    requestId: string,
    event: object,
    response: ServerResponse,
  ): Promise<void> {
    const outcome = await host.invoke(event, requestId);
    switch (outcome.kind) {
      case 'result':
        return sendResult(response, outcome.result);
      case 'timeout':
        return sendProblem(response, PROBLEMS.functionTimeout);
      case 'fault':
      case 'crash':
        return sendProblem(response, PROBLEMS.functionFault);
    }
  }
}
