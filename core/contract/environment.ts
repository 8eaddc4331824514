/**
 * The variables that a function reads. The CDK constructs are typed by these interfaces, so a
 * variable that a function needs and a stack forgets is a compile error; `lambdas/env.ts` checks
 * the values again when a function starts.
 */
export interface BaseEnvironment {
  /** Name of the stage, for example `prod`; goes into every log line. */
  readonly STAGE: string;
  readonly POWERTOOLS_LOG_LEVEL: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
}

export interface ApiEnvironment extends BaseEnvironment {
  /** Name of the JWT claim that carries the tenant, or `*` for a service that acts for all. */
  readonly TENANT_CLAIM: string;
  /** Where the console is served; refusals carry links to it. No slash at the end. */
  readonly CONSOLE_URL: string;
}

export interface LedgerEnvironment {
  /** Table of accounts and usage records. */
  readonly LEDGER_TABLE: string;
  /** Table of policies and of the directory of tenants. */
  readonly CONTROL_TABLE: string;
}

export interface AlertEnvironment {
  /** Name of the event bus that alerts are sent to. */
  readonly ALERT_BUS: string;
}

export interface AdmissionEnvironment extends ApiEnvironment, LedgerEnvironment {
  /**
   * JSON of the policy for tenants that have none, in the shape of the PUT body; empty string: such
   * tenants are refused with POLICY_NOT_FOUND.
   */
  readonly DEFAULT_POLICY: string;
  /** How long a function instance may use a policy's rates and quotas without looking again. */
  readonly POLICY_CACHE_SECONDS: string;
}

export interface SweepPlanEnvironment extends BaseEnvironment, LedgerEnvironment {
  readonly SWEEP_QUEUE_URL: string;
}

export interface SweepAccountEnvironment
  extends BaseEnvironment, LedgerEnvironment, AlertEnvironment {
  readonly DEFAULT_POLICY: string;
}

export interface TokenClaimsEnvironment extends BaseEnvironment {
  readonly TENANT_CLAIM: string;
  /** Holds which tenant each machine client acts for. */
  readonly CONTROL_TABLE: string;
}

export interface AlertListEnvironment extends ApiEnvironment {
  readonly CONTROL_TABLE: string;
}

export interface SendAlertsEnvironment extends BaseEnvironment, AlertEnvironment {
  readonly CONTROL_TABLE: string;
}

/** What each function is given. */
export interface EnvironmentByFunction {
  readonly 'create-run': AdmissionEnvironment & AlertEnvironment;
  readonly 'check-step': AdmissionEnvironment & AlertEnvironment;
  readonly 'record-usage': AdmissionEnvironment & AlertEnvironment;
  readonly 'complete-run': AdmissionEnvironment & AlertEnvironment;
  readonly 'read-run': ApiEnvironment & LedgerEnvironment;
  readonly 'read-policy': ApiEnvironment & LedgerEnvironment;
  readonly 'write-policy': AdmissionEnvironment;
  readonly 'read-budget': AdmissionEnvironment;
  readonly 'list-usage': ApiEnvironment & LedgerEnvironment;
  readonly healthz: BaseEnvironment & LedgerEnvironment;
  readonly openapi: BaseEnvironment;
  readonly 'not-found': BaseEnvironment;
  readonly 'sweep-plan': SweepPlanEnvironment;
  readonly 'sweep-account': SweepAccountEnvironment;
  readonly 'list-alerts': AlertListEnvironment;
  readonly 'acknowledge-alert': AlertListEnvironment;
  readonly 'send-alerts': SendAlertsEnvironment;
  readonly 'token-claims': TokenClaimsEnvironment;
}
