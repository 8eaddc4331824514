import type { Server } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { createDynamoClients, type DynamoClients } from '../../lambdas/adapters/dynamodb/client';
import type { TableDefinition } from '../../local/assembly/tables';
import { readTables } from '../../local/assembly/tables';
import { Resolver } from '../../local/assembly/resolver';
import { readStacks } from '../../local/assembly/template';
import { startDynamoDbLocal } from '../../local/engine/dynamodb-local-engine';
import { createTables } from '../../local/engine/engine';

export interface TestEngine {
  readonly endpoint: string;
  readonly ledgerTable: string;
  readonly controlTable: string;
  readonly clients: DynamoClients;
  /** Operations that reached the engine since the last call, by name. */
  takeCounts(): Readonly<Record<string, number>>;
  stop(): Promise<void>;
}

const PLACE = {
  region: 'us-east-1',
  accountId: '000000000000',
  queueBaseUrl: 'http://127.0.0.1:1',
  apiUrl: 'http://127.0.0.1:1',
};

/** `ENGINE=dynamodb-local` runs these tests on Amazon's own engine; without it dynalite does. */
export const ENGINE = process.env['ENGINE'] ?? 'dynalite';

/** An empty engine with the tables of the synthesized app. */
export async function startTestEngine(): Promise<TestEngine> {
  const tables = readTables(new Resolver(readStacks('cdk.out'), PLACE));
  const started = ENGINE === 'dynamodb-local' ? await amazonsEngine() : await dynaliteEngine();
  await createTables(started.endpoint, tables);
  const clients = clientsFor(started.endpoint);
  let counts: Record<string, number> = {};
  for (const client of [clients.retrying, clients.once]) {
    client.middlewareStack.add(
      (next, context) => (args) => {
        const name = (context.commandName ?? '').replace('Command', '');
        counts[name] = (counts[name] ?? 0) + 1;
        return next(args);
      },
      // Below the retries: every request that is sent counts.
      { step: 'finalizeRequest', priority: 'low', name: 'countCalls' },
    );
  }
  return {
    endpoint: started.endpoint,
    ledgerTable: tableNamed(tables, 'ledger'),
    controlTable: tableNamed(tables, 'control'),
    clients,
    takeCounts: () => {
      const taken = counts;
      counts = {};
      return taken;
    },
    stop: async () => {
      clients.retrying.destroy();
      clients.once.destroy();
      await started.stop();
    },
  };
}

interface Started {
  readonly endpoint: string;
  stop(): Promise<void>;
}

function amazonsEngine(): Promise<Started> {
  return startDynamoDbLocal(undefined, (error) => {
    throw error;
  });
}

async function dynaliteEngine(): Promise<Started> {
  // dynalite comes without types.
  const dynalite = require('dynalite') as (options: object) => Server;
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', () => resolve()));
  return {
    endpoint: `http://127.0.0.1:${port}`,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function clientsFor(endpoint: string): DynamoClients {
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
  return createDynamoClients();
}

function tableNamed(tables: readonly TableDefinition[], name: string): string {
  const found = tables.find(({ TableName }) => TableName.endsWith(`-${name}`));
  if (found === undefined) throw new Error(`the app has no table ${name}`);
  return found.TableName;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
