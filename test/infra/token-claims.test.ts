import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { CreateTableCommand, type CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import type { PreTokenGenerationV3TriggerEvent } from 'aws-lambda';
import { createDynamoClients, type DynamoClients } from '../../lambdas/adapters/dynamodb/client';
import { createLogger } from '../../lambdas/observability/logger';
import { clientTenantKey, createClientTenants } from '../../lambdas/token-claims/client-tenants';
import { createTokenClaimsHandler } from '../../lambdas/token-claims/handler';
import { synthesizeApp } from '../support/synthesized-app';

const TABLE = 'maestro-billing-dev-control';
const dynalite: (options: { createTableMs: number }) => Server =
  createRequire(__filename)('dynalite');

let engine: Server;
let clients: DynamoClients;
const lines: string[] = [];

function tokenClaims(table = TABLE) {
  return createTokenClaimsHandler({
    tenantOf: createClientTenants(clients, table),
    tenantClaim: 'org',
    logger: createLogger({
      service: 'token-claims',
      stage: 'dev',
      level: 'INFO',
      now: () => new Date(0),
      write: (line) => void lines.push(line),
    }),
  });
}

/** What Cognito sends when a client asks for a token; the answer is filled in by the trigger. */
function eventFor(clientId: string): PreTokenGenerationV3TriggerEvent {
  return {
    version: '3',
    triggerSource: 'TokenGeneration_ClientCredentials',
    region: 'eu-west-1',
    userPoolId: 'eu-west-1_AbCdEf',
    userName: clientId,
    callerContext: { awsSdkVersion: 'aws-sdk-unknown-unknown', clientId },
    request: { userAttributes: {}, groupConfiguration: {}, scopes: ['maestro/run'] },
    response: { claimsAndScopeOverrideDetails: {} },
  };
}

async function setTenant(clientId: string, tenant: string): Promise<void> {
  const Item = { ...clientTenantKey(clientId), tenant };
  await clients.retrying.send(new PutCommand({ TableName: TABLE, Item }));
}

beforeAll(async () => {
  engine = dynalite({ createTableMs: 0 });
  await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve));
  const { port } = engine.address() as AddressInfo;
  process.env['AWS_ENDPOINT_URL_DYNAMODB'] = `http://127.0.0.1:${port}`;
  process.env['AWS_REGION'] = 'eu-west-1';
  process.env['AWS_ACCESS_KEY_ID'] = 'local';
  process.env['AWS_SECRET_ACCESS_KEY'] = 'local';
  clients = createDynamoClients();
  const [control] = [...synthesizeApp().resources('AWS::DynamoDB::GlobalTable').values()].filter(
    ({ Properties }) => Properties['TableName'] === TABLE,
  );
  if (control === undefined) throw new Error(`${TABLE} is not in the template`);
  const { TableName, KeySchema, AttributeDefinitions, GlobalSecondaryIndexes, BillingMode } =
    control.Properties;
  const input: CreateTableCommandInput = {
    TableName,
    KeySchema,
    AttributeDefinitions,
    GlobalSecondaryIndexes,
    BillingMode,
  };
  await clients.retrying.send(new CreateTableCommand(input));
});

afterAll(async () => {
  clients.retrying.destroy();
  clients.once.destroy();
  await new Promise((resolve) => engine.close(resolve));
});

test.each(['acme', '*'])("a client's tenant %s goes into its access token", async (tenant) => {
  await setTenant(`client-of-${tenant}`, tenant);
  const answer = await tokenClaims()(eventFor(`client-of-${tenant}`));
  expect(answer.response).toEqual({
    claimsAndScopeOverrideDetails: {
      accessTokenGeneration: { claimsToAddOrOverride: { org: tenant } },
    },
  });
});

test('a client that nobody gave a tenant gets no token, and the log says whose fault it is', async () => {
  await expect(tokenClaims()(eventFor('stranger'))).rejects.toThrow(/No tenant.*stranger/);
  expect(lines.at(-1)).toContain('"clientId":"stranger"');
});

test.each(['', '..', 'a b', 'x'.repeat(65), '**'])('the tenant %p is no tenant', async (tenant) => {
  await setTenant('spoiled', tenant);
  await expect(tokenClaims()(eventFor('spoiled'))).rejects.toThrow(/No tenant/);
});

test("another client's tenant is not taken", async () => {
  await setTenant('one', 'acme');
  await expect(tokenClaims()(eventFor('on'))).rejects.toThrow(/No tenant/);
});

test('a tenant that was changed counts from the next token on', async () => {
  const handler = tokenClaims();
  await setTenant('moved', 'acme');
  await handler(eventFor('moved'));
  await setTenant('moved', 'globex');
  const answer = await handler(eventFor('moved'));
  expect(JSON.stringify(answer.response)).toContain('globex');
});

test('tokens of people pass unchanged', async () => {
  const event = { ...eventFor('console'), triggerSource: 'TokenGeneration_HostedAuth' };
  const asSent = event as unknown as PreTokenGenerationV3TriggerEvent;
  await expect(tokenClaims()(asSent)).resolves.toEqual(event);
});

test('a table that cannot be read gives no token', async () => {
  await expect(tokenClaims('no-such-table')(eventFor('one'))).rejects.toThrow(/not found/);
});
