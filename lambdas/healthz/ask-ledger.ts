import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { LEDGER_KEYS } from '../../core/contract/tables';
import { LedgerUnavailableError } from '../../core/ledger/faults';
import type { DynamoClients } from '../adapters/dynamodb/client';

/** A key that no account has: accounts begin with a letter and `#`. */
const NOBODY = 'healthz';

/** One eventually consistent read of an item that is not there: half a read unit. */
export function createAskLedger({ retrying }: DynamoClients, table: string): () => Promise<void> {
  const key = { [LEDGER_KEYS.partition]: NOBODY, [LEDGER_KEYS.sort]: NOBODY };
  return async () => {
    try {
      await retrying.send(new GetCommand({ TableName: table, Key: key }));
    } catch (cause) {
      // Whatever it is, access denied or no such table included, the guard could not work either.
      throw new LedgerUnavailableError('the ledger did not answer the health check', { cause });
    }
  };
}
