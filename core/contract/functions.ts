/**
 * The functions of the product and the HTTP routes that lead to them. The CDK app makes routes,
 * roles and alarms from this list, the handlers take their scopes from it, and the OpenAPI test
 * compares it with `docs/openapi.yaml`.
 */
export const BASE_PATH = '/api/maestro/v1';

export type HttpMethod = 'GET' | 'PUT' | 'POST';

/** OAuth 2.0 scopes. `maestro/…` is Cognito's spelling: resource server, slash, scope. */
export type Scope =
  | 'maestro/run'
  | 'maestro/read'
  | 'maestro/policy'
  | 'maestro/export'
  | 'maestro/override'
  | 'maestro/approve';

export interface HttpRoute {
  readonly method: HttpMethod;
  /** Relative to BASE_PATH, parameters in braces, as API Gateway and OpenAPI write them. */
  readonly path: string;
  /** The caller needs any one of these; an empty list means that any valid token will do. */
  readonly scopes: readonly Scope[];
  /** Public routes are reached without a token. */
  readonly isPublic?: true;
}

export interface FunctionContract {
  readonly purpose: string;
  readonly route?: HttpRoute;
}

export const FUNCTIONS = {
  'create-run': {
    purpose: 'Run check: may this tenant start a run of this size?',
    route: { method: 'POST', path: '/runs', scopes: ['maestro/run'] },
  },
  'check-step': {
    purpose: 'Step check: may this run dispatch this step?',
    route: { method: 'POST', path: '/runs/{runId}/steps', scopes: ['maestro/run'] },
  },
  'record-usage': {
    purpose: 'Usage: what the step really cost.',
    route: { method: 'POST', path: '/runs/{runId}/steps/{stepId}/usage', scopes: ['maestro/run'] },
  },
  'complete-run': {
    purpose: 'Completion: close the run and give back what it did not spend.',
    route: { method: 'POST', path: '/runs/{runId}/complete', scopes: ['maestro/run'] },
  },
  'read-run': {
    purpose: 'A run with its steps and their usage.',
    route: { method: 'GET', path: '/runs/{runId}', scopes: ['maestro/run', 'maestro/read'] },
  },
  'read-policy': {
    purpose: "A tenant's policy.",
    route: {
      method: 'GET',
      path: '/billing/policies/{tenant}',
      scopes: ['maestro/read', 'maestro/policy'],
    },
  },
  'write-policy': {
    purpose: "Set a tenant's policy and bring this month's account in line with it.",
    route: { method: 'PUT', path: '/billing/policies/{tenant}', scopes: ['maestro/policy'] },
  },
  'read-budget': {
    purpose: "A month's budget figures.",
    route: { method: 'GET', path: '/billing/budgets/{tenant}', scopes: ['maestro/read'] },
  },
  'list-usage': {
    purpose: "A month's usage records, in pages.",
    route: { method: 'GET', path: '/billing/usage', scopes: ['maestro/read'] },
  },
  'list-alerts': {
    purpose: "A tenant's alerts, newest first, in pages.",
    route: { method: 'GET', path: '/alerts', scopes: ['maestro/read'] },
  },
  'acknowledge-alert': {
    purpose: 'Say that somebody is looking after an alert.',
    route: {
      method: 'POST',
      path: '/alerts/{alertId}/ack',
      scopes: ['maestro/read', 'maestro/policy', 'maestro/approve'],
    },
  },
  healthz: {
    purpose: 'Alive, and can the ledger be reached.',
    route: { method: 'GET', path: '/healthz', scopes: [], isPublic: true },
  },
  openapi: {
    purpose: 'The OpenAPI description.',
    route: { method: 'GET', path: '/openapi.json', scopes: [], isPublic: true },
  },
  'not-found': { purpose: 'Answers every path that is not a route with a problem document.' },
  'sweep-plan': { purpose: 'On a schedule: one queue message for each account to sweep.' },
  'send-alerts': { purpose: 'On a schedule: send the alerts that a crash kept from being sent.' },
  'sweep-account': { purpose: 'From the queue: put one tenant-month in order.' },
  'token-claims': {
    purpose: 'Called by Cognito before it signs a token: adds the tenant of a machine client.',
  },
} as const satisfies Record<string, FunctionContract>;

export type FunctionName = keyof typeof FUNCTIONS;

export const FUNCTION_NAMES = Object.keys(FUNCTIONS) as FunctionName[];

/** The route of a function as a plain HttpRoute, or undefined where no HTTP route leads to it. */
export function routeOf(name: FunctionName): HttpRoute | undefined {
  const contract: FunctionContract = FUNCTIONS[name];
  return contract.route;
}
