import { FUNCTION_NAMES } from '../../core/contract/functions';
import { readEnvironment } from '../../lambdas/env';

const GOOD = {
  STAGE: 'prod',
  POWERTOOLS_LOG_LEVEL: 'INFO',
  TENANT_CLAIM: 'tenant',
  CONSOLE_URL: 'https://console.example.com',
  LEDGER_TABLE: 'maestro-billing-prod-ledger',
  CONTROL_TABLE: 'maestro-billing-prod-control',
  ALERT_BUS: 'maestro-billing-prod-alerts',
  SWEEP_QUEUE_URL: 'https://sqs.eu-central-1.amazonaws.com/123456789012/sweep',
  DEFAULT_POLICY: '',
  POLICY_CACHE_SECONDS: '5',
};

test.each(FUNCTION_NAMES)('%s starts with a good environment', (name) => {
  expect(readEnvironment(name, GOOD)).toHaveProperty('STAGE', 'prod');
});

test('values come in the form that code wants', () => {
  const policy = '{"budget":{"mode":"hard-cap","limitUSD":12.50}}';
  const environment = readEnvironment('create-run', { ...GOOD, DEFAULT_POLICY: policy });
  expect(environment.POLICY_CACHE_SECONDS).toBe(5);
  expect(environment.DEFAULT_POLICY?.budget.limitNanoUsd).toBe(12_500_000_000n);
  expect(readEnvironment('create-run', GOOD).DEFAULT_POLICY).toBeUndefined();
});

test('a function reads its own variables alone', () => {
  expect(Object.keys(readEnvironment('openapi', GOOD))).toEqual(['STAGE', 'POWERTOOLS_LOG_LEVEL']);
});

test.each([
  ['STAGE', 'Prod!'],
  ['POWERTOOLS_LOG_LEVEL', 'info'],
  ['TENANT_CLAIM', ''],
  ['CONSOLE_URL', 'https://console.example.com/'],
  ['CONSOLE_URL', 'javascript:alert(1)'],
  ['LEDGER_TABLE', ''],
  ['CONTROL_TABLE', 'a/b'],
  ['ALERT_BUS', ''],
  ['ALERT_BUS', 'a bus'],
  ['ALERT_BUS', 'b'.repeat(257)],
  ['DEFAULT_POLICY', '{'],
  ['DEFAULT_POLICY', '{"budget":{"mode":"hard-cap","limitUSD":"-1"}}'],
  ['POLICY_CACHE_SECONDS', '-1'],
  ['POLICY_CACHE_SECONDS', '1e3'],
  ['POLICY_CACHE_SECONDS', '3601'],
  ['POLICY_CACHE_SECONDS', ''],
] as const)('%s=%j is refused by name', (variable, value) => {
  expect(() => readEnvironment('create-run', { ...GOOD, [variable]: value })).toThrow(variable);
  expect(() => readEnvironment('create-run', { ...GOOD, [variable]: undefined })).toThrow(
    `${variable} is missing`,
  );
});

test('functions that touch no money are told of no ledger', () => {
  for (const name of ['list-alerts', 'acknowledge-alert', 'send-alerts'] as const) {
    expect(Object.keys(readEnvironment(name, GOOD))).not.toContain('LEDGER_TABLE');
  }
});

test('all faults are told at once', () => {
  expect(() => readEnvironment('sweep-plan', { STAGE: 'prod' })).toThrow(
    'the environment of sweep-plan is not valid: POWERTOOLS_LOG_LEVEL is missing; ' +
      'LEDGER_TABLE is missing; CONTROL_TABLE is missing; SWEEP_QUEUE_URL is missing',
  );
});
