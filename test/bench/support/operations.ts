/** What is measured, in the order of a run's life. */
export const OPERATIONS = [
  'run check',
  'step check',
  'usage',
  'completion',
  'denied run check',
] as const;

export type Operation = (typeof OPERATIONS)[number];

/** One value for each operation. */
export function byOperation<T>(make: (operation: Operation) => T): Record<Operation, T> {
  const entries = OPERATIONS.map((operation) => [operation, make(operation)] as const);
  return Object.fromEntries(entries) as Record<Operation, T>;
}

export const POLICY = { budget: { mode: 'hard-cap', limitUSD: '1000000' } } as const;
const MODEL = 'gpt-4o-mini';

/** The bodies of the calls: a small run with priced steps, as an orchestrator would send them. */
export const BODIES = {
  run: (tenant: string, runId: string) => ({
    tenant,
    runId,
    pipeline: 'search/answer-questions',
    estimate: [
      { model: MODEL, provider: 'openai', inputTokens: 2_000, outputTokens: 500, count: 4 },
    ],
    tags: { team: 'search' },
  }),
  tooLargeRun: (tenant: string, runId: string) => ({
    tenant,
    runId,
    pipeline: 'search/answer-questions',
    estimatedCostUSD: '2000000',
    tags: { team: 'search' },
  }),
  /** For runs that have room for any number of steps. */
  roomyRun: (tenant: string, runId: string) => ({
    tenant,
    runId,
    pipeline: 'search/answer-questions',
    estimatedCostUSD: '1000',
    tags: { team: 'search' },
  }),
  step: (stepId: string) => ({
    stepId,
    model: MODEL,
    provider: 'openai',
    estimatedTokens: { input: 2_000, output: 500 },
  }),
  usage: { tokens: { input: 1_834, output: 412 } },
  completion: { status: 'succeeded' },
} as const;
