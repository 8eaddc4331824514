import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { buildFunctions } from '../../../scripts/function-bundles';

const CLIENT = [
  "import { DynamoDBClient, GetItemCommand, PutItemCommand, QueryCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';",
  'const client = new DynamoDBClient({});',
  'const commands = { GetItemCommand, PutItemCommand, QueryCommand, UpdateItemCommand };',
  'export const handler = async (name, input) => client.send(new commands[name](input));',
];

const DOCUMENT_CLIENT = [
  "import { DynamoDBClient } from '@aws-sdk/client-dynamodb';",
  "import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';",
  'const client = DynamoDBDocumentClient.from(new DynamoDBClient({}));',
  'const commands = { GetCommand, PutCommand, QueryCommand, UpdateCommand };',
  'export const handler = async (name, input) => client.send(new commands[name](input));',
];

/** Bundles to compare with: the SDK's client and nothing of ours. */
export const BASELINES = {
  'SDK client': { source: CLIENT, isPlain: false },
  'SDK client, plain esbuild': { source: CLIENT, isPlain: true },
  'SDK document client': { source: DOCUMENT_CLIENT, isPlain: false },
} as const;

export type Baseline = keyof typeof BASELINES;

/** The bundler takes the names of our functions alone, so a baseline borrows one. */
const BORROWED_NAME = 'healthz';

/**
 * Bundles a baseline: with the very script and settings that bundle the functions, or as esbuild
 * bundles for Node when it is only told to minify, without what our settings leave out of the SDK.
 * @param home a folder below the project's root, so that imports find the same packages
 * @returns the bundle's file
 */
export async function buildBaseline(home: string, name: Baseline): Promise<string> {
  const { source, isPlain } = BASELINES[name];
  const root = join(home, name.replaceAll(/\W+/g, '-'));
  const folder = join(root, 'lambdas', BORROWED_NAME);
  const entry = join(folder, 'index.ts');
  const bundle = join(root, 'dist', 'functions', BORROWED_NAME, 'index.js');
  mkdirSync(folder, { recursive: true });
  writeFileSync(entry, `${source.join('\n')}\n`);
  if (isPlain) {
    await build({
      entryPoints: [entry],
      outfile: bundle,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      target: 'node20',
      mainFields: ['module', 'main'],
      minify: true,
      logLevel: 'silent',
    });
  } else {
    await buildFunctions({ root, allowMissing: true });
  }
  return bundle;
}
