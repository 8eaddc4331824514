import type { Json } from '../assembly/template';
import { StartFault } from '../start-fault';

/** An event pattern of EventBridge: at each leaf a list of which one must match. */
export type EventPattern = { readonly [field: string]: EventPattern | readonly Json[] };

type Operator = { readonly [name: string]: Json };

/**
 * Does an event match a pattern? As EventBridge has it for the operators that are known here; a
 * pattern with another one is refused rather than taken for a match.
 * @throws StartFault at an operator that is not known
 */
export function matchesPattern(pattern: EventPattern, event: Json | undefined): boolean {
  return Object.entries(pattern).every(([field, expected]) => {
    const value = isObject(event) ? event[field] : undefined;
    if (Array.isArray(expected)) return expected.some((item: Json) => matchesLeaf(item, value));
    return isObject(value) && matchesPattern(expected as EventPattern, value);
  });
}

function matchesLeaf(expected: Json, value: Json | undefined): boolean {
  if (Array.isArray(value)) return value.some((item) => matchesLeaf(expected, item));
  return isObject(expected) ? matchesOperator(expected as Operator, value) : expected === value;
}

function matchesOperator(operator: Operator, value: Json | undefined): boolean {
  const [name = '', ...others] = Object.keys(operator);
  const argument = operator[name];
  if (others.length === 0) {
    switch (name) {
      case 'exists':
        return (value !== undefined) === argument;
      case 'prefix':
        return typeof value === 'string' && value.startsWith(String(argument));
      case 'suffix':
        return typeof value === 'string' && value.endsWith(String(argument));
      case 'anything-but':
        return value !== undefined && ![argument].flat().includes(value);
    }
  }
  throw new StartFault(`The local cloud does not know the pattern ${JSON.stringify(operator)}.`);
}

function isObject(value: unknown): value is { readonly [field: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
