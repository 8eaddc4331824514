import { CONTROL_KEYS, LEDGER_KEYS } from '../../core/contract/tables';
import { synthesizeApp, type Json } from '../support/synthesized-app';

const { resources, stateless } = synthesizeApp('prod');
const tables = [...resources('AWS::DynamoDB::GlobalTable').values()];

function tableNamed(name: string): Json {
  return tables.find(({ Properties }) => Properties['TableName'] === name)?.Properties;
}

const schemaOf = (partition: string, sort: string) => [
  { AttributeName: partition, KeyType: 'HASH' },
  { AttributeName: sort, KeyType: 'RANGE' },
];

describe('tables', () => {
  test('are the two of the stage, in the stateful stack alone', () => {
    expect(tables.map(({ Properties }) => Properties['TableName']).toSorted()).toEqual([
      'maestro-billing-prod-control',
      'maestro-billing-prod-ledger',
    ]);
    expect(stateless.findResources('AWS::DynamoDB::GlobalTable')).toEqual({});
    expect(stateless.findResources('AWS::DynamoDB::Table')).toEqual({});
  });

  test.each(tables.map((table) => [table.Properties['TableName'], table] as const))(
    '%s is on demand, restorable, encrypted and hard to delete',
    (_, table) => {
      expect(table).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
      expect(table.Properties).toMatchObject({
        BillingMode: 'PAY_PER_REQUEST',
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
        Replicas: [
          {
            Region: { Ref: 'AWS::Region' },
            DeletionProtectionEnabled: true,
            PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          },
        ],
      });
      // Nothing may vanish by itself: a hold that expired is money that was lost sight of.
      expect(table.Properties).not.toHaveProperty('TimeToLiveSpecification');
    },
  );

  test('have the keys and indexes of the contract', () => {
    const { byDate, runById } = LEDGER_KEYS;
    const { alertsByTenant, unsentAlerts } = CONTROL_KEYS;
    expect(tableNamed('maestro-billing-prod-ledger')).toMatchObject({
      KeySchema: schemaOf(LEDGER_KEYS.partition, LEDGER_KEYS.sort),
      LocalSecondaryIndexes: [
        {
          IndexName: byDate.index,
          KeySchema: schemaOf(LEDGER_KEYS.partition, byDate.sort),
          Projection: { ProjectionType: 'ALL' },
        },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: runById.index,
          KeySchema: schemaOf(runById.partition, runById.sort),
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    });
    expect(tableNamed('maestro-billing-prod-control')).toMatchObject({
      KeySchema: schemaOf(CONTROL_KEYS.partition, CONTROL_KEYS.sort),
      GlobalSecondaryIndexes: [
        {
          IndexName: alertsByTenant.index,
          KeySchema: schemaOf(alertsByTenant.partition, alertsByTenant.sort),
          Projection: { ProjectionType: 'ALL' },
        },
        {
          IndexName: unsentAlerts.index,
          KeySchema: schemaOf(unsentAlerts.partition, unsentAlerts.sort),
          Projection: { ProjectionType: 'KEYS_ONLY' },
        },
      ],
    });
    const types = tables.flatMap(({ Properties }) => Properties['AttributeDefinitions']);
    expect(new Set(types.map((one: Json) => one.AttributeType))).toEqual(new Set(['S']));
  });
});

describe('machine identities', () => {
  test('the pool outlives the stack, takes no sign-ups, and asks token-claims about every token', () => {
    const pools = [...resources('AWS::Cognito::UserPool').values()];
    expect(pools).toEqual([
      expect.objectContaining({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' }),
    ]);
    expect(pools[0]?.Properties).toMatchObject({
      UserPoolTier: 'ESSENTIALS',
      DeletionProtection: 'ACTIVE',
      MfaConfiguration: 'ON',
      AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
      LambdaConfig: {
        PreTokenGenerationConfig: {
          LambdaVersion: 'V3_0',
          LambdaArn: { 'Fn::GetAtt': [expect.stringMatching(/^tokenclaimsFunction/), 'Arn'] },
        },
      },
    });
  });

  test('the resource server has the six scopes of the contract', () => {
    const [server] = resources('AWS::Cognito::UserPoolResourceServer').values();
    expect(server?.Properties['Identifier']).toBe('maestro');
    expect(server?.Properties['Scopes'].map((scope: Json) => scope.ScopeName)).toEqual([
      'run',
      'read',
      'policy',
      'export',
      'override',
      'approve',
    ]);
  });

  test('clients get tokens by client credentials alone, each with its own scopes', () => {
    const clients = [...resources('AWS::Cognito::UserPoolClient').values()].map(
      ({ Properties }) => Properties,
    );
    expect(clients).toHaveLength(2);
    for (const client of clients) {
      expect(client).toMatchObject({
        GenerateSecret: true,
        AllowedOAuthFlows: ['client_credentials'],
        AllowedOAuthFlowsUserPoolClient: true,
      });
    }
    const scopes = clients.map((client) =>
      client['AllowedOAuthScopes'].map((scope: Json) => scope['Fn::Join'][1][1]),
    );
    expect(scopes).toEqual([
      ['/run', '/read'],
      ['/read', '/policy', '/export', '/override', '/approve'],
    ]);
  });

  test('an own issuer leaves out the pool and everything that serves it', () => {
    const own = synthesizeApp('prod', {
      oidc: { issuer: 'https://login.example.com/', audience: ['maestro'] },
    });
    expect([...own.resources('AWS::Cognito::UserPool').keys()]).toEqual([]);
    expect([...own.resources('AWS::Cognito::UserPoolClient').keys()]).toEqual([]);
    expect(own.stateful.findResources('AWS::Lambda::Function')).toEqual({});
    const [authorizer] = own.resources('AWS::ApiGatewayV2::Authorizer').values();
    expect(authorizer?.Properties['JwtConfiguration']).toEqual({
      Issuer: 'https://login.example.com/',
      Audience: ['maestro'],
    });
    expect(own.nagFindings()).toEqual([]);
  });
});
