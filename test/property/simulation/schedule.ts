import { tenantMonthOf, type RunRef, type TenantMonthRef } from '../../../core/ledger/account-ref';
import { ensureMonth } from '../../../core/ledger/ensure-month';
import { LedgerUnavailableError } from '../../../core/ledger/faults';
import type { LedgerPorts } from '../../../core/ledger/ports';
import { LEDGER_RULES } from '../../../core/ledger/rules';
import { sweepMonth } from '../../../core/ledger/sweep-month';
import { MemoryLedger } from '../../support/memory-ledger';
import { Random } from '../../support/random';
import type { Breakage } from './breakages';
import { complete, orchestrate, type Observations, type RunPlan, type StepPlan } from './callers';
import { checkAtRest, checkWrite, Violation } from './invariants';
import { FAIR_WEATHER, Network, type Weather } from './network';

const MONTH: TenantMonthRef = { level: 'tenant-month', tenant: 't', month: '2026-11' };
const START_MS = 1_790_000_000_000;
const PATIENCE = { runMs: 1_000, stepMs: 10_000 };
const RUN_LIFETIME_MS = 60_000;
const MAX_STEPS = 4_000;
const STORM: Weather = { lostBefore: 4, lostAfter: 6, delayed: 5, duplicated: 6 };

export interface ScheduleResult {
  readonly writes: number;
  readonly lateDuplicates: number;
  readonly crashes: number;
}

/**
 * One random schedule: a few runs on one tight budget, twins of each caller, sweepers, limit
 * changes, crashes, lost and late messages and a clock that moves; invariants after every write
 * and at rest.
 * @throws Violation with the seed in its message
 */
export async function runSchedule(seed: number, breakage?: Breakage): Promise<ScheduleResult> {
  try {
    return await new Schedule(seed, breakage).run();
  } catch (fault) {
    if (fault instanceof Violation) fault.message = `seed ${seed}: ${fault.message}`;
    throw fault;
  }
}

class Schedule {
  private readonly random: Random;
  private readonly ledger = new MemoryLedger();
  private readonly network: Network;
  private readonly seen: Observations = { answered: new Map(), running: new Map() };
  private readonly live = new Map<number, RunPlan | undefined>();
  private readonly isObedient: boolean;
  private readonly plans: RunPlan[];
  /** Runs that somebody has said are over. */
  private readonly said = new Set<RunPlan>();
  private violation: unknown;
  private nowMs = START_MS;
  private nextActor = 0;
  private crashes = 0;
  private version = 0n;

  constructor(
    seed: number,
    private readonly breakage?: Breakage,
  ) {
    this.random = new Random(seed);
    // Most callers keep the rules, for which spend can never pass a hard limit; some do not.
    this.isObedient = this.random.chance(70);
    this.plans = Array.from({ length: this.random.between(1, 4) }, (_, index) => this.plan(index));
    this.network = new Network(this.ledger, this.random, (write, before) => {
      this.guarded(() => checkWrite(this.ledger, write, before, { isObedient: this.isObedient }));
    });
  }

  async run(): Promise<ScheduleResult> {
    this.start(() => this.changeLimit(this.portsFor(this.nextActor)));
    await this.drain(FAIR_WEATHER);
    const pending = this.plans.flatMap((plan) => [plan, ...(this.random.chance(60) ? [plan] : [])]);
    for (let step = 0; step < MAX_STEPS && (pending.length > 0 || this.live.size > 0); step += 1) {
      await this.disturb(pending);
      this.network.step(STORM);
      await settled();
      this.rethrow();
    }
    await this.comeToRest();
    const { delivered: writes, lateDelivered: lateDuplicates } = this.network;
    return { writes, lateDuplicates, crashes: this.crashes };
  }

  private async disturb(pending: RunPlan[]): Promise<void> {
    const { random } = this;
    const next = pending[0];
    if (next !== undefined && (this.network.isQuiet || random.chance(15))) {
      pending.shift();
      if (this.nowMs < next.deadlineMs - 20_000) this.startCaller(next);
    }
    if (random.chance(2)) this.start((ports) => this.sweep(ports));
    if (random.chance(2)) this.start((ports) => this.changeLimit(ports));
    if (random.chance(2)) this.crashSomebody();
    if (random.chance(4)) this.completeSomething();
    if (random.chance(5) && this.network.hasLate) this.network.deliverLate();
    if (random.chance(6)) this.advance(random.below(3_000));
    if (random.chance(2)) this.jump();
    await settled();
  }

  /** Far ahead, past deadlines: never while an obedient caller still works. */
  private jump(): void {
    const isWorking = [...this.live.values()].some((plan) => plan !== undefined);
    if (this.isObedient && isWorking) return;
    this.nowMs += this.random.between(1_000, 2 * RUN_LIFETIME_MS);
  }

  private advance(byMs: number): void {
    // Obedient callers report within the patience that the sweeper has with them.
    const deadline = Math.min(
      ...[...this.live.values()].map((plan) => plan?.deadlineMs ?? Infinity),
    );
    if (!this.isObedient || this.nowMs + byMs < deadline) this.nowMs += byMs;
  }

