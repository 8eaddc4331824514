import type { FunctionName } from '../core/contract/functions';
import type { PlainVariablesOf } from './constructs/billing-function';
import type { StageSettings } from './stage-settings';

type PlainVariables = { readonly [Name in FunctionName]: PlainVariablesOf<Name> };

/** The variables of every function that come from the stage's settings. */
export function variablesOf(settings: StageSettings): PlainVariables {
  const base = { STAGE: settings.stage, POWERTOOLS_LOG_LEVEL: settings.logLevel };
  const api = { ...base, TENANT_CLAIM: settings.tenantClaim, CONSOLE_URL: settings.consoleUrl };
  const defaultPolicy = {
    DEFAULT_POLICY:
      settings.defaultPolicy === undefined ? '' : JSON.stringify(settings.defaultPolicy),
  };
  const admission = {
    ...api,
    ...defaultPolicy,
    POLICY_CACHE_SECONDS: String(settings.policyCacheSeconds),
  };
  return {
    'create-run': admission,
    'check-step': admission,
    'record-usage': admission,
    'complete-run': admission,
    'read-run': api,
    'read-policy': api,
    'write-policy': admission,
    'read-budget': admission,
    'list-usage': api,
    'list-alerts': api,
    'acknowledge-alert': api,
    healthz: base,
    openapi: base,
    'not-found': base,
    'sweep-plan': base,
    'sweep-account': { ...base, ...defaultPolicy },
    'send-alerts': base,
    'token-claims': { ...base, TENANT_CLAIM: settings.tenantClaim },
  };
}
