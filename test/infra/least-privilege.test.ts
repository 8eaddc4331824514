import { FUNCTION_NAMES, type FunctionName } from '../../core/contract/functions';
import { synthesizeApp, type Json } from '../support/synthesized-app';

const { resources } = synthesizeApp('prod');
const functions = resources('AWS::Lambda::Function');
const roles = resources('AWS::IAM::Role');
const policies = resources('AWS::IAM::Policy');

/** What each role may do beyond its own log and traces, written down by hand: action on resource. */
const EXPECTED: Readonly<Record<FunctionName, readonly string[]>> = {
  'create-run': [
    'dynamodb:GetItem on control',
    'dynamodb:GetItem on ledger',
    'dynamodb:PutItem on control',
    'dynamodb:PutItem on ledger',
    'dynamodb:Query on ledger',
    'dynamodb:UpdateItem on control',
    'dynamodb:UpdateItem on ledger',
    'events:PutEvents on alert bus',
  ],
  'check-step': [
    'dynamodb:GetItem on control',
    'dynamodb:GetItem on ledger',
    'dynamodb:PutItem on control',
    'dynamodb:PutItem on ledger',
    'dynamodb:Query on ledger',
    'dynamodb:Query on ledger/index/runById',
    'dynamodb:UpdateItem on control',
    'dynamodb:UpdateItem on ledger',
    'events:PutEvents on alert bus',
  ],
  'record-usage': [
    'dynamodb:GetItem on control',
    'dynamodb:GetItem on ledger',
    'dynamodb:PutItem on control',
    'dynamodb:PutItem on ledger',
    'dynamodb:Query on ledger',
    'dynamodb:Query on ledger/index/runById',
    'dynamodb:UpdateItem on control',
    'dynamodb:UpdateItem on ledger',
    'events:PutEvents on alert bus',
  ],
  'complete-run': [
    'dynamodb:GetItem on ledger',
    'dynamodb:PutItem on control',
    'dynamodb:PutItem on ledger',
    'dynamodb:Query on ledger',
    'dynamodb:Query on ledger/index/runById',
    'dynamodb:UpdateItem on control',
    'dynamodb:UpdateItem on ledger',
    'events:PutEvents on alert bus',
  ],
  'read-run': [
    'dynamodb:GetItem on ledger',
    'dynamodb:Query on ledger',
    'dynamodb:Query on ledger/index/runById',
  ],
  'read-policy': ['dynamodb:GetItem on control'],
  'write-policy': [
    'dynamodb:GetItem on control',
    'dynamodb:GetItem on ledger',
    'dynamodb:PutItem on control',
    'dynamodb:PutItem on ledger',
    'dynamodb:UpdateItem on control',
    'dynamodb:UpdateItem on ledger',
  ],
  'read-budget': ['dynamodb:GetItem on control', 'dynamodb:GetItem on ledger'],
  'list-usage': ['dynamodb:Query on ledger/index/byDate'],
  'list-alerts': ['dynamodb:Query on control/index/alertsByTenant'],
  'acknowledge-alert': ['dynamodb:GetItem on control', 'dynamodb:UpdateItem on control'],
  'send-alerts': [
    'dynamodb:GetItem on control',
    'dynamodb:Query on control/index/unsentAlerts',
    'dynamodb:UpdateItem on control',
    'events:PutEvents on alert bus',
  ],
  healthz: ['dynamodb:GetItem on ledger'],
  openapi: [],
  'not-found': [],
  'sweep-plan': ['dynamodb:Query on control', 'sqs:SendMessage on sweep queue'],
  'sweep-account': [
    'dynamodb:GetItem on control',
    'dynamodb:GetItem on ledger',
    'dynamodb:PutItem on control',
    'dynamodb:PutItem on ledger',
    'dynamodb:UpdateItem on control',
    'dynamodb:UpdateItem on ledger',
    'sqs:ChangeMessageVisibility on sweep queue',
    'sqs:DeleteMessage on sweep queue',
    'sqs:GetQueueAttributes on sweep queue',
    'sqs:GetQueueUrl on sweep queue',
    'sqs:ReceiveMessage on sweep queue',
    'events:PutEvents on alert bus',
  ],
  'token-claims': ['dynamodb:GetItem on control'],
};

const SCHEDULE_ROLE = /^(?:SweeperSchedule|SendAlerts)Role/;

const list = <T>(value: T | readonly T[]): readonly T[] =>
  Array.isArray(value) ? value : [value as T];

