import type { Scope } from '../core/contract/functions';
import {
  ALERT_ROUTE_CHECKS,
  emailAddress,
  missingRunbooks,
  withRouteDefaults,
  type AlertSettings,
} from './alert-settings';
import { SCOPE_NAMES } from './scopes';
import { isRecord, matching, oneOf, wholeNumber, type Check } from './setting-checks';

export type LogLevel = 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';

/** An OpenID Connect issuer that takes the place of the Cognito user pool. */
export interface OidcIssuer {
  /** HTTPS address whose `/.well-known/openid-configuration` API Gateway reads. */
  readonly issuer: string;
  /** Accepted values of the token's `aud` claim; at least one. */
  readonly audience: readonly string[];
}

/** A Cognito client that gets its tokens with the client-credentials grant. */
export interface MachineClient {
  /** Lower-case letters, digits and hyphens; part of the client's name and of an output. */
  readonly name: string;
  readonly scopes: readonly Scope[];
}

/** Everything in which one stage may differ from another. */
export interface StageSettings extends AlertSettings {
  /** Part of every name: lower-case letters, digits, hyphens, 1 to 16 characters. Default `dev`. */
  readonly stage: string;
  /** Own issuer of tokens. Default: none, the stack makes a Cognito user pool. */
  readonly oidc?: OidcIssuer;
  /**
   * Clients made in the Cognito user pool; not used with `oidc`. Default: `orchestrator` (run, read)
   * and `operator` (read, policy, export, override, approve).
   */
  readonly machineClients: readonly MachineClient[];
  /** Name of the JWT claim that carries the tenant; may be a URL. Default `tenant`. */
  readonly tenantClaim: string;
  /** Address of the console, without a slash at the end; refusals link to it. */
  readonly consoleUrl: string;
  /**
   * The policy of tenants that have none, in the shape of the policy's PUT body. Default: none,
   * such tenants are refused with POLICY_NOT_FOUND.
   */
  readonly defaultPolicy?: Readonly<Record<string, unknown>>;
  /** How long a function may use a policy without reading it again. Default 5, 0 to 300. */
  readonly policyCacheSeconds: number;
  /** Who is written to when an alarm fires. Default: nobody, the alarm topic has no subscriber. */
  readonly alarmEmail?: string;
  /** Days that logs are kept; one of CloudWatch's steps. Default 90, `dev` 14. */
  readonly logRetentionDays: number;
  /** Least severe level that is logged. Default `INFO`. */
  readonly logLevel: LogLevel;
  /** Minutes between two sweeps. Default 1, 1 to 60. */
  readonly sweepRateMinutes: number;
  /** Sweep functions that run at the same time. Default 5, 2 to 100 (SQS allows no fewer than 2). */
  readonly sweepConcurrency: number;
  /** Requests per second over the whole API before API Gateway answers 429. Default 1000, `dev` 200. */
  readonly throttleRate: number;
  /** Requests that may come at once above that rate. Default 2000, `dev` 400. */
  readonly throttleBurst: number;
  /**
   * Concurrent executions set aside for each of create-run, check-step and record-usage, which is
   * also their ceiling. Default: none, they share the account's pool.
   */
  readonly admissionConcurrency?: number;
}

const MACHINE_CLIENTS: readonly MachineClient[] = [
  { name: 'orchestrator', scopes: ['maestro/run', 'maestro/read'] },
  {
    name: 'operator',
    scopes: [
      'maestro/read',
      'maestro/policy',
      'maestro/export',
      'maestro/override',
      'maestro/approve',
    ],
  },
];

function defaultsOf(stage: string): StageSettings {
  const isDev = stage === 'dev';
  return {
    stage,
    machineClients: MACHINE_CLIENTS,
    tenantClaim: 'tenant',
    consoleUrl: 'https://console.example.com',
    policyCacheSeconds: 5,
    alertArchiveDays: isDev ? 14 : 90,
    logRetentionDays: isDev ? 14 : 90,
    logLevel: 'INFO',
    sweepRateMinutes: 1,
    sweepConcurrency: 5,
    throttleRate: isDev ? 200 : 1000,
    throttleBurst: isDev ? 400 : 2000,
  };
}

/** The settings of a stage cannot be used; the message lists every reason. */
export class InvalidStageSettings extends Error {
  constructor(stage: string, problems: readonly string[]) {
    super(
      `Settings of stage '${stage}' cannot be used:\n${problems.map((p) => `  - ${p}`).join('\n')}`,
    );
    this.name = 'InvalidStageSettings';
  }
}

