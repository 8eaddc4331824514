import { alertPath, alertsQuery } from './alerts';
import { monthQuery, tenantPath, usageQuery } from './billing';
import { policyBodySchema } from './policy';
import {
  checkStepBody,
  completeRunBody,
  createRunBody,
  recordUsageBody,
  runPath,
  stepPath,
  tenantQuery,
} from './runs';

/**
 * What each route takes, for handlers and for the test of `docs/openapi.yaml`. A handler imports
 * its own schemas singly where it wants a small bundle.
 */
export const SCHEMAS = {
  'create-run': { body: createRunBody },
  'check-step': { path: runPath, query: tenantQuery, body: checkStepBody },
  'record-usage': { path: stepPath, query: tenantQuery, body: recordUsageBody },
  'complete-run': { path: runPath, query: tenantQuery, body: completeRunBody },
  'read-run': { path: runPath, query: tenantQuery },
  'read-policy': { path: tenantPath },
  'write-policy': { path: tenantPath, body: policyBodySchema },
  'read-budget': { path: tenantPath, query: monthQuery },
  'list-usage': { query: usageQuery },
  'list-alerts': { query: alertsQuery },
  'acknowledge-alert': { path: alertPath },
} as const;
