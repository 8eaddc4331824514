import { Agent, request } from 'node:http';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: JsonBody;
}

/** An answer's JSON; what is read from it is checked where it is used. */
export type JsonBody = { readonly [field: string]: unknown };

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const PATIENCE_MS = 60_000;

function readJson(text: string): JsonBody {
  try {
    return JSON.parse(text) as JsonBody;
  } catch {
    return {};
  }
}

/** Calls one server over connections that are kept. */
export class HttpCaller {
  private readonly agent: Agent;

  constructor(
    readonly url: string,
    connections: number,
  ) {
    this.agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** @throws the connection's error when no answer comes */
  call({ method, path, headers = {}, body }: HttpCall): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
      const outgoing = request(
        `${this.url}${path}`,
        { method, agent: this.agent, headers: { ...headers, ...length }, timeout: PATIENCE_MS },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.once('error', reject);
          incoming.once('end', () =>
            resolve({
              status: incoming.statusCode ?? 0,
              headers: incoming.headers,
              body: readJson(Buffer.concat(chunks).toString('utf8')),
            }),
          );
        },
      );
      outgoing.once('timeout', () => outgoing.destroy(new Error('no answer within a minute')));
      outgoing.once('error', reject);
      outgoing.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
