import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import {
  DEFAULT_ADMISSION_TIMEOUT_MS,
  DEFAULT_ATTEMPT_TIMEOUT_MS,
  DEFAULT_MARGIN_MS,
  DEFAULT_SETTLE_TIMEOUT_MS,
} from '../../../lambdas/budget-guard/options';
import { GuardBench, lambdaContext } from '../../support/guarded-handler';

const ROOT = join(__dirname, '../../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

let bench: GuardBench;
let provider: Server;
let completions: number;

beforeEach(async () => {
  completions = 0;
  bench = await new GuardBench().start();
  provider = createServer((_request, response) => {
    completions += 1;
    const choices = [{ message: { content: 'Short.' } }];
    const usage = { prompt_tokens: 900, completion_tokens: 100 };
    response.end(JSON.stringify({ choices, usage }));
  });
  await new Promise<void>((resolve) => {
    provider.listen(0, '127.0.0.1', resolve);
  });
  const { port } = provider.address() as AddressInfo;
  process.env['MAESTRO_URL'] = bench.server.url;
  process.env['TOKEN_URL'] = `${bench.server.url}/oauth2/token`;
  process.env['PROVIDER_URL'] = `http://127.0.0.1:${port}`;
  jest.resetModules();
});

afterEach(async () => {
  provider.closeAllConnections();
  await new Promise((resolve) => {
    provider.close(resolve);
  });
  await bench.server.stop();
});

async function summarize(body: string) {
  const { handler } = await import('../../examples/summarize-handler');
  const event = { body } as APIGatewayProxyEventV2;
  return handler(event, lambdaContext() as Parameters<typeof handler>[1]);
}

test("the guide's handler spends what the provider counted", async () => {
  expect(await summarize('A long text.')).toEqual({ statusCode: 200, body: 'Short.' });
  expect(bench.maestro.spentUSD).toBe('0.00015');
  expect(bench.maestro.reservedUSD).toBe('0.00');
});

test("the guide's handler answers 402 when the budget is spent", async () => {
  bench.maestro.limit = 1n;
  expect(await summarize('A long text.')).toMatchObject({
    statusCode: 402,
    headers: { 'content-type': 'application/problem+json' },
  });
  expect(completions).toBe(0);
});

test('the guide shows this very handler', () => {
  const example = read('test/examples/summarize-handler.ts').replace(
    "'../../index'",
    "'maestro-billing'",
  );
  expect(read('docs/budget-guard.md')).toContain(`\`\`\`ts\n${example}\`\`\``);
});

test('the guide lists every option, and the defaults as they are', () => {
  const guide = read('docs/budget-guard.md');
  const options = read('lambdas/budget-guard/options.ts');
  const [, members = ''] = /interface BudgetGuardOptions[^{]*\{([\s\S]*?)\n\}/.exec(options) ?? [];
  const names = [...members.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name);
  const defaults = new Map(
    [...guide.matchAll(/^\| `(\w+)` +\| (.*?) +\|/gm)].map(([, name, value]) => [name, value]),
  );
  expect([...defaults.keys()]).toEqual(expect.arrayContaining(names));
  expect(names.length).toBeGreaterThan(15);
  expect(defaults.get('marginMs')).toBe(String(DEFAULT_MARGIN_MS));
  expect(defaults.get('admissionTimeoutMs')).toBe(String(DEFAULT_ADMISSION_TIMEOUT_MS));
  expect(defaults.get('settleTimeoutMs')).toBe(String(DEFAULT_SETTLE_TIMEOUT_MS));
  expect(defaults.get('requestTimeoutMs')).toBe(String(DEFAULT_ATTEMPT_TIMEOUT_MS));
});
