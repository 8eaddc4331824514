import { QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb';
import { LEDGER_KEYS } from '../../../core/contract/tables';
import type { LedgerReader } from '../../../core/guard/ports';
import { isLive, type Account } from '../../../core/ledger/account';
import { accountOf, type Item } from './account-item';
import type { DynamoClients } from './client';
import { ledgerFault } from './faults';
import { runPartition, USAGE_SHARDS, usagePartition, usageShardOf } from './keys';

type Query = Omit<QueryCommandInput, 'TableName'>;

/** Queries over the ledger's table; all but the one by run id are consistent. */
export function createLedgerReader(client: DynamoClients['retrying'], table: string): LedgerReader {
  const page = async (
    query: Query,
  ): Promise<{ items: Item[]; next: Query['ExclusiveStartKey'] }> => {
    try {
      const { Items, LastEvaluatedKey } = await client.send(
        new QueryCommand({ TableName: table, ...query }),
      );
      return { items: Items ?? [], next: LastEvaluatedKey };
    } catch (fault) {
      throw ledgerFault(fault);
    }
  };

  const all = async (query: Query): Promise<Item[]> => {
    const items: Item[] = [];
    let ExclusiveStartKey: Query['ExclusiveStartKey'];
    do {
      const found = await page({ ...query, ExclusiveStartKey });
      items.push(...found.items);
      ExclusiveStartKey = found.next;
    } while (ExclusiveStartKey !== undefined);
    return items;
  };

  /** DynamoDB ends a page at 1 MB too: a partition that fell short of its number is asked again. */
  const first = async (query: Query, count: number): Promise<Item[]> => {
    const items: Item[] = [];
    let ExclusiveStartKey: Query['ExclusiveStartKey'];
    do {
      const found = await page({ ...query, Limit: count - items.length, ExclusiveStartKey });
      items.push(...found.items);
      ExclusiveStartKey = found.next;
    } while (ExclusiveStartKey !== undefined && items.length < count);
    return items;
  };

  return {
    monthsOfRun: async (tenant, run) => {
      const items = await all({
        KeyConditionExpression: 'pk = :run',
        ExpressionAttributeValues: { ':run': runPartition(tenant, run) },
        ConsistentRead: true,
      });
      return items
        .map((item) => ({ month: String(item['sk']), account: accountOf(item) as Account }))
        .filter(({ account }) => isLive(account));
    },

    usageOfRun: async (tenant, run, month) => {
      const items = await all({
        KeyConditionExpression: 'pk = :part AND begins_with(sk, :run)',
        ExpressionAttributeValues: {
          ':part': usagePartition(tenant, month, usageShardOf(run)),
          ':run': `${run}#`,
        },
        ConsistentRead: true,
      });
      return items.map((item) => accountOf(item) as Account).filter(isLive);
    },

    usageOfMonth: async ({ tenant, month, after, limit }) => {
      const shards = Array.from({ length: USAGE_SHARDS }, (_, shard) => shard);
      const found = await Promise.all(
        shards.map((shard) =>
          first(byDate(usagePartition(tenant, month, shard), after), limit + 1),
        ),
      );
      const merged = found.flat().toSorted((a, b) => (dateKeyOf(a) < dateKeyOf(b) ? -1 : 1));
      const shown = merged.slice(0, limit);
      const last = shown.at(-1);
      const items = shown.map((item) => accountOf(item) as Account);
      return merged.length > limit && last !== undefined
        ? { items, next: dateKeyOf(last) }
        : { items };
    },

    tenantsOfRun: async (runId) => {
      const { index, partition, sort } = LEDGER_KEYS.runById;
      const items = await all({
        IndexName: index,
        KeyConditionExpression: '#runId = :runId',
        ExpressionAttributeNames: { '#runId': partition },
        ExpressionAttributeValues: { ':runId': runId },
      });
      return [...new Set(items.map((item) => String(item[sort])))];
    },
  };
}

function byDate(partition: string, after: string | undefined): Query {
  const { index, sort } = LEDGER_KEYS.byDate;
  const isAfter = after === undefined ? '' : ' AND #date > :after';
  return {
    IndexName: index,
    KeyConditionExpression: `pk = :part${isAfter}`,
    ExpressionAttributeValues: {
      ':part': partition,
      ...(after === undefined ? {} : { ':after': after }),
    },
    ...(after === undefined ? {} : { ExpressionAttributeNames: { '#date': sort } }),
    ConsistentRead: true,
  };
}

function dateKeyOf(item: Item): string {
  return String(item[LEDGER_KEYS.byDate.sort]);
}
