import type { TableDefinition } from '../assembly/tables';
import { StartFault } from '../start-fault';

/** A DynamoDB engine that runs on this machine. */
export interface Engine {
  /** For people: what it is and where its data stands. */
  readonly description: string;
  /** Where the SDK reaches it. */
  readonly endpoint: string;
  /** Calls so far by operation name; undefined where the engine does not tell. */
  countCalls(): Promise<Readonly<Record<string, number>> | undefined>;
  /** Resolves once everything that was answered is safe and the engine is gone. */
  stop(): Promise<void>;
}

const READY_PATIENCE_MS = 30_000;
const POLL_MS = 25;

/** Engines check that a signature is there, not that it is right. */
const UNCHECKED_SIGNATURE =
  'AWS4-HMAC-SHA256 Credential=local/20200101/us-east-1/dynamodb/aws4_request, ' +
  'SignedHeaders=host;x-amz-date, Signature=0';

interface EngineAnswer {
  readonly isOk: boolean;
  readonly body: { readonly [field: string]: unknown };
}

async function call(endpoint: string, operation: string, input: unknown): Promise<EngineAnswer> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${operation}`,
      'x-amz-date': '20200101T000000Z',
      authorization: UNCHECKED_SIGNATURE,
    },
    body: JSON.stringify(input),
  });
  return { isOk: response.ok, body: (await response.json()) as EngineAnswer['body'] };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Waits until the engine answers.
 * @throws StartFault when it does not within half a minute.
 */
export async function waitUntilAnswering(
  endpoint: string,
  hasStopped: () => boolean,
): Promise<void> {
  const giveUpAt = performance.now() + READY_PATIENCE_MS;
  while (performance.now() < giveUpAt && !hasStopped()) {
    const isAnswering = await call(endpoint, 'ListTables', {}).then(
      ({ isOk }) => isOk,
      () => false,
    );
    if (isAnswering) return;
    await pause(POLL_MS);
  }
  throw new StartFault('The database engine did not start.');
}

async function isActive(endpoint: string, TableName: string): Promise<boolean> {
  const { body } = await call(endpoint, 'DescribeTable', { TableName });
  return (body['Table'] as { TableStatus?: string } | undefined)?.TableStatus === 'ACTIVE';
}

async function createTable(endpoint: string, table: TableDefinition): Promise<void> {
  const { isOk, body } = await call(endpoint, 'CreateTable', table);
  const isThereAlready = String(body['__type']).endsWith('ResourceInUseException');
  if (!isOk && !isThereAlready) {
    throw new StartFault(`Table ${table.TableName} cannot be made: ${JSON.stringify(body)}`);
  }
  while (!(await isActive(endpoint, table.TableName))) await pause(POLL_MS);
}

/**
 * Makes the tables that are not there yet and waits until all can be used.
 * @throws StartFault when the engine refuses a definition.
 */
export async function createTables(
  endpoint: string,
  tables: readonly TableDefinition[],
): Promise<void> {
  await Promise.all(tables.map((table) => createTable(endpoint, table)));
}