const webAddress = matching(
  /^https?:\/\/[^\s?#"<>\\]*[^\s?#"<>\\/]$/,
  'an http(s) address without a slash at the end',
);

const CHECKS: { readonly [Field in keyof Required<Omit<StageSettings, 'stage'>>]: Check } = {
  oidc: oidcProblem,
  machineClients: machineClientsProblem,
  tenantClaim: matching(/^[A-Za-z][\w:./-]{0,127}$/, 'the name of a claim'),
  consoleUrl: webAddress,
  ...ALERT_ROUTE_CHECKS,
  runbookBaseUrl: webAddress,
  defaultPolicy: defaultPolicyProblem,
  policyCacheSeconds: wholeNumber(0, 300),
  alarmEmail: emailAddress,
  alertArchiveDays: wholeNumber(1, 3650),
  logRetentionDays: oneOf([
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1827, 3653,
  ]),
  logLevel: oneOf(['DEBUG', 'INFO', 'WARN', 'ERROR']),
  sweepRateMinutes: wholeNumber(1, 60),
  sweepConcurrency: wholeNumber(2, 100),
  throttleRate: wholeNumber(1, 100_000),
  throttleBurst: wholeNumber(1, 100_000),
  admissionConcurrency: wholeNumber(1, 10_000),
};

/**
 * Reads the stage named by the context value `stage` and what the context value `stages` sets for
 * it, over the defaults above.
 *
 * @param context looks a context value up, for example `app.node.tryGetContext`
 * @throws InvalidStageSettings naming every unknown field and unusable value
 */
export function readStageSettings(context: (key: string) => unknown): StageSettings {
  const stage = context('stage') ?? 'dev';
  if (typeof stage !== 'string' || !/^[a-z][a-z0-9-]{0,15}$/.test(stage)) {
    throw new InvalidStageSettings(String(stage), [
      'stage must be 1 to 16 lower-case letters, digits and hyphens, starting with a letter',
    ]);
  }
  const stages = context('stages') ?? {};
  const chosen = isRecord(stages) ? (stages[stage] ?? {}) : stages;
  if (!isRecord(chosen)) {
    throw new InvalidStageSettings(stage, ['context value stages must map a stage to an object']);
  }
  const problems = Object.entries(chosen).flatMap(([field, value]) => {
    if (!isSettable(field)) return [`${field} is not a setting`];
    const problem = CHECKS[field](value);
    return problem === undefined ? [] : [`${field} must be ${problem}`];
  });
  problems.push(...missingRunbooks(chosen));
  if (problems.length > 0) throw new InvalidStageSettings(stage, problems);
  return { ...defaultsOf(stage), ...withRouteDefaults(chosen) };
}

function isSettable(field: string): field is keyof typeof CHECKS {
  return Object.hasOwn(CHECKS, field);
}

function oidcProblem(value: unknown): string | undefined {
  const isUsable =
    isRecord(value) &&
    typeof value['issuer'] === 'string' &&
    /^https:\/\/\S+$/.test(value['issuer']) &&
    Array.isArray(value['audience']) &&
    value['audience'].length > 0 &&
    value['audience'].every((one) => typeof one === 'string' && one !== '');
  return isUsable ? undefined : '{ issuer: an https address, audience: [at least one string] }';
}

function machineClientsProblem(value: unknown): string | undefined {
  const clients: readonly unknown[] = Array.isArray(value) ? value : [];
  const names = clients.map((client) => (isRecord(client) ? client['name'] : undefined));
  const isUsable =
    clients.length > 0 &&
    new Set(names).size === clients.length &&
    clients.every(
      (client) =>
        isRecord(client) &&
        typeof client['name'] === 'string' &&
        /^[a-z][a-z0-9-]{0,31}$/.test(client['name']) &&
        Array.isArray(client['scopes']) &&
        client['scopes'].length > 0 &&
        client['scopes'].every((scope) => SCOPE_NAMES.includes(scope)),
    );
  return isUsable
    ? undefined
    : `a list of { name: lower-case letters, digits, hyphens, each once; scopes: some of ${SCOPE_NAMES.join(', ')} }`;
}

/** Only the outline is looked at here; the functions check the whole policy when they start. */
function defaultPolicyProblem(value: unknown): string | undefined {
  const isUsable = isRecord(value) && isRecord(value['budget']);
  return isUsable ? undefined : 'a policy: { budget: { mode, limitUSD, ... }, quotas?, rates? }';
}
