import {
  EventBridgeClient,
  PutEventsCommand,
  type PutEventsRequestEntry,
} from '@aws-sdk/client-eventbridge';
import type { Alert } from '../../../core/alerts/alert';
import type { AlertBus } from '../../../core/alerts/ports';
import { ALERT_EVENT_SOURCE } from '../../../core/contract/alerts';
import { formatUsd, type NanoUsd } from '../../../core/money/nano-usd';

const AT_A_TIME = 10;
/** So often is tried what a bus took in part. */
const MAX_ATTEMPTS = 3;
/**
 * A caller waits for its answer while an alert is sent, and the outbox sends what is not: better to
 * give up soon. The client itself has no time limit.
 */
const CONNECT_TIMEOUT_MS = 1_000;
const REQUEST_TIMEOUT_MS = 1_000;
const MAX_REQUESTS = 2;

/**
 * Alerts on an event bus. The client is made with the first alert: most invocations send none. Its
 * module is imported as any other: an `import()` in a bundle of one file makes esbuild wrap every
 * module that the two SDK clients share, which costs each cold start more than the client does.
 */
export function createAlertBus(bus: string): AlertBus {
  let send: Sender | undefined;
  return {
    send: async (alerts) => {
      send ??= createSender();
      const taken: string[] = [];
      try {
        for (let start = 0; start < alerts.length; start += AT_A_TIME) {
          await sendBatch(send, bus, alerts.slice(start, start + AT_A_TIME), taken);
        }
      } catch (fault) {
        // What was taken must be known as taken, or it is sent twice; the rest is tried again.
        if (taken.length === 0) throw fault;
      }
      return taken;
    },
  };
}

/** For each entry: was it taken? */
type Sender = (entries: PutEventsRequestEntry[]) => Promise<readonly boolean[]>;

function createSender(): Sender {
  const client = new EventBridgeClient({
    maxAttempts: MAX_REQUESTS,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      // Without this a request that takes too long is only written of to the console.
      throwOnRequestTimeout: true,
    },
  });
  return async (entries) => {
    const { Entries } = await client.send(new PutEventsCommand({ Entries: entries }));
    return entries.map((_, index) => Entries?.[index]?.EventId !== undefined);
  };
}

/** A batch may be taken in part: what was not is tried again, and nothing else is. */
async function sendBatch(
  send: Sender,
  bus: string,
  alerts: readonly Alert[],
  taken: string[],
): Promise<void> {
  let left = alerts;
  for (let attempt = 0; attempt < MAX_ATTEMPTS && left.length > 0; attempt += 1) {
    const results = await send(left.map((alert) => entryOf(alert, bus)));
    taken.push(...left.filter((_, index) => results[index]).map(({ alertId }) => alertId));
    left = left.filter((_, index) => results[index] !== true);
  }
}

function entryOf(alert: Alert, bus: string): PutEventsRequestEntry {
  return {
    EventBusName: bus,
    Source: ALERT_EVENT_SOURCE,
    DetailType: alert.type,
    Time: new Date(alert.occurredAt),
    Detail: JSON.stringify(detailOf(alert)),
  };
}

/** What the contract says of an event's detail; amounts are decimal strings in USD. */
export function detailOf(alert: Alert) {
  const { figures, requested } = alert;
  return {
    alertId: alert.alertId,
    tenant: alert.tenant,
    pipeline: alert.pipeline ?? null,
    runId: alert.runId ?? null,
    stepId: alert.stepId ?? null,
    month: alert.month,
    severity: alert.severity,
    limitUSD: usd(figures?.limit),
    spentUSD: usd(figures?.spent),
    reservedUSD: usd(figures?.reserved),
    requestedUSD: usd(requested),
    runbook: alert.runbook,
    occurredAt: alert.occurredAt,
    count: alert.count,
    summary: alert.summary,
  };
}

function usd(amount: NanoUsd | undefined): string | null {
  return amount === undefined ? null : formatUsd(amount);
}
