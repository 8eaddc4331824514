import type { Permission } from '../access/permissions';
import type { Resolver } from './resolver';
import type { Json, JsonObject, Stack } from './template';

/** Permissions for these services are played; those for logs, traces and keys are left out. */
const PLAYED = /^(dynamodb|sqs):/;

function listOf(value: Json | undefined): Json[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function isRef(value: Json, logicalId: string): boolean {
  return typeof value === 'object' && value !== null && (value as JsonObject)['Ref'] === logicalId;
}

/** Policies that stand in the role itself, and those that name it. */
function documentsOf(stack: Stack, roleId: string): JsonObject[] {
  const inline = listOf(stack.resources[roleId]?.Properties?.['Policies']) as JsonObject[];
  const attached = Object.values(stack.resources)
    .filter(({ Type }) => Type === 'AWS::IAM::Policy')
    .map(({ Properties = {} }) => Properties)
    .filter(({ Roles }) => listOf(Roles).some((role) => isRef(role, roleId)));
  return [...inline, ...attached].map(({ PolicyDocument }) => PolicyDocument as JsonObject);
}

/** What the role of a function allows it, as far as the local cloud plays the services. */
export function permissionsOf(
  resolver: Resolver,
  stack: Stack,
  role: Json | undefined,
): Permission[] {
  const attribute = (role as JsonObject | undefined)?.['Fn::GetAtt'];
  const roleId = Array.isArray(attribute) ? String(attribute[0]) : '';
  return documentsOf(stack, roleId)
    .flatMap(({ Statement }) => listOf(Statement) as JsonObject[])
    .filter(({ Effect }) => Effect === 'Allow')
    .map(({ Action, Resource }) => ({
      actions: listOf(Action)
        .map(String)
        .filter((action) => PLAYED.test(action)),
      resource: Resource,
    }))
    .filter(({ actions }) => actions.length > 0)
    .map(({ actions, resource }) => ({
      actions,
      resources: listOf(resource).map((one) => resolver.text(one, stack)),
    }));
}
