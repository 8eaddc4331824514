import {
  FUNCTION_NAMES,
  routeOf,
  type FUNCTIONS,
  type FunctionName,
  type HttpRoute,
} from '../../core/contract/functions';

type WithRoute<F extends FunctionName> = F extends FunctionName
  ? (typeof FUNCTIONS)[F] extends { readonly route: infer R }
    ? R extends { readonly isPublic: true }
      ? never
      : F
    : never
  : never;

/** The functions that answer callers with a token. */
export type GuardedName = WithRoute<FunctionName>;

export const GUARDED = FUNCTION_NAMES.filter((name): name is GuardedName => {
  const route = routeOf(name);
  return route !== undefined && route.isPublic !== true;
});

/** Which tenant's things a call is about. */
export interface Ids {
  readonly tenant: string;
  readonly runId: string;
  readonly stepId: string;
  readonly alertId: string;
}

export interface RouteCall {
  readonly query?: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How a route learns whose things are meant. */
interface RouteCase {
  /** `id`: by an id in its path alone; `tenant`: the tenant is named. */
  readonly by: 'id' | 'tenant';
  /** Ways to call it well, with these ids; the first one is the plainest. */
  readonly calls: (ids: Ids) => readonly [RouteCall, ...RouteCall[]];
}

const COST = { estimatedCostUSD: '0.01' };
const POLICY = { budget: { mode: 'hard-cap', limitUSD: '123' } };
const OCTOBER_2025 = Buffer.from('2025-10-01T00:00:00.000Z#r#s').toString('base64url');

/** Every guarded route: one that is added and not named here is a compile error. */
const CASES: { readonly [F in GuardedName]: RouteCase } = {
  'create-run': {
    by: 'tenant',
    calls: ({ tenant, runId }) => [
      { body: { tenant, runId: `${runId}-new`, pipeline: 'p', ...COST } },
      { body: { tenant, runId, pipeline: 'p', ...COST } },
      { body: { tenant, pipeline: 'p', ...COST, dryRun: true } },
    ],
  },
  'check-step': {
    by: 'id',
    calls: ({ stepId }) => [
      { body: { stepId: 'new', ...COST } },
      { body: { stepId, ...COST } },
      { body: { stepId, ...COST, dryRun: true } },
    ],
  },
  'record-usage': {
    by: 'id',
    calls: () => [
      { body: { costUSD: '0.01' } },
      { body: { tokens: { input: 1, output: 1 }, model: 'gpt-4o-mini' } },
      { body: { tokens: { input: 1, output: 1 }, model: 'no-such-model' } },
    ],
  },
  'complete-run': {
    by: 'id',
    calls: () => [{ body: { status: 'succeeded' } }, { body: { status: 'failed' } }],
  },
  'read-run': { by: 'id', calls: () => [{}] },
  'read-policy': { by: 'tenant', calls: () => [{}] },
  'write-policy': {
    by: 'tenant',
    calls: () => [
      { body: POLICY, headers: { 'if-match': '"v1"' } },
      { body: POLICY, headers: { 'if-none-match': '*' } },
      { body: POLICY },
    ],
  },
  'read-budget': { by: 'tenant', calls: () => [{}, { query: 'month=2026-11' }] },
  'list-usage': {
    by: 'tenant',
    calls: ({ tenant }) => [
      { query: `tenant=${tenant}` },
      { query: `tenant=${tenant}&month=2026-11&cursor=${OCTOBER_2025}` },
    ],
  },
  'list-alerts': {
    by: 'tenant',
    calls: ({ tenant }) => [
      { query: `tenant=${tenant}` },
      { query: `tenant=${tenant}&status=OPEN` },
    ],
  },
  'acknowledge-alert': { by: 'id', calls: () => [{}] },
};

export interface PlacedCall extends RouteCall {
  readonly method: string;
  /** Below the base path, with its query. */
  readonly path: string;
}

/** The calls of a route, with these ids in path, query and body. */
export function callsOf(name: GuardedName, ids: Ids): readonly PlacedCall[] {
  const { method, path } = routeOf(name) as HttpRoute;
  const filled = path.replace(/\{(\w+)\}/g, (_, key: string) => ids[key as keyof Ids]);
  return CASES[name].calls(ids).map((call) => {
    const query = call.query === undefined ? '' : `?${call.query}`;
    return { ...call, method, path: `${filled}${query}` };
  });
}

export function namesBy(by: RouteCase['by']): readonly GuardedName[] {
  return GUARDED.filter((name) => CASES[name].by === by);
}
