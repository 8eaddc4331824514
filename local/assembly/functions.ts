import { join } from 'node:path';
import type { Permission } from '../access/permissions';
import { StartFault } from '../start-fault';
import { permissionsOf } from './role-permissions';
import { resourcesOf, type FoundResource } from './resources';
import type { Resolver } from './resolver';
import type { JsonObject } from './template';

export interface FunctionDefinition {
  readonly name: string;
  readonly arn: string;
  /** The bundle's file. */
  readonly file: string;
  /** The export that is called. */
  readonly exportName: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly memoryMb: number;
  /** What its role allows it. */
  readonly permissions: readonly Permission[];
}

const DEFAULT_TIMEOUT_SECONDS = 3;
const DEFAULT_MEMORY_MB = 128;

function readFunction(
  resolver: Resolver,
  { stack, logicalId, resource }: FoundResource,
): FunctionDefinition | undefined {
  const properties = resource.Properties ?? {};
  // The CDK's own custom-resource functions act at deployment alone.
  if (!String(properties['Runtime'] ?? '').startsWith('nodejs')) return undefined;
  const code = (properties['Code'] ?? {}) as JsonObject;
  const assetKey = code['S3Key'] === undefined ? undefined : resolver.text(code['S3Key'], stack);
  const folder = assetKey === undefined ? undefined : stack.assetFolders.get(assetKey);
  if (folder === undefined) return undefined;
  const [module, exportName] = resolver.text(properties['Handler'], stack).split('.');
  if (module === undefined || exportName === undefined) {
    throw new StartFault(`Function ${logicalId} of stack ${stack.id} has no proper handler.`);
  }
  const variables = ((properties['Environment'] as JsonObject | undefined)?.['Variables'] ??
    {}) as JsonObject;
  return {
    name: resolver.physicalName(stack, logicalId),
    arn: resolver.text({ 'Fn::GetAtt': [logicalId, 'Arn'] }, stack),
    file: join(folder, `${module}.js`),
    exportName,
    environment: Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [name, resolver.text(value, stack)]),
    ),
    timeoutMs: Number(properties['Timeout'] ?? DEFAULT_TIMEOUT_SECONDS) * 1000,
    memoryMb: Number(properties['MemorySize'] ?? DEFAULT_MEMORY_MB),
    permissions: permissionsOf(resolver, stack, properties['Role']),
  };
}

/** The Node.js functions whose code is an asset of the app. */
export function readFunctions(resolver: Resolver): FunctionDefinition[] {
  return resourcesOf(resolver, 'AWS::Lambda::Function')
    .map((found) => readFunction(resolver, found))
    .filter((definition) => definition !== undefined);
}
