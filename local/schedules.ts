import type { ScheduleDefinition } from './assembly/schedules';
import type { FunctionHost } from './functions/function-host';
import type { Outcome } from './functions/outcome';
import type { LocalQueue } from './queues/local-queue';

/** What came of a run and of all messages that it led to. */
export interface RunReport {
  readonly outcome: Outcome;
  /** Messages that were handled. */
  readonly handled: number;
  /** Messages that were given up. */
  readonly failed: readonly { readonly message: string; readonly reason: string }[];
}

export interface Schedules {
  /**
   * Runs at once what the schedule whose name or target holds `word` runs, and waits until the
   * queues are empty again. Undefined where there is no such schedule.
   */
  runNow(word: string): Promise<RunReport> | undefined;
  stop(): void;
}

/**
 * Starts the app's schedules. Runs never overlap: a run asked for by hand reports its own messages
 * and nobody else's.
 *
 * @param isTicking false: only `runNow` runs anything
 */
export function startSchedules(
  definitions: readonly ScheduleDefinition[],
  hosts: readonly FunctionHost[],
  queues: readonly LocalQueue[],
  isTicking: boolean,
): Schedules {
  let last: Promise<unknown> = Promise.resolve();
  const targetOf = (schedule: ScheduleDefinition) =>
    hosts.find(({ definition }) => definition.arn === schedule.targetArn);

  async function run(schedule: ScheduleDefinition, target: FunctionHost): Promise<RunReport> {
    let handled = 0;
    const failed: { message: string; reason: string }[] = [];
    const stopListening = queues.map((queue) =>
      queue.onDeparture((departure) => {
        if (departure.kind === 'handled') handled += 1;
        else failed.push({ message: departure.message.body, reason: departure.reason });
      }),
    );
    const outcome = await target.invoke(JSON.parse(schedule.input) as unknown);
    await Promise.all(queues.map((queue) => queue.whenIdle()));
    for (const stop of stopListening) stop();
    return { outcome, handled, failed };
  }

  function inTurn(schedule: ScheduleDefinition, target: FunctionHost): Promise<RunReport> {
    const turn = last.then(() => run(schedule, target));
    last = turn.catch(() => undefined);
    return turn;
  }

  const timers = definitions.flatMap((schedule) => {
    const target = targetOf(schedule);
    if (target === undefined || !isTicking) return [];
    return [setInterval(() => void inTurn(schedule, target), schedule.intervalMs).unref()];
  });

  return {
    runNow(word) {
      for (const schedule of definitions) {
        const target = targetOf(schedule);
        const isMeant =
          schedule.name.includes(word) || target?.definition.name.includes(word) === true;
        if (target !== undefined && isMeant) return inTurn(schedule, target);
      }
      return undefined;
    },
    stop() {
      for (const timer of timers) clearInterval(timer);
    },
  };
}
