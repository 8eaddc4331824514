import * as v from 'valibot';
import type { EnvironmentByFunction } from '../core/contract/environment';
import type { FunctionName } from '../core/contract/functions';
import type { PolicyTerms } from '../core/policy/policy';
import { readJson } from './http/json-text';
import { fieldError } from './http/request-input';
import { LOG_LEVELS, type LogLevel } from './observability/logger';
import { policyBodySchema, policyTermsFromBody } from './schemas/policy';

type Variable = {
  [F in FunctionName]: keyof EnvironmentByFunction[F];
}[FunctionName];

type Reader<T> = (text: string) => { readonly value: T } | { readonly problem: string };

/** How each variable is read. */
const READERS = {
  STAGE: matching(/^[a-z][a-z0-9-]{0,31}$/, 'must be a stage name such as prod'),
  POWERTOOLS_LOG_LEVEL: readLogLevel,
  TENANT_CLAIM: matching(/^\S{1,256}$/, 'must be the name of a JWT claim'),
  CONSOLE_URL: matching(/^https?:\/\/\S*[^\s/]$/, 'must be a URL without a slash at the end'),
  LEDGER_TABLE: matching(/^[A-Za-z0-9._-]{3,255}$/, 'must be the name of a table'),
  CONTROL_TABLE: matching(/^[A-Za-z0-9._-]{3,255}$/, 'must be the name of a table'),
  ALERT_BUS: matching(/^[A-Za-z0-9._/-]{1,256}$/, 'must be the name of an event bus'),
  SWEEP_QUEUE_URL: matching(/^https?:\/\/\S+$/, 'must be the URL of a queue'),
  DEFAULT_POLICY: readDefaultPolicy,
  POLICY_CACHE_SECONDS: readSeconds,
} satisfies { readonly [V in Variable]: Reader<unknown> };

type Value<V extends Variable> = Extract<
  ReturnType<(typeof READERS)[V]>,
  { value: unknown }
>['value'];

/** The environment of a function, each variable checked and in the form that code wants. */
export type Environment<F extends FunctionName> = {
  readonly [V in keyof EnvironmentByFunction[F] & Variable]: Value<V>;
};

const BASE = { STAGE: true, POWERTOOLS_LOG_LEVEL: true } as const;
const API = { ...BASE, TENANT_CLAIM: true, CONSOLE_URL: true } as const;
const LEDGER = { LEDGER_TABLE: true, CONTROL_TABLE: true } as const;
const ALERTS = { ALERT_BUS: true } as const;
const ADMISSION = { ...API, ...LEDGER, DEFAULT_POLICY: true, POLICY_CACHE_SECONDS: true } as const;

/** The contract is types alone, so its names stand here once more; the compiler compares them. */
const VARIABLES: { readonly [F in FunctionName]: { [V in keyof EnvironmentByFunction[F]]: true } } =
  {
    'create-run': { ...ADMISSION, ...ALERTS },
    'check-step': { ...ADMISSION, ...ALERTS },
    'record-usage': { ...ADMISSION, ...ALERTS },
    'complete-run': { ...ADMISSION, ...ALERTS },
    'read-run': { ...API, ...LEDGER },
    'read-policy': { ...API, ...LEDGER },
    'write-policy': ADMISSION,
    'read-budget': ADMISSION,
    'list-usage': { ...API, ...LEDGER },
    healthz: { ...BASE, ...LEDGER },
    openapi: BASE,
    'not-found': BASE,
    'sweep-plan': { ...BASE, ...LEDGER, SWEEP_QUEUE_URL: true },
    'sweep-account': { ...BASE, ...LEDGER, ...ALERTS, DEFAULT_POLICY: true },
    'list-alerts': { ...API, CONTROL_TABLE: true },
    'acknowledge-alert': { ...API, CONTROL_TABLE: true },
    'send-alerts': { ...BASE, ...ALERTS, CONTROL_TABLE: true },
    'token-claims': { ...BASE, TENANT_CLAIM: true, CONTROL_TABLE: true },
  };

/**
 * Reads what a function was given, usually from `process.env`, once at start.
 *
 * @throws Error that names every variable that is missing or wrong, and why.
 */
export function readEnvironment<F extends FunctionName>(
  name: F,
  source: Readonly<Record<string, string | undefined>>,
): Environment<F> {
  const problems: string[] = [];
  const values: Partial<Record<Variable, unknown>> = {};
  for (const variable of Object.keys(VARIABLES[name]) as Variable[]) {
    const text = source[variable];
    const result = text === undefined ? { problem: 'is missing' } : READERS[variable](text);
    if ('problem' in result) problems.push(`${variable} ${result.problem}`);
    else values[variable] = result.value;
  }
  if (problems.length > 0) {
    throw new Error(`the environment of ${name} is not valid: ${problems.join('; ')}`);
  }
  return values as Environment<F>;
}

function matching(pattern: RegExp, problem: string): Reader<string> {
  return (text) => (pattern.test(text) ? { value: text } : { problem });
}

function readLogLevel(text: string): ReturnType<Reader<LogLevel>> {
  const value = LOG_LEVELS.find((level) => level === text);
  return value === undefined ? { problem: `must be one of ${LOG_LEVELS.join(', ')}` } : { value };
}

const MAX_CACHE_SECONDS = 3_600;

function readSeconds(text: string): ReturnType<Reader<number>> {
  const value = /^[0-9]{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (value <= MAX_CACHE_SECONDS) return { value };
  return { problem: `must be whole seconds from 0 to ${MAX_CACHE_SECONDS}` };
}

/** An empty text: there is no default policy, tenants without one are refused. */
function readDefaultPolicy(text: string): ReturnType<Reader<PolicyTerms | undefined>> {
  if (text === '') return { value: undefined };
  const reading = readJson(text);
  if (reading.kind === 'refused') return { problem: reading.error.message };
  const result = v.safeParse(policyBodySchema, reading.value);
  if (result.success) return { value: policyTermsFromBody(result.output) };
  const { path, message } = fieldError(result.issues[0], '');
  return { problem: `is not a policy: ${path} ${message}` };
}
