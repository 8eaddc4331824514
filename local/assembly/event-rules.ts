import { StartFault } from '../start-fault';
import type { EventPattern } from '../events/pattern';
import type { InputTransformer } from '../events/transformer';
import { resourcesOf } from './resources';
import type { Resolver } from './resolver';
import type { Json, JsonObject, Stack } from './template';

/** Where a rule takes events. Only PagerDuty's can be played: it goes to the alert webhook. */
export type RuleTargetKind = 'pagerduty' | 'email' | 'webhook' | 'other';

export interface RuleTarget {
  readonly kind: RuleTargetKind;
  readonly transformer: InputTransformer | undefined;
}

export interface EventRule {
  readonly name: string;
  readonly bus: string;
  readonly pattern: EventPattern;
  readonly targets: readonly RuleTarget[];
}

/** The app's enabled rules on a bus of its own. */
export function readEventRules(resolver: Resolver): EventRule[] {
  return resourcesOf(resolver, 'AWS::Events::Rule')
    .filter(({ resource }) => resource.Properties?.['State'] !== 'DISABLED')
    .map(({ stack, logicalId, resource }) => {
      const raw = resource.Properties ?? {};
      return {
        name: resolver.physicalName(stack, logicalId),
        bus: resolver.text(raw['EventBusName'], stack),
        pattern: resolver.resolve(raw['EventPattern'], stack) as EventPattern,
        targets: ((raw['Targets'] ?? []) as JsonObject[]).map((target) =>
          readTarget(resolver, stack, target),
        ),
      };
    });
}

function readTarget(resolver: Resolver, stack: Stack, target: JsonObject): RuleTarget {
  const transformer = target['InputTransformer'] as JsonObject | undefined;
  return {
    kind: kindOf(stack, target['Arn']),
    transformer:
      transformer === undefined
        ? undefined
        : {
            paths: resolver.resolve(
              transformer['InputPathsMap'] ?? {},
              stack,
            ) as InputTransformer['paths'],
            template: resolver.text(transformer['InputTemplate'], stack),
          },
  };
}

function kindOf(stack: Stack, arn: Json | undefined): RuleTargetKind {
  const reference = (arn ?? {}) as JsonObject;
  const attribute = reference['Fn::GetAtt'] as readonly string[] | undefined;
  const logicalId = String(reference['Ref'] ?? attribute?.[0] ?? '');
  const resource = stack.resources[logicalId];
  if (resource === undefined) {
    throw new StartFault(`The local cloud does not find the target ${logicalId} of a rule.`);
  }
  if (resource.Type === 'AWS::SNS::Topic') return 'email';
  if (resource.Type !== 'AWS::Events::ApiDestination') return 'other';
  const name = String(resource.Properties?.['Name'] ?? '');
  return name.endsWith('-pagerduty') ? 'pagerduty' : 'webhook';
}
