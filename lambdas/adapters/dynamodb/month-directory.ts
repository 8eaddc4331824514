import { QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { MonthDirectory } from '../../../core/guard/ports';
import type { DynamoClients } from './client';
import { ledgerFault } from './faults';

const PARTITION = 'DIRECTORY';
const SHARDS = 16;

/**
 * The months that have accounts, in a few items that each hold a set. Reading them all is one
 * query; no table is ever scanned.
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
          Key: { pk: PARTITION, sk: shardOf(tenant) },
          UpdateExpression: `${verb} months :entry`,
          ExpressionAttributeValues: { ':entry': new Set([`${tenant}#${month}`]) },
        }),
      );
    } catch (fault) {
      throw ledgerFault(fault);
    }
  };

  return {
    add: (tenant, month) => change('ADD', tenant, month),
    remove: (tenant, month) => change('DELETE', tenant, month),
    list: async () => {
      try {
        const months: { tenant: string; month: string }[] = [];
        let ExclusiveStartKey: Record<string, unknown> | undefined;
        do {
          const page = await client.send(
            new QueryCommand({
              TableName: table,
              KeyConditionExpression: 'pk = :directory',
              ExpressionAttributeValues: { ':directory': PARTITION },
              ConsistentRead: true,
              ExclusiveStartKey,
            }),
          );
          for (const item of page.Items ?? []) months.push(...entriesOf(item));
          ExclusiveStartKey = page.LastEvaluatedKey;
        } while (ExclusiveStartKey !== undefined);
        return months;
      } catch (fault) {
        throw ledgerFault(fault);
      }
    },
  };
}

function entriesOf(item: Record<string, unknown>): { tenant: string; month: string }[] {
  const entries = (item['months'] ?? new Set()) as ReadonlySet<string>;
  return [...entries].map((entry) => {
    const at = entry.indexOf('#');
    return { tenant: entry.slice(0, at), month: entry.slice(at + 1) };
  });
}

function shardOf(tenant: string): string {
  let hash = 0;
  for (const character of tenant) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 65_536;
  return (hash % SHARDS).toString(16);
}