  private plan(index: number): RunPlan {
    const { random } = this;
    const steps: StepPlan[] = Array.from({ length: random.between(1, 3) }, (_, number) => {
      const estimate = BigInt(random.below(40));
      const most = this.isObedient ? Number(estimate) : 60;
      const actual = BigInt(random.between(0, most));
      return {
        name: `s${number}`,
        estimate,
        actuals: this.isObedient ? [actual] : [actual, BigInt(random.below(60))],
      };
    });
    return {
      ref: { ...MONTH, level: 'run', run: `r${index}` },
      estimate: BigInt(random.below(60)),
      steps,
      deadlineMs: START_MS + RUN_LIFETIME_MS + random.below(30_000),
      isUnannounced: !this.isObedient && random.chance(20),
    };
  }

  private portsFor(actor: number): LedgerPorts {
    return {
      store: this.network.storeFor(actor),
      rules: this.breakage?.rules ?? LEDGER_RULES,
      nowMs: () => this.nowMs,
      randomSuffix: () => this.random.suffix(),
    };
  }

  private start(work: (ports: LedgerPorts, actor: number) => Promise<void>, plan?: RunPlan): void {
    const actor = this.nextActor;
    this.nextActor += 1;
    this.live.set(actor, plan);
    work(this.portsFor(actor), actor)
      .catch((fault: unknown) => {
        // A sweeper or a caller that gives up for now is no violation.
        if (!(fault instanceof LedgerUnavailableError)) this.violation ??= fault;
      })
      .finally(() => this.live.delete(actor));
  }

  private startCaller(plan: RunPlan): void {
    if (this.isObedient && this.said.has(plan)) return;
    this.start((ports, actor) => orchestrate(ports, actor, plan, this.seen), plan);
  }

  private async sweep(ports: LedgerPorts): Promise<void> {
    const patience = this.breakage?.impatient === true ? { runMs: 0, stepMs: 0 } : PATIENCE;
    await sweepMonth(ports, MONTH, patience, {
      deadlineMsOf: (run) =>
        this.breakage?.impatient === true ? 0 : (run.facts['deadlineMs'] as number),
    });
  }

  private async changeLimit(ports: LedgerPorts): Promise<void> {
    this.version += 1n;
    const facts = { policyVersion: this.version };
    const limit = BigInt(this.random.between(0, 120));
    const mode = this.random.chance(85) ? 'hard' : 'soft';
    await ensureMonth(
      ports,
      MONTH,
      () => ({ mode, limit, facts }),
      (account) => {
        return (account.facts['policyVersion'] as bigint) >= (facts.policyVersion as bigint);
      },
    );
  }

  private crashSomebody(): void {
    const actors = [...this.live.keys()];
    if (actors.length === 0) return;
    const actor = this.random.pick(actors);
    this.network.crash(actor);
    this.live.delete(actor);
    this.crashes += 1;
    const plan = this.plans[this.random.below(this.plans.length)];
    // A new process takes the work up again with the same ids.
    if (plan !== undefined && this.random.chance(50) && this.nowMs < plan.deadlineMs - 20_000) {
      this.startCaller(plan);
    }
  }

  private completeSomething(): void {
    const plan = this.random.pick(this.plans);
    const isWorkedOn = [...this.live.values()].includes(plan);
    if (this.isObedient && isWorkedOn) return;
    this.said.add(plan);
    const ref: RunRef = plan.ref;
    this.start((ports) => complete(ports, ref, 0));
  }

  /** Everything that is under way ends, what was late arrives, and the sweeper goes through. */
  private async comeToRest(): Promise<void> {
    await this.drain(FAIR_WEATHER);
    for (let round = 0; round < 3; round += 1) {
      this.nowMs += 10 * RUN_LIFETIME_MS;
      this.start((ports) => this.sweep(ports));
      await this.drain(FAIR_WEATHER);
      while (this.network.hasLate) this.network.deliverLate();
      this.rethrow();
    }
    this.nowMs += 10 * RUN_LIFETIME_MS;
    this.start((ports) => this.sweep(ports));
    await this.drain(FAIR_WEATHER);
    checkAtRest(this.ledger, tenantMonthOf(MONTH), this.seen.answered);
  }

  private async drain(weather: Weather): Promise<void> {
    for (
      let step = 0;
      step < MAX_STEPS && (this.live.size > 0 || !this.network.isQuiet);
      step += 1
    ) {
      await settled();
      this.network.step(weather);
      await settled();
      this.rethrow();
    }
    if (this.live.size > 0) throw new Violation('somebody never comes to an end');
  }

  private guarded(check: () => void): void {
    try {
      check();
    } catch (fault) {
      this.violation ??= fault;
    }
  }

  private rethrow(): void {
    if (this.violation !== undefined) throw this.violation;
  }
}

/** Until every continuation that a delivered answer woke has run to its next request. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
