import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { QuotaReceipt, QuotaStore, QuotaTake } from '../../../core/quotas/quota-store';
import { EMPTY_METER, type Meter } from '../../../core/quotas/windows';
import { translated, type DynamoClients } from './client';
import { ledgerFault } from './faults';
import type { ItemKey } from './keys';

type Item = Record<string, unknown>;

/** A window's number is in its attribute's name, so a new window needs no write of its own. */
const MINUTE = 'm';
const BUCKET = 'b';
const DAY = 'd';
/** As many seconds as touch a minute that ends now, beside the current one. */
const BUCKETS_KEPT = 60;
const DAYS_KEPT = 2;
/** DynamoDB takes expressions of 4 KB. What one take leaves over, the next ones remove. */
const MOST_REMOVED = 100;

/**
 * Quotas, an item for each tenant. A take whose reply is lost is sent again and may count twice,
 * which errs on the strict side; what is given back is sent once, for twice would be too generous.
 */
export function createQuotaStore(clients: DynamoClients, table: string): QuotaStore {
  const read = async (tenant: string): Promise<Meter> => {
    try {
      const { Item } = await clients.retrying.send(
        new GetCommand({ TableName: table, Key: meterKey(tenant), ConsistentRead: true }),
      );
      return meterOf(Item);
    } catch (fault) {
      throw ledgerFault(fault);
    }
  };

  const add = async (tenant: string, counts: Readonly<Record<string, number>>): Promise<void> => {
    const entries = Object.entries(counts);
    if (entries.length === 0) return;
    try {
      await clients.once.send(
        new UpdateCommand({
          TableName: table,
          Key: meterKey(tenant),
          UpdateExpression: `ADD ${entries.map((_, index) => `#n${index} :v${index}`).join(', ')}`,
          ExpressionAttributeNames: named(entries.map(([name]) => name)),
          ExpressionAttributeValues: Object.fromEntries(
            entries.map(([, by], index) => [`:v${index}`, by]),
          ),
        }),
      );
    } catch (fault) {
      throw ledgerFault(fault);
    }
  };

  return {
    read,
    take: async (take) => {
      try {
        const { Attributes } = await clients.retrying.send(
          new UpdateCommand({
            TableName: table,
            Key: meterKey(take.tenant),
            ReturnValues: 'ALL_NEW',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
            ...compileTake(take),
          }),
        );
        return { applied: true, meter: meterOf(Attributes) };
      } catch (fault) {
        if (fault instanceof ConditionalCheckFailedException) {
          const meter =
            fault.Item === undefined ? await read(take.tenant) : meterOf(translated(fault.Item));
          return { applied: false, meter };
        }
        throw ledgerFault(fault);
      }
    },
    giveBack: (receipt) => add(receipt.tenant, countsOf(receipt)),
    correctTokens: (tenant, day, by) =>
      by === 0 ? Promise.resolve() : add(tenant, { [DAY + day]: by }),
    adopt: async (tenant, version) => {
      try {
        await clients.retrying.send(
          new UpdateCommand({
            TableName: table,
            Key: meterKey(tenant),
            UpdateExpression: 'SET policyVersion = :version',
            ConditionExpression: 'attribute_not_exists(policyVersion) OR policyVersion <= :version',
            ExpressionAttributeValues: { ':version': version },
          }),
        );
      } catch (fault) {
        // A newer policy has been adopted already.
        if (!(fault instanceof ConditionalCheckFailedException)) throw ledgerFault(fault);
      }
    },
  };
}

function meterKey(tenant: string): ItemKey {
  return { pk: `Q#${tenant}`, sk: 'meter' };
}

function countsOf({ minute, bucket, day, tokens }: QuotaReceipt): Record<string, number> {
  return {
    ...(minute === undefined ? {} : { [MINUTE + minute]: -1 }),
    ...(bucket === undefined ? {} : { [BUCKET + bucket]: -1 }),
    ...(day === undefined || tokens === 0 ? {} : { [DAY + day]: -tokens }),
  };
}

/** Names and values of one take; a window's count is absent until something was counted in it. */
function compileTake(take: QuotaTake) {
  const conditions = ['(attribute_not_exists(policyVersion) OR policyVersion <= :version)'];
  const adds: string[] = [];
  const names: Record<string, string> = {};
  const values: Record<string, unknown> = { ':version': take.policyVersion };
  const { requests, tokens } = take;
  if (requests !== undefined) {
    Object.assign(names, { '#m': MINUTE + requests.minute, '#b': BUCKET + requests.bucket });
    Object.assign(values, {
      ':one': 1,
      ':minuteBelow': requests.minuteBelow,
      ':bucketBelow': requests.bucketBelow,
    });
    conditions.push('(attribute_not_exists(#m) OR #m < :minuteBelow)');
    conditions.push('(attribute_not_exists(#b) OR #b < :bucketBelow)');
    adds.push('#m :one', '#b :one');
  }
  if (tokens !== undefined) {
    Object.assign(names, { '#d': DAY + tokens.day });
    Object.assign(values, {
      ':tokens': tokens.amount,
      ':zero': 0,
      ':usedAtMost': tokens.usedAtMost,
    });
    conditions.push('(attribute_not_exists(#d) AND :usedAtMost >= :zero OR #d <= :usedAtMost)');
    adds.push('#d :tokens');
  }
  const gone = goneBy(take).slice(0, MOST_REMOVED);
  gone.forEach((name, index) => Object.assign(names, { [`#g${index}`]: name }));
  const removes = gone.map((_, index) => `#g${index}`).join(', ');
  return {
    ConditionExpression: conditions.join(' AND '),
    UpdateExpression: `SET policyVersion = :version ADD ${adds.join(', ')}${removes === '' ? '' : ` REMOVE ${removes}`}`,
    ...(Object.keys(names).length === 0 ? {} : { ExpressionAttributeNames: names }),
    ExpressionAttributeValues: values,
  };
}

/** Windows that were seen and can weigh no more. */
function goneBy({ seen, requests, tokens }: QuotaTake): string[] {
  const older = (counts: Readonly<Record<number, number>>, oldest: number | undefined): number[] =>
    oldest === undefined
      ? []
      : Object.keys(counts)
          .map(Number)
          .filter((window) => window < oldest);
  const { minute, bucket } = requests ?? {};
  return [
    ...older(seen.minutes, minute).map((window) => MINUTE + window),
    ...older(seen.buckets, bucket === undefined ? undefined : bucket - BUCKETS_KEPT).map(
      (window) => BUCKET + window,
    ),
    ...older(seen.days, tokens === undefined ? undefined : tokens.day - DAYS_KEPT).map(
      (window) => DAY + window,
    ),
  ];
}

function meterOf(item: Item | undefined): Meter {
  if (item === undefined) return EMPTY_METER;
  const windows = (prefix: string): Record<number, number> =>
    Object.fromEntries(
      Object.entries(item)
        .filter(([name]) => name.startsWith(prefix) && /^\d+$/.test(name.slice(1)))
        .map(([name, count]) => [Number(name.slice(1)), Number(count)]),
    );
  return {
    policyVersion: Number(item['policyVersion'] ?? 0),
    minutes: windows(MINUTE),
    buckets: windows(BUCKET),
    days: windows(DAY),
  };
}

function named(attributes: readonly string[]): Record<string, string> {
  return Object.fromEntries(attributes.map((name, index) => [`#n${index}`, name]));
}
