import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
  type QueryCommandInput,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb';
import type { Alert, Occurrence } from '../../../core/alerts/alert';
import type { AlertStore } from '../../../core/alerts/ports';
import { CONTROL_KEYS } from '../../../core/contract/tables';
import type { DynamoClients } from './client';
import { ledgerFault } from './faults';
import type { ItemKey } from './keys';

type Item = Record<string, unknown>;

const { alertsByTenant, unsentAlerts } = CONTROL_KEYS;
const UNSENT = 'unsent';

/** Alerts, an item each: the outbox, and what people see. */
export function createAlertStore(clients: DynamoClients, table: string): AlertStore {
  const { retrying, once } = clients;

  /** @returns undefined when the condition does not hold */
  const update = async (
    client: DynamoClients['once'],
    alertId: string,
    change: Pick<
      UpdateCommandInput,
      'UpdateExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
    >,
  ): Promise<Alert | undefined> => {
    try {
      const { Attributes } = await client.send(
        new UpdateCommand({
          TableName: table,
          Key: alertKey(alertId),
          ConditionExpression: 'attribute_exists(pk)',
          ReturnValues: 'ALL_NEW',
          ...change,
        }),
      );
      return alertOf(Attributes);
    } catch (fault) {
      if (fault instanceof ConditionalCheckFailedException) return undefined;
      throw ledgerFault(fault);
    }
  };

  const query = async (input: Omit<QueryCommandInput, 'TableName'>): Promise<Item[]> => {
    try {
      const { Items } = await retrying.send(new QueryCommand({ TableName: table, ...input }));
      return Items ?? [];
    } catch (fault) {
      throw ledgerFault(fault);
    }
  };

  return {
    create: async (alert) => {
      try {
        await retrying.send(
          new PutCommand({
            TableName: table,
            Item: newItem(alert),
            ConditionExpression: 'attribute_not_exists(pk)',
          }),
        );
        return true;
      } catch (fault) {
        if (fault instanceof ConditionalCheckFailedException) return false;
        throw ledgerFault(fault);
      }
    },

    // Sent once: a second one would count an occurrence that was not.
    count: (alertId, occurrence, at) => update(once, alertId, oneMore(occurrence, at)),

    read: async (alertId) => {
      try {
        const { Item: item } = await retrying.send(
          new GetCommand({ TableName: table, Key: alertKey(alertId), ConsistentRead: true }),
        );
        return alertOf(item);
      } catch (fault) {
        throw ledgerFault(fault);
      }
    },

    markSent: async (alertId, at) => {
      await update(retrying, alertId, {
        UpdateExpression: 'SET sentAt = if_not_exists(sentAt, :at) REMOVE #unsent',
        ExpressionAttributeNames: { '#unsent': unsentAlerts.partition },
        ExpressionAttributeValues: { ':at': at },
      });
    },

    unsent: async (limit) => {
      const items = await query({
        IndexName: unsentAlerts.index,
        KeyConditionExpression: '#unsent = :unsent',
        ExpressionAttributeNames: { '#unsent': unsentAlerts.partition },
        ExpressionAttributeValues: { ':unsent': UNSENT },
        Limit: limit,
      });
      return items.map((item) => String(item['pk']).slice(2));
    },

    list: ({ tenant, type, status, after, limit }) =>
      listAlerts(query, { tenant, type, status, after, limit }),

    acknowledge: (alertId, by, at) =>
      update(retrying, alertId, {
        UpdateExpression:
          'SET #status = :acknowledged, acknowledgedBy = if_not_exists(acknowledgedBy, :by), acknowledgedAt = if_not_exists(acknowledgedAt, :at)',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':acknowledged': 'ACKNOWLEDGED', ':by': by, ':at': at },
      }),
  };
}

/** DynamoDB filters after it has cut the page: pages are read until one is full or none is left. */
async function listAlerts(
  query: (input: Omit<QueryCommandInput, 'TableName'>) => Promise<Item[]>,
  request: Parameters<AlertStore['list']>[0],
): ReturnType<AlertStore['list']> {
  const { tenant, type, status, limit } = request;
  const found: Item[] = [];
  let after = request.after;
  for (;;) {
    const items = await query(newestFirst(tenant, after, limit + 1));
    found.push(
      ...items.filter(
        (item) =>
          (type === undefined || item['type'] === type) &&
          (status === undefined || item['status'] === status),
      ),
    );
    const last = items.at(-1);
    if (items.length <= limit || last === undefined || found.length > limit) break;
    after = String(last[alertsByTenant.sort]);
  }
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  const items = shown.map((item) => alertOf(item) as Alert);
  const isMore = found.length > limit && last !== undefined;
  return isMore ? { items, next: String(last[alertsByTenant.sort]) } : { items };
}

function newestFirst(
  tenant: string,
  after: string | undefined,
  limit: number,
): Omit<QueryCommandInput, 'TableName'> {
  return {
    IndexName: alertsByTenant.index,
    KeyConditionExpression: `#tenant = :tenant${after === undefined ? '' : ' AND #sort < :after'}`,
    ExpressionAttributeNames: {
      '#tenant': alertsByTenant.partition,
      ...(after === undefined ? {} : { '#sort': alertsByTenant.sort }),
    },
    ExpressionAttributeValues: {
      ':tenant': tenant,
      ...(after === undefined ? {} : { ':after': after }),
    },
    ScanIndexForward: false,
    Limit: limit,
  };
}

function alertKey(alertId: string): ItemKey {
  return { pk: `A#${alertId}`, sk: 'alert' };
}

function newItem(alert: Alert): Item {
  return {
    ...alertKey(alert.alertId),
    [alertsByTenant.partition]: alert.tenant,
    [alertsByTenant.sort]: `${alert.occurredAt}#${alert.alertId}`,
    [unsentAlerts.partition]: UNSENT,
    ...alert,
  };
}

function oneMore(occurrence: Occurrence, at: string) {
  const { pipeline, runId, stepId, figures, requested, summary } = occurrence;
  const latest = { pipeline, runId, stepId, figures, requested, summary, lastOccurredAt: at };
  const told = Object.entries(latest).filter(([, value]) => value !== undefined);
  return {
    UpdateExpression: `SET ${told.map(([name]) => `#${name} = :${name}`).join(', ')} ADD #count :one`,
    ExpressionAttributeNames: {
      '#count': 'count',
      ...Object.fromEntries(told.map(([name]) => [`#${name}`, name])),
    },
    ExpressionAttributeValues: {
      ':one': 1,
      ...Object.fromEntries(told.map(([name, value]) => [`:${name}`, value])),
    },
  };
}

function alertOf(item: Item | undefined): Alert | undefined {
  if (item === undefined) return undefined;
  const {
    pk: _pk,
    sk: _sk,
    [alertsByTenant.partition]: _tenant,
    [alertsByTenant.sort]: _sort,
    [unsentAlerts.partition]: _unsent,
    ...alert
  } = item;
  return { ...(alert as unknown as Alert), count: Number(item['count']) };
}
