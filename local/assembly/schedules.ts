import { StartFault } from '../start-fault';
import { resourcesOf } from './resources';
import type { Resolver } from './resolver';
import type { JsonObject } from './template';

export interface ScheduleDefinition {
  readonly name: string;
  readonly intervalMs: number;
  readonly targetArn: string;
  /** What the target is given; JSON text. */
  readonly input: string;
}

const UNIT_MS: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

function intervalOf(expression: string, name: string): number {
  const match = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression);
  const unitMs = UNIT_MS[match?.[2] ?? ''];
  if (match === null || unitMs === undefined) {
    throw new StartFault(`The local cloud cannot run schedule ${name} at ${expression}.`);
  }
  return Number(match[1]) * unitMs;
}

/**
 * The app's enabled schedules.
 * @throws StartFault at an expression that is not a rate.
 */
export function readSchedules(resolver: Resolver): ScheduleDefinition[] {
  return resourcesOf(resolver, 'AWS::Scheduler::Schedule')
    .filter(({ resource }) => resource.Properties?.['State'] !== 'DISABLED')
    .map(({ stack, logicalId, resource }) => {
      const name = resolver.physicalName(stack, logicalId);
      const raw = resource.Properties ?? {};
      const target = (raw['Target'] ?? {}) as JsonObject;
      return {
        name,
        intervalMs: intervalOf(resolver.text(raw['ScheduleExpression'], stack), name),
        targetArn: resolver.text(target['Arn'], stack),
        input: target['Input'] === undefined ? '{}' : resolver.text(target['Input'], stack),
      };
    });
}