/** A resource of a statement in words; one that is not known stays as it is and fails the test. */
function inWords(resource: unknown): string {
  const text = JSON.stringify(resource);
  const index = /"\/index\/(\w+)"/.exec(text)?.[1];
  const suffix = index === undefined ? '' : `/index/${index}`;
  if (/FnGetAttLedgerTable\w+Arn/.test(text)) return `ledger${suffix}`;
  if (/FnGetAttControlTable\w+Arn/.test(text)) return `control${suffix}`;
  if (/FnGetAttAlertsBus\w+Arn/.test(text)) return 'alert bus';
  if (/^\{"Fn::GetAtt":\["ControlTable\w+","Arn"\]\}$/.test(text)) return 'control';
  if (/^\{"Fn::GetAtt":\["SweepQueue[0-9A-F]+","Arn"\]\}$/.test(text)) return 'sweep queue';
  const log = /^\{"Fn::GetAtt":\["(\w+)Log[0-9A-F]+","Arn"\]\}$/.exec(text)?.[1];
  if (log !== undefined) return `log of ${log}`;
  return text;
}

function permissionsOf(name: FunctionName): string[] {
  const lambda = [...functions.values()].find(
    ({ Properties }) => Properties['FunctionName'] === `maestro-billing-prod-${name}`,
  );
  const role = lambda?.Properties['Role']['Fn::GetAtt'][0];
  expect(roles.get(role)?.Properties).not.toHaveProperty('ManagedPolicyArns');
  expect(roles.get(role)?.Properties).not.toHaveProperty('Policies');
  return [...policies.values()]
    .filter(({ Properties }) => Properties['Roles'].some((one: Json) => one.Ref === role))
    .flatMap(({ Properties }) => Properties['PolicyDocument'].Statement)
    .flatMap((statement: Json) => {
      expect(statement).toMatchObject({ Effect: 'Allow' });
      return list<string>(statement.Action).flatMap((action) =>
        list<unknown>(statement.Resource).map((resource) => `${action} on ${inWords(resource)}`),
      );
    })
    .toSorted();
}

test.each(FUNCTION_NAMES)('%s may do exactly what it needs', (name) => {
  const own = name.replaceAll('-', '');
  const always = [
    `logs:CreateLogStream on log of ${own}`,
    `logs:PutLogEvents on log of ${own}`,
    'xray:PutTelemetryRecords on "*"',
    'xray:PutTraceSegments on "*"',
  ];
  expect(permissionsOf(name)).toEqual([...EXPECTED[name], ...always].toSorted());
});

test('a function can be assumed by Lambda alone, a schedule role by the scheduler of this account', () => {
  const trusted = [...roles].map(([id, { Properties }]) => {
    const [{ Principal, Condition }] = Properties['AssumeRolePolicyDocument'].Statement;
    return { isSchedule: SCHEDULE_ROLE.test(id), Principal, Condition };
  });
  const ofSchedules = trusted.filter(({ isSchedule }) => isSchedule);
  expect(ofSchedules).toHaveLength(2);
  for (const role of ofSchedules) {
    expect(role).toEqual({
      isSchedule: true,
      Principal: { Service: 'scheduler.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
    });
  }
  const others = trusted.filter(({ isSchedule }) => !isSchedule);
  expect(others).toHaveLength(FUNCTION_NAMES.length);
  expect(new Set(others.map(({ Principal }) => JSON.stringify(Principal)))).toEqual(
    new Set(['{"Service":"lambda.amazonaws.com"}']),
  );
});

test.each([
  ['SweeperScheduleRole', /^sweepplanFunction/],
  ['SendAlertsRole', /^sendalertsFunction/],
])('%s may start its function and write its dead letters, nothing else', (role, target) => {
  const [, policy] = [...policies].find(([id]) => id.startsWith(role)) ?? [];
  const statements = policy?.Properties['PolicyDocument'].Statement;
  expect(statements).toEqual([
    {
      Effect: 'Allow',
      Action: 'lambda:InvokeFunction',
      Resource: { 'Fn::GetAtt': [expect.stringMatching(target), 'Arn'] },
    },
    {
      Effect: 'Allow',
      Action: 'sqs:SendMessage',
      Resource: { 'Fn::GetAtt': [expect.stringMatching(/^ScheduleDeadLetters/), 'Arn'] },
    },
  ]);
});

test('whoever may put events on the bus may put those of this product alone', () => {
  const statements = [...policies.values()]
    .flatMap(({ Properties }) => Properties['PolicyDocument'].Statement)
    .filter((statement: Json) => list<string>(statement.Action).includes('events:PutEvents'));
  expect(statements).toHaveLength(6);
  for (const statement of statements) {
    expect(statement).toMatchObject({
      Action: 'events:PutEvents',
      Condition: { StringEquals: { 'events:source': 'maestro.billing' } },
    });
  }
});

test('only API Gateway, from its own routes, and Cognito may invoke functions from outside', () => {
  const permissions = [...resources('AWS::Lambda::Permission').values()];
  expect(permissions.length).toBeGreaterThan(0);
  for (const { Properties } of permissions) {
    expect(['apigateway.amazonaws.com', 'cognito-idp.amazonaws.com']).toContain(
      Properties['Principal'],
    );
    expect(Properties).toHaveProperty('SourceArn');
  }
});
