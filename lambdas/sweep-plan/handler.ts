import type { MonthDirectory } from '../../core/guard/ports';
import type { Logger } from '../observability/logger';

export interface SweepMessage {
  readonly tenant: string;
  readonly month: string;
}

export interface SweepPlanDeps {
  readonly directory: Pick<MonthDirectory, 'list'>;
  /** Puts messages on the queue; fails unless all of them are there. */
  readonly send: (messages: readonly SweepMessage[]) => Promise<void>;
  readonly logger: Logger;
}

/** On a schedule: one message for each month that has an account. */
export function createSweepPlanHandler(deps: SweepPlanDeps): () => Promise<{ planned: number }> {
  return async () => {
    const months = await deps.directory.list();
    await deps.send(months);
    deps.logger.info('sweep planned', { months: months.length });
    return { planned: months.length };
  };
}
