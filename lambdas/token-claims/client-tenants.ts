import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { CONTROL_KEYS } from '../../core/contract/tables';
import type { DynamoClients } from '../adapters/dynamodb/client';

/** The tenant that a machine client acts for, `*` for all; undefined when nobody has set one. */
export type TenantOfClient = (clientId: string) => Promise<string | undefined>;

/** Where a client's tenant stands in the control table; `docs/deploy.md` writes it with the CLI. */
export function clientTenantKey(clientId: string): Record<string, string> {
  return { [CONTROL_KEYS.partition]: `C#${clientId}`, [CONTROL_KEYS.sort]: 'tenant' };
}

/** Reads the control table at every token: a tenant taken away counts from the next token on. */
export function createClientTenants(clients: DynamoClients, table: string): TenantOfClient {
  return async (clientId) => {
    const { Item } = await clients.retrying.send(
      new GetCommand({
        TableName: table,
        Key: clientTenantKey(clientId),
        ConsistentRead: true,
      }),
    );
    const tenant: unknown = Item?.['tenant'];
    return typeof tenant === 'string' ? tenant : undefined;
  };
}
