import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Account } from '../../../core/ledger/account';
import type { AccountRef } from '../../../core/ledger/account-ref';
import { ReplyLostError } from '../../../core/ledger/faults';
import type { LedgerStore, WriteResult } from '../../../core/ledger/store';
import type { LedgerWrite } from '../../../core/ledger/write';
import { accountOf, itemOf } from './account-item';
import { translated, type DynamoClients } from './client';
import { compileWrite } from './expressions';
import { isRefusedAsMalformed, ledgerFault } from './faults';
import { accountKey } from './keys';

/** The ledger's accounts in one DynamoDB table, an item each. */
export function createLedgerStore(clients: DynamoClients, table: string): LedgerStore {
  const read = async (ref: AccountRef): Promise<Account | undefined> => {
    try {
      const { Item } = await clients.retrying.send(
        new GetCommand({ TableName: table, Key: accountKey(ref), ConsistentRead: true }),
      );
      return accountOf(Item);
    } catch (fault) {
      throw ledgerFault(fault);
    }
  };

  const apply = async (write: LedgerWrite): Promise<WriteResult> => {
    try {
      return { applied: true, account: await send(clients, table, write) };
    } catch (fault) {
      if (fault instanceof ConditionalCheckFailedException) {
        return { applied: false, account: await refusedBy(fault, () => read(write.ref)) };
      }
      if (write.delivery === 'once' && !isRefusedAsMalformed(fault)) {
        throw new ReplyLostError(write.name, { cause: fault });
      }
      throw ledgerFault(fault);
    }
  };

  return { apply, read };
}

async function send(clients: DynamoClients, table: string, write: LedgerWrite): Promise<Account> {
  const client = write.delivery === 'once' ? clients.once : clients.retrying;
  const { effect, ref } = write;
  if (effect.kind === 'put') {
    await client.send(
      new PutCommand({
        TableName: table,
        Item: itemOf(ref, effect.account),
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        ...compileWrite(write.condition),
      }),
    );
    return effect.account;
  }
  const { Attributes } = await client.send(
    new UpdateCommand({
      TableName: table,
      Key: accountKey(ref),
      ReturnValues: 'ALL_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      ...compileWrite(write.condition, effect.changes),
    }),
  );
  return accountOf(Attributes) as Account;
}

/** The item that refused the write: in the answer itself, or, from engines that leave it out, read. */
async function refusedBy(
  fault: ConditionalCheckFailedException,
  read: () => Promise<Account | undefined>,
): Promise<Account | undefined> {
  if (fault.Item === undefined) return read();
  return accountOf(translated(fault.Item));
}
