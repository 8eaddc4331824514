import { createRun } from '../../core/guard/create-run';
import { recordUsage } from '../../core/guard/record-usage';
import { usageFacts } from '../../core/guard/usage-facts';
import type { Account } from '../../core/ledger/account';
import { ENGINE, startTestEngine, type TestEngine } from '../support/dynamo-engine';
import {
  allUsage,
  auditMonth,
  expectKind,
  guardPorts,
  setPolicy,
  usd,
  type EnginePorts,
} from '../support/guard-on-engine';
import { ManualClock } from '../support/manual-clock';
import { Random } from '../support/random';

jest.setTimeout(300_000);

const tenant = 'acme';
const month = '2026-11';
const SEED = 20_261_110;
/** Ids that sort apart from, before and between each other only if they are compared as wholes. */
const RUNS = ['a', 'a-b', 'a.b', 'a_b', 'A', '0', 'z'.repeat(64), 'run-10', 'run-9'];
const STEPS = ['s', 's-1', 's.1', 'S', '1', '10', '9', 'step'.repeat(16)];
const STEP_ROUNDS = 4;

let engine: TestEngine;
let ports: EnginePorts;
/** What was reported, as `date run step`. */
const reported: string[] = [];

const nameOf = (date: string, runId: string, stepId: string) => `${date} ${runId} ${stepId}`;
const namesOf = (records: readonly Account[]) =>
  records.map((record) => {
    const { date, runId, stepId } = usageFacts(record);
    return nameOf(date, runId, stepId);
  });
const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

async function open(of: string, runId: string): Promise<void> {
  const request = { tenant: of, runId, pipeline: 'nightly', estimatedCost: usd('1') };
  expectKind(await createRun(ports, request), 'created');
}

async function report(of: string, runId: string, stepId: string, date: string): Promise<void> {
  const occurredAt = new Date(date);
  const cost = usd('0.001');
  const request = { tenant: of, runId, stepId, cost, occurredAt };
  expectKind(await recordUsage(ports, request), 'recorded');
}

beforeAll(async () => {
  engine = await startTestEngine();
  const clock = new ManualClock('2026-11-10T12:00:00Z');
  ports = guardPorts(engine, clock);
  const random = new Random(SEED);
  for (const each of [tenant, 'acme-2']) await setPolicy(ports, each, { limit: '1000' });
  for (const runId of RUNS) {
    await open(tenant, runId);
    for (const stepId of STEPS) {
      for (let round = 0; round < STEP_ROUNDS; round += 1) {
        // Few distinct times, so that runs and steps decide the order most of the time.
        const date = `2026-11-10T1${random.below(2)}:00:00.00${random.below(3)}Z`;
        const step = `${stepId}${'.'.repeat(round)}`.slice(-64 + round * 2) + round;
        await report(tenant, runId, step, date);
        reported.push(nameOf(date, runId, step));
      }
    }
  }
  // What must not show up: another tenant's records, another month's, a run without any.
  await open('acme-2', 'a');
  await report('acme-2', 'a', 's', '2026-11-10T10:00:00.001Z');
  await open(tenant, 'empty');
  clock.moveTo('2026-12-10T12:00:00Z');
  await open(tenant, 'december');
  await report(tenant, 'december', 's', '2026-11-10T10:00:00.001Z');
});
afterAll(() => engine.stop());

describe(`the usage of a month, page by page (${ENGINE})`, () => {
  test('there is more than two pages of it, and every name is another', () => {
    expect(reported.length).toBeGreaterThan(250);
    expect(new Set(reported).size).toBe(reported.length);
  });

  test.each([100, 250, 7, 1_000])(
    'in pages of %i: by date, run and step, no gap and no repeat',
    async (limit) => {
      expect(namesOf(await allUsage(ports, tenant, month, limit))).toEqual(
        reported.toSorted(byBytes),
      );
    },
  );

  test('a page is as long as was asked for, and the last one says that it is the last', async () => {
    const limit = reported.length;
    const whole = await ports.reader.usageOfMonth({ tenant, month, limit });
    expect(whole.items).toHaveLength(limit);
    expect(whole.next).toBeUndefined();
    const short = await ports.reader.usageOfMonth({ tenant, month, limit: limit - 1 });
    expect(short.items).toHaveLength(limit - 1);
    const last = await ports.reader.usageOfMonth({ tenant, month, limit, after: short.next! });
    expect(last.items).toHaveLength(1);
    expect(last.next).toBeUndefined();
  });

  test('each month and tenant has its own', async () => {
    const december = await allUsage(ports, tenant, '2026-12');
    expect(namesOf(december)).toEqual(['2026-11-10T10:00:00.001Z december s']);
    expect(await allUsage(ports, 'acme-2', month)).toHaveLength(1);
    expect(await allUsage(ports, tenant, '2026-10')).toEqual([]);
    expect(await allUsage(ports, 'nobody', month)).toEqual([]);
    const { usage, records } = await auditMonth(ports, tenant, month);
    expect({ usage, records }).toEqual({
      usage: usd('0.001') * BigInt(reported.length),
      records: reported.length,
    });
  });

  test('records that come while it is read neither hide nor repeat those that were there', async () => {
    const shown: string[] = [];
    const late: string[] = [];
    let after: string | undefined;
    for (let page = 0; ; page += 1) {
      const { items, next } = await ports.reader.usageOfMonth({
        tenant,
        month,
        limit: 50,
        ...(after === undefined ? {} : { after }),
      });
      shown.push(...namesOf(items));
      if (next === undefined) break;
      after = next;
      // One before what was read already, one after everything.
      for (const date of ['2026-11-10T09:00:00.000Z', '2026-11-10T11:59:00.000Z']) {
        await report(tenant, 'empty', `${date.slice(11, 13)}-${page}`, date);
        late.push(nameOf(date, 'empty', `${date.slice(11, 13)}-${page}`));
      }
    }
    expect(shown.filter((name) => !late.includes(name))).toEqual(reported.toSorted(byBytes));
    expect(new Set(shown).size).toBe(shown.length);
    expect(shown).toEqual(shown.toSorted(byBytes));
    const all = namesOf(await allUsage(ports, tenant, month));
    expect(all).toEqual([...reported, ...late].toSorted(byBytes));
  });
});
