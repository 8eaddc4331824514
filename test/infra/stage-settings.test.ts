import { InvalidStageSettings, readStageSettings } from '../../lib/stage-settings';

function read(context: Record<string, unknown>) {
  return readStageSettings((key) => context[key]);
}

test('without context it is dev with its defaults', () => {
  expect(read({})).toMatchObject({
    stage: 'dev',
    tenantClaim: 'tenant',
    policyCacheSeconds: 5,
    logRetentionDays: 14,
    throttleRate: 200,
  });
  expect(read({})).not.toHaveProperty('oidc');
});

test('any other stage starts from the defaults of production', () => {
  expect(read({ stage: 'eu-prod' })).toMatchObject({ logRetentionDays: 90, throttleRate: 1000 });
});

test('only the settings of the chosen stage count', () => {
  const stages = { dev: { sweepConcurrency: 3 }, prod: { sweepConcurrency: 50 } };
  expect(read({ stage: 'prod', stages }).sweepConcurrency).toBe(50);
  expect(read({ stages }).sweepConcurrency).toBe(3);
});

test('all that is wrong is said at once', () => {
  const stages = {
    dev: {
      tennantClaim: 'org',
      policyCacheSeconds: 5.5,
      consoleUrl: 'https://console.example.com/',
      oidc: { issuer: 'http://login.example.com', audience: [] },
      machineClients: [{ name: 'Bad Name', scopes: ['maestro/everything'] }],
    },
  };
  expect(() => read({ stages })).toThrow(InvalidStageSettings);
  expect(() => read({ stages })).toThrow(/tennantClaim is not a setting/);
  expect(() => read({ stages })).toThrow(/policyCacheSeconds must be a whole number from 0 to 300/);
  expect(() => read({ stages })).toThrow(/consoleUrl must be .* without a slash at the end/);
  expect(() => read({ stages })).toThrow(/oidc must be/);
  expect(() => read({ stages })).toThrow(/machineClients must be/);
});

test.each(['', 'Prod', '1st', 'a-name-far-too-long-for-a-stage', 7])(
  'the stage %p is refused',
  (stage) => {
    expect(() => read({ stage })).toThrow(InvalidStageSettings);
  },
);

test('two clients of one name are refused', () => {
  const client = { name: 'orchestrator', scopes: ['maestro/run'] };
  expect(() => read({ stages: { dev: { machineClients: [client, client] } } })).toThrow(
    /machineClients/,
  );
});
