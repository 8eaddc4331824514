import type { JsonSchema } from '../../lambdas/schemas/fields';

/** The parts of a valibot schema that are read here. */
interface SchemaParts {
  readonly kind: 'schema' | 'validation' | 'transformation' | 'metadata';
  readonly type: string;
  readonly pipe?: readonly SchemaParts[];
  readonly entries?: Readonly<Record<string, SchemaParts>>;
  readonly item?: SchemaParts;
  readonly wrapped?: SchemaParts;
  readonly default?: unknown;
  readonly metadata?: { readonly jsonSchema?: JsonSchema };
}

/** What a handler's schema demands, as JSON Schema, to be compared with the published one. */
export function jsonSchemaOf(schema: unknown): JsonSchema {
  const parts = schema as SchemaParts;
  const [first, ...others] = parts.pipe ?? [parts];
  const base =
    parts.pipe === undefined || first === undefined ? ownSchema(parts) : stepSchema(first);
  return Object.assign({}, base, ...others.map(stepSchema));
}

function stepSchema(step: SchemaParts): JsonSchema {
  if (step.kind === 'metadata') return step.metadata?.jsonSchema ?? {};
  return step.kind === 'schema' ? jsonSchemaOf(withoutOwnPipe(step)) : {};
}

/** The first step of a pipe is a schema of its own; where it is a pipe, it is read as one. */
function withoutOwnPipe(step: SchemaParts): SchemaParts {
  return step.pipe?.[0] === step ? { ...step, pipe: undefined } : step;
}

function ownSchema(schema: SchemaParts): JsonSchema {
  switch (schema.type) {
    case 'strict_object': {
      const entries = Object.entries(schema.entries ?? {});
      const required = entries.filter(([, { type }]) => type !== 'optional').map(([name]) => name);
      return {
        type: 'object',
        additionalProperties: false,
        properties: Object.fromEntries(entries.map(([name, each]) => [name, jsonSchemaOf(each)])),
        ...(required.length === 0 ? {} : { required }),
      };
    }
    case 'array':
      return { type: 'array', items: jsonSchemaOf(schema.item) };
    case 'optional': {
      const value = typeof schema.default === 'function' ? schema.default() : schema.default;
      const byDefault = value === undefined ? {} : { default: Number(value) };
      return { ...jsonSchemaOf(schema.wrapped), ...byDefault };
    }
    default:
      return {};
  }
}
