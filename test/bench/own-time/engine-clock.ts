import type { DynamoClients } from '../../../lambdas/adapters/dynamodb/client';

/** Where the time of calls went, in milliseconds. */
export interface TimeApart {
  /** Inside the SDK: translating, serialising, signing, retrying, reading the answer. */
  readonly sdkMs: number;
  /** Requests that were out: Node's HTTP client, the system, and the engine. */
  readonly wireMs: number;
}

/** Tells the SDK's time and the engine's from ours, for calls made one after the other. */
export class EngineClock {
  private sentMs = 0;
  private wireMs = 0;

  /** Listens in on both clients: around `send`, and around the HTTP handler as the innermost step. */
  constructor(clients: DynamoClients) {
    for (const client of [clients.retrying, clients.once]) {
      const send = client.send.bind(client) as (command: unknown) => Promise<unknown>;
      client.send = ((command: unknown) =>
        timed(
          () => send(command),
          (ms) => (this.sentMs += ms),
        )) as typeof client.send;
      client.middlewareStack.add(
        (next) => (args) =>
          timed(
            () => next(args),
            (ms) => (this.wireMs += ms),
          ),
        { step: 'deserialize', priority: 'low', name: 'engineClock' },
      );
    }
  }

  /** What has come together since the last call of this. */
  take(): TimeApart {
    const { sentMs, wireMs } = this;
    this.sentMs = 0;
    this.wireMs = 0;
    return { sdkMs: sentMs - wireMs, wireMs };
  }
}

async function timed<T>(work: () => Promise<T>, took: (ms: number) => void): Promise<T> {
  const startedMs = performance.now();
  try {
    return await work();
  } finally {
    took(performance.now() - startedMs);
  }
}
