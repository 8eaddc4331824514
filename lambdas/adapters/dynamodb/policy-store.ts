import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, type PutCommandInput } from '@aws-sdk/lib-dynamodb';
import type { Policy, PolicyTerms } from '../../../core/policy/policy';
import type { PolicyStore } from '../../../core/policy/policy-store';
import type { DynamoClients } from './client';
import { ledgerFault } from './faults';
import type { ItemKey } from './keys';

type Client = DynamoClients['retrying'];

/** Policies, an item each. A retried write that finds itself already done counts as done. */
export function createPolicyStore(client: Client, table: string): PolicyStore {
  const read = async (tenant: string): Promise<Policy | undefined> => {
    try {
      const { Item } = await client.send(
        new GetCommand({ TableName: table, Key: policyKey(tenant), ConsistentRead: true }),
      );
      return Item === undefined ? undefined : policyOf(Item);
    } catch (fault) {
      throw ledgerFault(fault);
    }
  };

  const put = async (
    policy: Policy,
    condition: Pick<PutCommandInput, 'ConditionExpression' | 'ExpressionAttributeValues'>,
  ): Promise<boolean> => {
    const item = { ...policyKey(policy.tenant), ...itemOf(policy) };
    try {
      await client.send(new PutCommand({ TableName: table, Item: item, ...condition }));
      return true;
    } catch (fault) {
      if (!(fault instanceof ConditionalCheckFailedException)) throw ledgerFault(fault);
      const stored = await read(policy.tenant);
      return (
        stored !== undefined && JSON.stringify(itemOf(stored)) === JSON.stringify(itemOf(policy))
      );
    }
  };

  return {
    read,
    create: (policy) => put(policy, { ConditionExpression: 'attribute_not_exists(pk)' }),
    replace: (policy, from) =>
      put(policy, {
        ConditionExpression: 'version = :from',
        ExpressionAttributeValues: { ':from': from },
      }),
  };
}

function policyKey(tenant: string): ItemKey {
  return { pk: `P#${tenant}`, sk: 'policy' };
}

type StoredTerms = Omit<PolicyTerms, 'budget'> & {
  readonly budget: Omit<PolicyTerms['budget'], 'limitNanoUsd'> & { readonly limitNanoUsd: string };
};

function itemOf({ tenant, version, updatedAt, updatedBy, ...terms }: Policy): object {
  const { budget } = terms;
  const stored: StoredTerms = {
    ...terms,
    budget: { ...budget, limitNanoUsd: String(budget.limitNanoUsd) },
  };
  return { tenant, version, updatedAt, updatedBy, terms: JSON.stringify(stored) };
}

function policyOf(item: Record<string, unknown>): Policy {
  const { budget, quotas, rates } = JSON.parse(item['terms'] as string) as StoredTerms;
  return {
    tenant: item['tenant'] as string,
    version: Number(item['version']),
    updatedAt: item['updatedAt'] as string,
    updatedBy: item['updatedBy'] as string,
    budget: { ...budget, limitNanoUsd: BigInt(budget.limitNanoUsd) },
    quotas,
    rates,
  };
}
