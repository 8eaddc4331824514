import type { Policy } from '../policy/policy';
import { monthOf } from '../guard/calendar';
import { RUNBOOKS, type Actor } from './budget-alerts';
import type { AlertPorts } from './ports';
import { raiseAlert } from './raise-alert';

export type QuotaDenialKind = 'requests-exceeded' | 'tokens-exceeded' | 'model-not-allowed';

const TYPES = {
  'requests-exceeded': 'RPM_QUOTA_EXCEEDED',
  'tokens-exceeded': 'TOKENS_PER_DAY_EXCEEDED',
  'model-not-allowed': 'MODEL_NOT_ALLOWED',
} as const;

/**
 * A quota refused a request. The same condition counts up for an hour (requests) or a UTC day
 * (tokens, models); a changed policy arms it again.
 */
export async function raiseQuotaDenial(
  ports: AlertPorts,
  policy: Policy,
  kind: QuotaDenialKind,
  actor: Actor & { readonly model?: string | undefined },
): Promise<void> {
  const nowMs = ports.nowMs();
  const type = TYPES[kind];
  const { model, ...who } = actor;
  const at = new Date(nowMs).toISOString();
  const window = kind === 'requests-exceeded' ? at.slice(0, 13) : at.slice(0, 10);
  await raiseAlert(ports, {
    ...who,
    type,
    severity: 'warning',
    tenant: policy.tenant,
    month: monthOf(nowMs),
    // Not by model: callers choose its name, and each name would be a page of its own.
    condition: `policy ${policy.version}, ${window}`,
    summary: sentence(policy, kind, model),
    runbook: `${RUNBOOKS}/${type.toLowerCase().replaceAll('_', '-')}`,
  });
}

function sentence({ tenant, quotas }: Policy, kind: QuotaDenialKind, model?: string): string {
  switch (kind) {
    case 'requests-exceeded':
      return `${tenant} was refused a request: its quota is ${quotas.requestsPerMinute} a minute.`;
    case 'tokens-exceeded':
      return `${tenant} was refused a step: its quota is ${quotas.tokensPerDay} tokens a day.`;
    case 'model-not-allowed':
      return `${tenant} was refused ${model === undefined ? 'a step that names no model' : `the model ${model}`}: its policy does not allow it.`;
  }
}
