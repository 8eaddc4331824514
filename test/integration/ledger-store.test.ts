import type { Account } from '../../core/ledger/account';
import type { AccountRef, ParentRef, RunRef, UsageRef } from '../../core/ledger/account-ref';
import { LEDGER_RULES } from '../../core/ledger/rules';
import type { LedgerStore } from '../../core/ledger/store';
import type { LedgerWrite } from '../../core/ledger/write';
import { createLedgerStore } from '../../lambdas/adapters/dynamodb/ledger-store';
import { ENGINE, startTestEngine, type TestEngine } from '../support/dynamo-engine';
import { MemoryLedger } from '../support/memory-ledger';
import { Random } from '../support/random';

jest.setTimeout(120_000);

let engine: TestEngine;
let store: LedgerStore;

beforeAll(async () => {
  engine = await startTestEngine();
  store = createLedgerStore(engine.clients, engine.ledgerTable);
});
afterAll(() => engine.stop());

/** Without the differences that do not matter: absent notes, the width of small numbers. */
function comparable(account: Account | undefined): unknown {
  if (account === undefined) return undefined;
  return JSON.parse(
    JSON.stringify(
      { ...account, killed: [...account.killed].toSorted() },
      (_key, value: unknown) =>
        typeof value === 'bigint' || typeof value === 'number' ? String(value) : value,
    ),
  );
}

function randomWrite(random: Random, tenant: string): LedgerWrite {
  const month: ParentRef = { level: 'tenant-month', tenant, month: '2026-11' };
  const run: RunRef = { level: 'run', tenant, month: '2026-11', run: `r${random.below(2)}` };
  const usage: UsageRef = { ...run, level: 'usage', step: `s${random.below(2)}` };
  const parent: ParentRef = random.chance(50) ? month : run;
  const hold = `${random.pick(['r0', 'r1', 's0', 's.1-x_y'])}~abc.${random.below(3)}`;
  const amount = BigInt(random.below(30));
  const limit = BigInt(random.below(60));
  const facts = { policyVersion: random.below(9) };
  const rules = LEDGER_RULES;
  return random.pick([
    () => rules.openMonth(month, { mode: random.pick(['hard', 'soft']), limit, facts }),
    () =>
      rules.changeLimit(month, { version: random.below(3), limit }, { mode: 'hard', limit, facts }),
    () => rules.hold({ ref: parent, hold, amount, note: 'why' }),
    () => rules.hold({ ref: parent, hold, amount }),
    () => rules.forcedHold({ ref: parent, hold, amount }),
    () => rules.extend({ ref: parent, hold, from: amount, to: amount + 5n }),
    () => rules.openChild({ ref: run, fundedBy: hold, limit, facts: { runId: 'a' } }),
    () =>
      rules.raise({ ref: run, fundedBy: hold, from: limit, to: limit + 3n, facts: { runId: 'b' } }),
    () =>
      rules.bookUsage({
        ref: usage,
        fundedBy: hold,
        spent: amount,
        facts: { date: 'x', runId: 'a' },
      }),
    () => rules.settle({ ref: parent, hold, amount, spent: BigInt(random.below(30)) }),
    () => rules.close({ ref: run }),
    () => rules.fence({ ref: random.chance(50) ? run : usage, hold }),
  ])();
}

describe(`the ledger's writes on ${ENGINE}`, () => {
  test('do what they do in the simulator, write for write', async () => {
    let applied = 0;
    for (let seed = 1; seed <= 12; seed += 1) {
      const random = new Random(seed);
      const memory = new MemoryLedger();
      const tenant = `t${seed}`;
      for (let step = 0; step < 80; step += 1) {
        const write = randomWrite(random, tenant);
        const expected = memory.applyNow(write);
        const actual = await store.apply(write);
        const where = `seed ${seed}, step ${step}, ${write.name}`;
        expect([where, actual.applied]).toEqual([where, expected.applied]);
        expect([where, comparable(actual.account)]).toEqual([where, comparable(expected.account)]);
        if (expected.applied) applied += 1;
      }
    }
    // A test in which every write is refused would compare nothing.
    expect(applied).toBeGreaterThan(200);
  });

  test('keep amounts exactly up to the largest there is', async () => {
    const ref: AccountRef = { level: 'tenant-month', tenant: 'rich', month: '2026-11' };
    const limit = 999_999_999_999_999_999_999n;
    await store.apply(LEDGER_RULES.openMonth(ref, { mode: 'hard', limit, facts: {} }));
    const held = await store.apply(LEDGER_RULES.hold({ ref, hold: 'r~1.a', amount: limit - 1n }));
    expect(held.account?.available).toBe(1n);
    expect((await store.read(ref))?.holds['r~1.a']).toBe(limit - 1n);
  });

  test('64 workers at the edge of a limit are granted exactly what fits', async () => {
    const ref: AccountRef = { level: 'tenant-month', tenant: 'edge', month: '2026-11' };
    await store.apply(LEDGER_RULES.openMonth(ref, { mode: 'hard', limit: 100n, facts: {} }));
    const outcomes = await Promise.all(
      Array.from({ length: 64 }, (_, index) =>
        store.apply(LEDGER_RULES.hold({ ref, hold: `r${index}~1.a`, amount: 3n })),
      ),
    );
    expect(outcomes.filter(({ applied }) => applied)).toHaveLength(33);
    expect((await store.read(ref))?.available).toBe(1n);
  });
});
