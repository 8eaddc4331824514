import { createHash } from 'node:crypto';
import type { AlertBus, AlertPorts } from '../../core/alerts/ports';
import { createAlertStore } from '../adapters/dynamodb/alert-store';
import type { DynamoClients } from '../adapters/dynamodb/client';
import { createAlertBus } from '../adapters/eventbridge/alert-bus';
import type { Logger } from '../observability/logger';

/** A function that raises no alert has no bus; what it stores all the same is sent by schedule. */
const NO_BUS: AlertBus = { send: () => Promise.resolve([]) };

/** The AlertCenter's ports on DynamoDB and EventBridge. */
export function createAlertPorts(options: {
  readonly clients: DynamoClients;
  readonly controlTable: string;
  readonly bus: string | undefined;
  readonly logger: Logger;
}): AlertPorts {
  const { clients, controlTable, bus, logger } = options;
  return {
    store: createAlertStore(clients, controlTable),
    bus: bus === undefined ? NO_BUS : createAlertBus(bus),
    nowMs: () => Date.now(),
    digest,
    known: new Set(),
    onFault: (what, fault) => logger.error(what, { error: fault }),
  };
}

/** SHA-256 in base64url. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
