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

  const query: Query = async (input) => {
    try {
      const { Items: items = [], LastEvaluatedKey: lastRead } = await retrying.send(
        new QueryCommand({ TableName: table, ...input }),
      );
      return { items, lastRead };
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
      const { items } = await query({
        IndexName: unsentAlerts.index,
        KeyConditionExpression: '#unsent = :unsent',
        ExpressionAttributeNames: { '#unsent': unsentAlerts.partition },
        ExpressionAttributeValues: { ':unsent': UNSENT },
        Limit: limit,
      });
      return items.map((item) => String(item['pk']).slice(2));
    },

    list: (request) => listAlerts(query, request),

    acknowledge: (alertId, by, at) =>
      update(retrying, alertId, {
        UpdateExpression:
          'SET #status = :acknowledged, acknowledgedBy = if_not_exists(acknowledgedBy, :by), acknowledgedAt = if_not_exists(acknowledgedAt, :at)',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: { ':acknowledged': 'ACKNOWLEDGED', ':by': by, ':at': at },
      }),
  };
}

type Query = (input: Omit<QueryCommandInput, 'TableName'>) => Promise<{
  readonly items: readonly Item[];
  /** Key of the last item looked at; absent when there was none after it. */
  readonly lastRead: Item | undefined;
}>;

type ListRequest = Parameters<AlertStore['list']>[0];

/** So many alerts are looked at for one that a filter lets pass; the next page goes on from there. */
const MAX_READS = 5;
const READ_AT_A_TIME = 200;

/** DynamoDB filters after it has cut the page: it is asked until a page is full or none is left. */
async function listAlerts(query: Query, request: ListRequest): ReturnType<AlertStore['list']> {
  const { type, status, limit } = request;
  const isFiltered = type !== undefined || status !== undefined;
  const found: Item[] = [];
  let { after } = request;
  for (let reads = 0; reads < MAX_READS && found.length <= limit; reads += 1) {
    const readLimit = isFiltered ? READ_AT_A_TIME : limit + 1;
    const { items, lastRead } = await query(newestFirst(request, after, readLimit));
    found.push(...items);
    after = lastRead === undefined ? undefined : String(lastRead[alertsByTenant.sort]);
    if (after === undefined) break;
  }
  const shown = found.slice(0, limit);
  if (found.length > limit) after = String(shown.at(-1)?.[alertsByTenant.sort]);
  const items = shown.map((item) => alertOf(item) as Alert);
  return after === undefined ? { items } : { items, next: after };
}

function newestFirst(
  { tenant, type, status }: ListRequest,
  after: string | undefined,
  limit: number,
): Omit<QueryCommandInput, 'TableName'> {
  const names: Record<string, string> = { '#tenant': alertsByTenant.partition };
  const values: Record<string, string> = { ':tenant': tenant };
  const keys = ['#tenant = :tenant'];
  if (after !== undefined) {
    names['#sort'] = alertsByTenant.sort;
    values[':after'] = after;
    keys.push('#sort < :after');
  }
  const filters: string[] = [];
  for (const [name, value] of Object.entries({ type, status })) {
    if (value === undefined) continue;
    names[`#${name}`] = name;
    values[`:${name}`] = value;
    filters.push(`#${name} = :${name}`);
  }
  return {
    IndexName: alertsByTenant.index,
    KeyConditionExpression: keys.join(' AND '),
    ...(filters.length === 0 ? {} : { FilterExpression: filters.join(' AND ') }),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
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

/** What does not apply this time is removed: a run that is refused has no step of an earlier run. */
function oneMore(occurrence: Occurrence, at: string) {
  const { pipeline, runId, stepId, figures, requested, summary } = occurrence;
  const latest = { pipeline, runId, stepId, figures, requested, summary, lastOccurredAt: at };
  const told = Object.entries(latest).filter(([, value]) => value !== undefined);
  const gone = Object.keys(latest).filter((name) => !told.some(([each]) => each === name));
  const set = `SET ${told.map(([name]) => `#${name} = :${name}`).join(', ')}`;
  const remove = gone.length === 0 ? '' : ` REMOVE ${gone.map((name) => `#${name}`).join(', ')}`;
  return {
    UpdateExpression: `${set}${remove} ADD #count :one`,
    ExpressionAttributeNames: {
      '#count': 'count',
      ...Object.fromEntries(Object.keys(latest).map((name) => [`#${name}`, name])),
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
