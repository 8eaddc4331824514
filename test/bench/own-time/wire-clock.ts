import type { DynamoClients } from '../../../lambdas/adapters/dynamodb/client';

/** Adds up the time that requests are out: from the SDK's last step until the engine's answer. */
export interface WireClock {
  /** Milliseconds on the wire since the last call of this. */
  take(): number;
}

/**
 * Measures as far out as the SDK lets anybody: around its HTTP handler. Everything before and after
 * (use case, expressions, serialising, signing, reading the answer) counts as ours. For calls that
 * are made one after the other.
 */
export function clockOnWire(clients: DynamoClients): WireClock {
  let totalMs = 0;
  for (const client of [clients.retrying, clients.once]) {
    client.middlewareStack.add(
      (next) => async (args) => {
        const sentMs = performance.now();
        try {
          return await next(args);
        } finally {
          totalMs += performance.now() - sentMs;
        }
      },
      { step: 'deserialize', priority: 'low', name: 'clockOnWire' },
    );
  }
  return {
    take: () => {
      const taken = totalMs;
      totalMs = 0;
      return taken;
    },
  };
}
