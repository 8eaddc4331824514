import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { SpendHistory, SpendPoint } from '../../../core/forecast/spend-history';
import type { DynamoClients } from './client';
import { ledgerFault } from './faults';
import type { ItemKey } from './keys';

/** A point as it is stored: a list is half the size of a map with names. */
type StoredPoint = readonly [atMs: number | bigint, spent: bigint, committed: bigint];

/** The spend of months over time, an item each. */
export function createSpendHistory(client: DynamoClients['retrying'], table: string): SpendHistory {
  return {
    read: async (tenant, month) => {
      try {
        // Not consistent: half the price, and a write on an old version is refused anyway.
        const { Item } = await client.send(
          new GetCommand({ TableName: table, Key: historyKey(tenant, month) }),
        );
        if (Item === undefined) return undefined;
        const points = (Item['points'] as readonly StoredPoint[]).map(pointOf);
        return { points, version: Number(Item['version']) };
      } catch (fault) {
        throw ledgerFault(fault);
      }
    },

    record: async (tenant, month, points, seen) => {
      try {
        await client.send(
          new UpdateCommand({
            TableName: table,
            Key: historyKey(tenant, month),
            UpdateExpression: 'SET #points = :points, #version = :next',
            ConditionExpression:
              seen === undefined ? 'attribute_not_exists(pk)' : '#version = :seen',
            ExpressionAttributeNames: { '#points': 'points', '#version': 'version' },
            ExpressionAttributeValues: {
              ':points': points.map(storedOf),
              ':next': (seen?.version ?? 0) + 1,
              ...(seen === undefined ? {} : { ':seen': seen.version }),
            },
          }),
        );
        return true;
      } catch (fault) {
        if (fault instanceof ConditionalCheckFailedException) return false;
        throw ledgerFault(fault);
      }
    },
  };
}

function historyKey(tenant: string, month: string): ItemKey {
  return { pk: `H#${tenant}`, sk: month };
}

function storedOf({ atMs, spent, committed }: SpendPoint): StoredPoint {
  return [atMs, spent, committed];
}

function pointOf([atMs, spent, committed]: StoredPoint): SpendPoint {
  return { atMs: Number(atMs), spent, committed };
}
