import { QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { MonthDirectory } from '../../../core/guard/ports';
import type { DynamoClients } from './client';
import { ledgerFault } from './faults';

const SORT = 'months';
/** Each a partition of its own: at the turn of a month every tenant writes. Never change it. */
const SHARDS = 64;

/**
 * The months that have accounts, in a few items that each hold a set. No table is ever scanned.
 */
export function createMonthDirectory(
  client: DynamoClients['retrying'],
  table: string,
): MonthDirectory {
  const change = async (verb: 'ADD' | 'DELETE', tenant: string, month: string): Promise<void> => {
    try {
      await client.send(
        new UpdateCommand({
          TableName: table,
          Key: { pk: partition(shardOf(tenant)), sk: SORT },
          UpdateExpression: `${verb} months :entry`,
          ExpressionAttributeValues: { ':entry': new Set([`${tenant}#${month}`]) },
        }),
      );
    } catch (fault) {
      throw ledgerFault(fault);
    }
  };

  const monthsIn = async (shard: number): Promise<{ tenant: string; month: string }[]> => {
    try {
      const { Items } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :shard',
          ExpressionAttributeValues: { ':shard': partition(shard) },
          ConsistentRead: true,
        }),
      );
      return (Items ?? []).flatMap(entriesOf);
    } catch (fault) {
      throw ledgerFault(fault);
    }
  };

  return {
    add: (tenant, month) => change('ADD', tenant, month),
    remove: (tenant, month) => change('DELETE', tenant, month),
    list: async () => {
      const shards = Array.from({ length: SHARDS }, (_, shard) => shard);
      const pages = await Promise.all(shards.map(monthsIn));
      return pages.flat();
    },
  };
}

function partition(shard: number): string {
  return `DIRECTORY#${shard.toString(16).padStart(2, '0')}`;
}

function entriesOf(item: Record<string, unknown>): { tenant: string; month: string }[] {
  const entries = (item['months'] ?? new Set()) as ReadonlySet<string>;
  return [...entries].map((entry) => {
    const at = entry.indexOf('#');
    return { tenant: entry.slice(0, at), month: entry.slice(at + 1) };
  });
}

function shardOf(tenant: string): number {
  let hash = 0;
  for (const character of tenant) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 65_536;
  return hash % SHARDS;
}
