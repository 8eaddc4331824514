import type { Json } from '../assembly/template';

/** What a rule makes of an event before a target gets it. */
export interface InputTransformer {
  /** JSON paths such as `$.detail.summary`, by the names that the template uses. */
  readonly paths: Readonly<Record<string, string>>;
  /** Holds `<name>` where a value goes. */
  readonly template: string;
}

/**
 * Put an event's values into a template, as EventBridge does: inside quotation marks as they are,
 * outside as JSON.
 */
export function transformed({ paths, template }: InputTransformer, event: Json): string {
  let isInsideText = false;
  let result = '';
  for (let at = 0; at < template.length; at += 1) {
    const name = /^<([A-Za-z0-9_.-]+)>/.exec(template.slice(at, at + 128))?.[1];
    if (name !== undefined && Object.hasOwn(paths, name)) {
      const value = valueAt(paths[name] ?? '$', event);
      result += isInsideText ? asText(value) : JSON.stringify(value ?? null);
      at += name.length + 1;
      continue;
    }
    const character = template.charAt(at);
    if (character === '"' && template.charAt(at - 1) !== '\\') isInsideText = !isInsideText;
    result += character;
  }
  return result;
}

function asText(value: Json | undefined): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function valueAt(path: string, event: Json): Json | undefined {
  const fields = path.replace(/^\$\.?/, '').split('.');
  return fields.reduce<Json | undefined>((value, field) => {
    if (field === '') return value;
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? value[field] : undefined;
  }, event);
}
