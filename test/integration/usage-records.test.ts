import { createRun } from '../../core/guard/create-run';
import { readRun } from '../../core/guard/read-run';
import { recordUsage } from '../../core/guard/record-usage';
import { usageFacts } from '../../core/guard/usage-facts';
import { usageBody } from '../../lambdas/answers/usage';
import { json } from '../../lambdas/http/reply';
import { ENGINE, startTestEngine, type TestEngine } from '../support/dynamo-engine';
import {
  allUsage,
  expectKind,
  guardPorts,
  setPolicy,
  usd,
  type EnginePorts,
} from '../support/guard-on-engine';
import { ManualClock } from '../support/manual-clock';

jest.setTimeout(120_000);

const MONTH = '2026-11';
/** As many as are allowed, each as long as allowed, in letters of three bytes. */
const HEAVY_TAGS = (prefix: string) =>
  Object.fromEntries(Array.from({ length: 20 }, (_, tag) => [`${prefix}-${tag}`, '€'.repeat(256)]));

let engine: TestEngine;
let ports: EnginePorts;

beforeAll(async () => {
  engine = await startTestEngine();
  ports = guardPorts(engine, new ManualClock('2026-11-10T12:00:00Z'));
});
afterAll(() => engine.stop());

async function open(tenant: string, tags: Record<string, string> = {}): Promise<void> {
  await setPolicy(ports, tenant, { limit: '100' });
  const request = { tenant, runId: 'r', pipeline: 'nightly', estimatedCost: usd('10'), tags };
  expectKind(await createRun(ports, request), 'created');
}

describe(`usage records as they come back from the table (${ENGINE})`, () => {
  test('one priced by a tier of its request can be read, listed and repeated', async () => {
    await open('tiered');
    const report = {
      tenant: 'tiered',
      runId: 'r',
      stepId: 's',
      model: 'anthropic/claude-sonnet-4.5',
      provider: 'openrouter',
      tokens: { input: 300_000, output: 10, cachedInput: 0 },
    };
    const first = expectKind(await recordUsage(ports, report), 'recorded');
    expect(first.usage.rates).toMatchObject({ tier: { aboveInputTokens: 200_000 } });
    const again = expectKind(await recordUsage(ports, report), 'repeated');
    const read = expectKind(await readRun(ports, { tenant: 'tiered', runId: 'r' }), 'run');
    const [listed] = await allUsage(ports, 'tiered', MONTH);
    for (const usage of [again.usage, ...read.usage]) {
      expect(usage.rates).toEqual(first.usage.rates);
      expect(() => json(200, usageBody(usage))).not.toThrow();
    }
    expect(listed && usageFacts(listed).rates).toEqual(first.usage.rates);
  });

  test('a partition that holds more than the engine reads at once is listed whole', async () => {
    await open('heavy', HEAVY_TAGS('run'));
    const steps = Array.from({ length: 45 }, (_, step) => `s-${step + 10}`);
    for (const stepId of steps) {
      const tags = HEAVY_TAGS('step');
      const request = { tenant: 'heavy', runId: 'r', stepId, cost: usd('0.01'), tags };
      expectKind(await recordUsage(ports, request), 'recorded');
    }
    const listed = await allUsage(ports, 'heavy', MONTH);
    expect(listed.map((record) => usageFacts(record).stepId)).toEqual(steps);
  });
});
