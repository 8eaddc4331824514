import type { EnvironmentByFunction } from '../../core/contract/environment';
import { FUNCTION_NAMES, type FunctionName } from '../../core/contract/functions';
import { synthesizeApp, type Resource } from '../support/synthesized-app';

const POLICY = { budget: { mode: 'hard-cap', limitUSD: '25.00' } };
const { resources } = synthesizeApp('prod', {
  defaultPolicy: POLICY,
  policyCacheSeconds: 7,
  tenantClaim: 'org',
  logRetentionDays: 30,
  admissionConcurrency: 40,
});
const functions = resources('AWS::Lambda::Function');
const logGroups = resources('AWS::Logs::LogGroup');

function functionNamed(name: FunctionName): Resource {
  const found = [...functions.values()].find(
    ({ Properties }) => Properties['FunctionName'] === `maestro-billing-prod-${name}`,
  );
  if (found === undefined) throw new Error(`${name} is in neither template`);
  return found;
}

const table = { 'Fn::ImportValue': expect.stringContaining('Ledger') };
const control = { 'Fn::ImportValue': expect.stringContaining('Control') };
const base = { STAGE: 'prod', POWERTOOLS_LOG_LEVEL: 'INFO' };
const api = { ...base, TENANT_CLAIM: 'org', CONSOLE_URL: 'https://console.example.com' };
const tables = { LEDGER_TABLE: table, CONTROL_TABLE: control };
const defaultPolicy = { DEFAULT_POLICY: JSON.stringify(POLICY) };
const bus = { ALERT_BUS: { 'Fn::ImportValue': expect.stringContaining('AlertsBus') } };
const admission = { ...api, ...tables, ...defaultPolicy, POLICY_CACHE_SECONDS: '7' };

const ENVIRONMENTS: {
  readonly [Name in FunctionName]: Readonly<Record<keyof EnvironmentByFunction[Name], unknown>>;
} = {
  'create-run': { ...admission, ...bus },
  'check-step': { ...admission, ...bus },
  'record-usage': { ...admission, ...bus },
  'complete-run': { ...admission, ...bus },
  'read-run': { ...api, ...tables },
  'read-policy': { ...api, ...tables },
  'write-policy': admission,
  'read-budget': admission,
  'list-usage': { ...api, ...tables },
  'list-alerts': { ...api, CONTROL_TABLE: control },
  'acknowledge-alert': { ...api, CONTROL_TABLE: control },
  healthz: { ...base, ...tables },
  openapi: base,
  'not-found': base,
  'sweep-plan': {
    ...base,
    ...tables,
    SWEEP_QUEUE_URL: { Ref: expect.stringMatching(/^SweepQueue/) },
  },
  'sweep-account': { ...base, ...tables, ...defaultPolicy, ...bus },
  'send-alerts': { ...base, CONTROL_TABLE: control, ...bus },
  'token-claims': {
    ...base,
    TENANT_CLAIM: 'org',
    // In the table's own stack.
    CONTROL_TABLE: { Ref: expect.stringMatching(/^ControlTable/) },
  },
};

test('the contract has every function, and the templates have no other', () => {
  expect(functions.size).toBe(FUNCTION_NAMES.length);
});

describe.each(FUNCTION_NAMES)('%s', (name) => {
  const { Properties } = functionNamed(name);

  test('runs on the runtime, processor and entry point that the bundles are made for', () => {
    expect(Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      TracingConfig: { Mode: 'Active' },
    });
    expect(Properties['Timeout']).toBeLessThanOrEqual(60);
  });

  test('is given the variables of its contract and no more', () => {
    expect(Properties['Environment'].Variables).toEqual(ENVIRONMENTS[name]);
  });

  test('logs JSON to a group of its own that forgets in time', () => {
    const { LogFormat, LogGroup } = Properties['LoggingConfig'];
    expect(LogFormat).toBe('JSON');
    expect(logGroups.get(LogGroup.Ref)?.Properties).toMatchObject({
      LogGroupName: `/aws/lambda/maestro-billing-prod-${name}`,
      RetentionInDays: 30,
    });
  });

  test('shares no role', () => {
    const role = Properties['Role']['Fn::GetAtt'][0];
    const users = [...functions.values()].filter(
      (other) => other.Properties['Role']['Fn::GetAtt'][0] === role,
    );
    expect(users).toHaveLength(1);
  });
});

test('only the hot functions have concurrency set aside', () => {
  const reserved = FUNCTION_NAMES.filter(
    (name) => functionNamed(name).Properties['ReservedConcurrentExecutions'] === 40,
  );
  expect(reserved).toEqual(['create-run', 'check-step', 'record-usage']);
});

test('every log group forgets in time', () => {
  for (const { Properties } of logGroups.values()) {
    expect(Properties['RetentionInDays']).toBe(30);
  }
});
