import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { routeOf, type FunctionName } from '../../core/contract/functions';

export type Json = { readonly [key: string]: unknown };

/** `docs/openapi.yaml` as an object. */
export const OPENAPI: Json = parse(
  readFileSync(path.join(__dirname, '../../docs/openapi.yaml'), 'utf8'),
) as Json;

export function at(value: unknown, ...keys: readonly string[]): unknown {
  return keys.reduce<unknown>((inner, key) => (inner as Json | undefined)?.[key], value);
}

/** Follows a `$ref`; members beside it, such as a description, are added. */
export function resolved(value: unknown): Json {
  const { $ref, ...others } = (value ?? {}) as Json & { $ref?: string };
  if ($ref === undefined) return others;
  return { ...resolved(at(OPENAPI, ...$ref.slice(2).split('/'))), ...others };
}

/** The operation that a function answers. */
export function operationOf(name: FunctionName): Json {
  const route = routeOf(name);
  if (route === undefined) throw new Error(`${name} has no route`);
  return resolved(at(OPENAPI, 'paths', route.path, route.method.toLowerCase()));
}

/** The media types of an answer, with their schemas and examples; undefined for an unknown status. */
export function contentOf(name: FunctionName, status: number | string): Json | undefined {
  const response = at(operationOf(name), 'responses', String(status));
  return response === undefined ? undefined : (resolved(response)['content'] as Json);
}

/**
 * In what an answer differs from what is published: one line for each fault, empty if none.
 * Fields that are not published are told too, since nobody could rely on them.
 */
export function answerFaults(
  name: FunctionName,
  status: number,
  mediaType: string,
  body: unknown,
): string[] {
  const content = contentOf(name, status)?.[mediaType];
  if (content === undefined) return [`${name} ${status} ${mediaType} is not published`];
  const { schema } = content as { schema: unknown };
  const unknown = mediaType === 'application/json' ? unknownFields(schema, body, '') : [];
  return [...faults(schema, body, ''), ...unknown];
}

/** Every JSON answer has these; they are not published for each one. */
const COMMON_HEADERS = ['Content-Type', 'Cache-Control', 'X-Request-Id'];

/**
 * In what an answer's headers differ from what is published: one line for each fault. A header
 * that is not published is one, and so is one that has to be there and is not.
 */
export function headerFaults(
  name: FunctionName,
  status: number,
  headers: Readonly<Record<string, unknown>>,
): string[] {
  const response = resolved(at(operationOf(name), 'responses', String(status)));
  const published = (response['headers'] ?? {}) as Json;
  const unknown = Object.keys(headers).filter(
    (each) => !COMMON_HEADERS.includes(each) && !Object.hasOwn(published, each),
  );
  return [
    ...unknown.map((each) => `${each} is not published`),
    ...Object.entries(published).flatMap(([each, description]) => {
      const { required, schema } = resolved(description);
      if (Object.hasOwn(headers, each)) return faults(schema, headers[each], each);
      return required === true ? [`${each} is missing`] : [];
    }),
  ];
}

/** The examples of a media type: its one, or all of several. */
export function examplesOf(content: unknown): unknown[] {
  const { example, examples } = content as { example?: unknown; examples?: Json };
  if (examples !== undefined) return Object.values(examples).map((each) => at(each, 'value'));
  return example === undefined ? [] : [example];
}

/** The keywords of JSON Schema that the published answers use. */
function faults(schema: unknown, value: unknown, where: string): string[] {
  const rules = resolved(schema) as Json & {
    allOf?: unknown[];
    oneOf?: unknown[];
    required?: string[];
  };
  const found = (rules.allOf ?? []).flatMap((each) => faults(each, value, where));
  const { oneOf } = rules;
  if (oneOf !== undefined && !oneOf.some((each) => faults(each, value, where).length === 0)) {
    found.push(...faults(oneOf[0], value, where));
  }
  const types = [rules['type'] ?? []].flat() as string[];
  if (types.length > 0 && !types.some((type) => isOfType(type, value))) {
    return [...found, `${where} is no ${types.join(' or ')}`];
  }
  const {
    const: only,
    enum: several,
    pattern,
  } = rules as { const?: unknown; enum?: unknown[]; pattern?: string };
  if (only !== undefined && value !== only) found.push(`${where} is not ${String(only)}`);
  if (several !== undefined && !several.includes(value))
    found.push(`${where} is none of its values`);
  if (pattern !== undefined && typeof value === 'string' && !new RegExp(pattern).test(value)) {
    found.push(`${where} does not match ${pattern}`);
  }
  if (Array.isArray(value) && rules['items'] !== undefined) {
    found.push(...value.flatMap((item, i) => faults(rules['items'], item, `${where}/${i}`)));
  }
  if (!isOfType('object', value)) return found;
  const object = value as Json;
  for (const name of rules.required ?? []) {
    if (!Object.hasOwn(object, name)) found.push(`${where}/${name} is missing`);
  }
  for (const [name, inner] of Object.entries((rules['properties'] ?? {}) as Json)) {
    if (Object.hasOwn(object, name)) found.push(...faults(inner, object[name], `${where}/${name}`));
  }
  return found;
}

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

function unknownFields(schema: unknown, value: unknown, where: string): string[] {
  const properties = propertiesOf(schema);
  const { items } = resolved(schema);
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => unknownFields(items, item, `${where}/${i}`));
  }
  if (properties === undefined || !isOfType('object', value)) return [];
  return Object.entries(value as Json).flatMap(([name, inner]) =>
    Object.hasOwn(properties, name)
      ? unknownFields(properties[name], inner, `${where}/${name}`)
      : [`${where}/${name} is not published`],
  );
}

function propertiesOf(schema: unknown): Json | undefined {
  const { properties, allOf, oneOf } = resolved(schema) as {
    properties?: Json;
    allOf?: unknown[];
    oneOf?: unknown[];
  };
  const parts = allOf ?? oneOf;
  if (parts === undefined) return properties;
  return Object.assign({}, ...parts.map((each) => propertiesOf(each) ?? {})) as Json;
}
