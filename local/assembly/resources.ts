import type { Resolver } from './resolver';
import type { Resource, Stack } from './template';

export interface FoundResource {
  readonly stack: Stack;
  readonly logicalId: string;
  readonly resource: Resource;
}

/** Every resource of the given types, in all stacks. */
export function resourcesOf(resolver: Resolver, ...types: readonly string[]): FoundResource[] {
  return resolver.stacks.flatMap((stack) =>
    Object.entries(stack.resources)
      .filter(([, resource]) => types.includes(resource.Type))
      .map(([logicalId, resource]) => ({ stack, logicalId, resource })),
  );
}
