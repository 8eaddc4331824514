import { createPublicHandler, type HttpHandler } from '../http/api-handler';
import { json } from '../http/reply';
import type { Logger } from '../observability/logger';

export interface HealthzDeps {
  /** Resolves when the ledger answered; rejects with LedgerUnavailableError when it did not. */
  readonly askLedger: () => Promise<void>;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** `GET /healthz`: alive, and can the ledger be reached. Says nothing about tenants. */
export function createHealthzHandler({ askLedger, logger, now }: HealthzDeps): HttpHandler {
  return createPublicHandler({
    logger,
    now,
    handle: async () => {
      await askLedger();
      return json(200, { status: 'ok' });
    },
  });
}
