import { Agent, request } from 'node:http';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON, a text as it is. */
  readonly body?: object | string;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Sends calls over connections that stay open, as an orchestrator does. */
export class KeepAliveClient {
  private readonly agent: Agent;
  private readonly host: string;
  private readonly port: number;

  constructor(url: string, connections: number) {
    const { hostname, port } = new URL(url);
    this.host = hostname;
    this.port = Number(port);
    this.agent = new Agent({ keepAlive: true, maxSockets: connections, scheduling: 'fifo' });
  }

  /** Resolves when the whole answer is there. */
  send({ method, path, token, headers, body }: Call): Promise<Answer> {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          agent: this.agent,
          host: this.host,
          port: this.port,
          method,
          path,
          headers: {
            ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
            ...(text === undefined
              ? {}
              : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
            ...headers,
          },
        },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('error', reject);
          response.on('end', () => {
            const answer = Buffer.concat(parts).toString('utf8');
            resolve({ status: response.statusCode ?? 0, text: answer });
          });
        },
      );
      sent.on('error', reject);
      sent.end(text);
    });
  }

  /** @throws Error with the answer when the status is another one: a figure of errors is worthless */
  async expect(status: number, call: Call): Promise<Answer> {
    const answer = await this.send(call);
    if (answer.status === status) return answer;
    throw new Error(`${call.method} ${call.path}: ${answer.status} for ${status}\n${answer.text}`);
  }

  close(): void {
    this.agent.destroy();
  }
}
