import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildFunctions } from '../../../scripts/function-bundles';

/** Bundles to compare with: what a function cannot do without. */
export const BASELINES = {
  'SDK client': [
    "import { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';",
    'const client = new DynamoDBClient({});',
    'const commands = { GetItemCommand, PutItemCommand, QueryCommand, UpdateItemCommand };',
    'export const handler = async (name, input) => client.send(new commands[name](input));',
  ],
  'SDK document client': [
    "import { DynamoDBClient } from '@aws-sdk/client-dynamodb';",
    "import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';",
    'const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));',
    'const commands = { GetCommand, PutCommand, QueryCommand, UpdateCommand };',
    'export const handler = async (name, input) => client.send(new commands[name](input));',
  ],
} as const;

export type Baseline = keyof typeof BASELINES;

/** The bundler takes the names of our functions alone, so a baseline borrows one. */
const BORROWED_NAME = 'healthz';

/**
 * Bundles a baseline with the very script and settings that bundle the functions.
 * @param home a folder below the project's root, so that imports find the same packages
 * @returns the bundle's file
 */
export async function buildBaseline(home: string, name: Baseline): Promise<string> {
  const root = join(home, name.replaceAll(' ', '-'));
  const folder = join(root, 'lambdas', BORROWED_NAME);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'index.ts'), `${BASELINES[name].join('\n')}\n`);
  await buildFunctions({ root, allowMissing: true });
  return join(root, 'dist', 'functions', BORROWED_NAME, 'index.js');
}
