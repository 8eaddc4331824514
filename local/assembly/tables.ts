import { resourcesOf } from './resources';
import type { Resolver } from './resolver';
import type { Json, JsonObject } from './template';

/** A table as DynamoDB's CreateTable call takes it. */
export interface TableDefinition {
  readonly TableName: string;
  readonly KeySchema: Json;
  readonly AttributeDefinitions: Json;
  readonly BillingMode: 'PAY_PER_REQUEST';
  readonly LocalSecondaryIndexes?: JsonObject[];
  readonly GlobalSecondaryIndexes?: JsonObject[];
}

/** Capacity, contributor insights and the like mean nothing to a local engine. */
function indexesOf(properties: JsonObject, property: string): JsonObject[] | undefined {
  const indexes = properties[property] as JsonObject[] | undefined;
  return indexes?.map(({ IndexName, KeySchema, Projection }) => ({
    IndexName,
    KeySchema,
    Projection,
  }));
}

/** The tables of the app with their keys and indexes. */
export function readTables(resolver: Resolver): TableDefinition[] {
  return resourcesOf(resolver, 'AWS::DynamoDB::GlobalTable', 'AWS::DynamoDB::Table').map(
    ({ stack, logicalId, resource }) => {
      const raw = resource.Properties ?? {};
      const properties = resolver.resolve(
        {
          KeySchema: raw['KeySchema'],
          AttributeDefinitions: raw['AttributeDefinitions'],
          LocalSecondaryIndexes: raw['LocalSecondaryIndexes'],
          GlobalSecondaryIndexes: raw['GlobalSecondaryIndexes'],
        },
        stack,
      ) as JsonObject;
      const local = indexesOf(properties, 'LocalSecondaryIndexes');
      const global = indexesOf(properties, 'GlobalSecondaryIndexes');
      return {
        TableName: resolver.physicalName(stack, logicalId),
        KeySchema: properties['KeySchema'] ?? [],
        AttributeDefinitions: properties['AttributeDefinitions'] ?? [],
        BillingMode: 'PAY_PER_REQUEST',
        ...(local && { LocalSecondaryIndexes: local }),
        ...(global && { GlobalSecondaryIndexes: global }),
      };
    },
  );
}
