import { LosslessNumber } from 'lossless-json';
import * as v from 'valibot';
import { ID_PATTERN } from '../../core/contract/ids';
import type { Schema } from '../http/request-input';

/** How a field looks in `docs/openapi.yaml`; a test compares the two. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A schema for one field: `read` gives the value, or the problem as a sentence's end. */
export function field<T>(
  read: (value: unknown) => { readonly value: T } | { readonly problem: string },
  jsonSchema: JsonSchema,
): Schema<T> {
  return v.pipe(
    v.unknown(),
    v.rawTransform<unknown, T>(({ dataset, addIssue, NEVER }) => {
      const result = read(dataset.value);
      if ('value' in result) return result.value;
      addIssue({ message: result.problem });
      return NEVER;
    }),
    v.metadata({ jsonSchema }),
  );
}

/** An object with these fields and no others; an array or a number is none. */
export function object<E extends v.ObjectEntries>(entries: E) {
  return v.pipe(
    v.custom<Record<string, unknown>>(isObject, 'must be an object'),
    v.strictObject(entries),
  );
}

function isObject(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof LosslessNumber)
  );
}

/** Between `min` and `max` elements. */
export function list<T>(item: Schema<T>, min: number, max: number) {
  const size = min === 0 ? `at most ${max}` : `${min} to ${max}`;
  return v.pipe(
    v.custom<unknown[]>(Array.isArray, 'must be a list'),
    // Counted before the elements are looked at: a body can hold thousands.
    v.check((items) => items.length >= min && items.length <= max, `must have ${size} elements`),
    v.array(item),
    v.metadata({ jsonSchema: { minItems: min, maxItems: max } }),
  );
}

/** A text that matches the pattern as a whole. */
export function text(pattern: RegExp, problem: string): Schema<string> {
  return field<string>(
    (value) => (typeof value === 'string' && pattern.test(value) ? { value } : { problem }),
    { type: 'string', pattern: pattern.source },
  );
}

export const id = text(
  ID_PATTERN,
  'must be 1 to 64 characters of A-Z a-z 0-9 . _ - and neither "." nor ".."',
);

export const pipeline = text(
  /^[A-Za-z0-9._/:@ -]{1,128}$/,
  'must be 1 to 128 characters of A-Z a-z 0-9 . _ - / : @ and space',
);

export const modelName = text(
  /^[A-Za-z0-9._/:@~+-]{1,200}$/,
  'must be 1 to 200 characters of A-Z a-z 0-9 . _ - / : @ ~ +',
);

export const providerName = text(
  /^[A-Za-z0-9._-]{1,64}$/,
  'must be 1 to 64 characters of A-Z a-z 0-9 . _ -',
);

/** Cursors are the product's own; anything else in one shows when it is decoded. */
export const cursor = text(/^[A-Za-z0-9_-]{1,2048}$/, 'must be a cursor from an earlier answer');

export const month = text(
  /^2[01][0-9]{2}-(?:0[1-9]|1[0-2])$/,
  'must be a month as YYYY-MM, from 2000-01 to 2199-12',
);

export function oneOf<const T extends readonly string[]>(...values: T): Schema<T[number]> {
  const problem = `must be ${values.map((value) => `"${value}"`).join(' or ')}`;
  return field<T[number]>((value) => (isOneOf(values, value) ? { value } : { problem }), {
    type: 'string',
    enum: values,
  });
}

function isOneOf<T extends readonly string[]>(values: T, value: unknown): value is T[number] {
  return typeof value === 'string' && values.includes(value);
}

export const flag: Schema<boolean> = field<boolean>(
  (value) => (typeof value === 'boolean' ? { value } : { problem: 'must be true or false' }),
  { type: 'boolean' },
);

const WHOLE_LITERAL = /^(?:0|[1-9][0-9]{0,15})(?:\.0+)?$/;

/** A JSON number without a fraction; `5.0` is one, since some languages write whole numbers so. */
export function wholeNumber(min: number, max: number): Schema<number> {
  const problem = `must be a whole number from ${min} to ${max}`;
  return field<number>(
    (value) => {
      const literal = value instanceof LosslessNumber ? value.value : '';
      const number = WHOLE_LITERAL.test(literal) ? Number(literal) : Number.NaN;
      return number >= min && number <= max ? { value: number } : { problem };
    },
    { type: 'integer', minimum: min, maximum: max },
  );
}

/** A default in the form that JSON would have given it, as `v.optional` wants it. */
export function numberLiteral(value: number): () => LosslessNumber {
  return () => new LosslessNumber(String(value));
}

const RFC_3339 =
  /^(2[01]\d{2})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/** An RFC 3339 time of a day that exists, in any zone; fractions below a millisecond are cut. */
export const instant: Schema<Date> = field<Date>(
  (value) => {
    const date = typeof value === 'string' ? parseInstant(value) : undefined;
    return date === undefined
      ? { problem: 'must be an RFC 3339 time such as 2026-11-30T23:59:50Z' }
      : { value: date };
  },
  { type: 'string', format: 'date-time' },
);

function parseInstant(value: string): Date | undefined {
  const match = RFC_3339.exec(value);
  if (match === null) return undefined;
  const [year = 0, mon = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map(Number);
  const [offsetHours, offsetMinutes] = [Number(match[9] ?? 0), Number(match[10] ?? 0)];
  const millis = Number((match[7] ?? '').padEnd(3, '0').slice(0, 3));
  if (hour > 23 || minute > 59 || second > 59 || offsetHours > 23 || offsetMinutes > 59) {
    return undefined;
  }
  const local = new Date(Date.UTC(year, mon - 1, day, hour, minute, second, millis));
  // Date.UTC moves 30 February into March instead of refusing it.
  if (local.getUTCMonth() !== mon - 1 || local.getUTCDate() !== day) return undefined;
  const offsetMs = (offsetHours * 60 + offsetMinutes) * 60_000;
  return new Date(local.getTime() + (match[8] === '-' ? offsetMs : -offsetMs));
}

const MAX_TAGS = 20;
const MAX_TAG_KEY = 64;
const MAX_TAG_VALUE = 256;
/** Names that could reach an object's prototype further down the line. */
const UNSAFE_KEYS = new Set(['__proto__', 'prototype', 'constructor']);

/** At most 20 texts by key; each fault is told at the tag that has it. */
export const tags: Schema<Readonly<Record<string, string>>> = v.pipe(
  v.custom<Record<string, unknown>>(isObject, 'must be an object'),
  v.rawTransform<Record<string, unknown>, Readonly<Record<string, string>>>(
    ({ dataset, addIssue, NEVER }) => {
      const entries = Object.entries(dataset.value);
      if (entries.length > MAX_TAGS) {
        addIssue({ message: `must have at most ${MAX_TAGS} tags` });
        return NEVER;
      }
      const faults = entries.flatMap(([key, value]) => {
        const message = tagProblem(key, value);
        return message === undefined ? [] : [{ key, value, message }];
      });
      for (const { key, value, message } of faults) {
        const input = dataset.value;
        addIssue({ message, path: [{ type: 'object', origin: 'value', input, key, value }] });
      }
      return faults.length > 0 ? NEVER : (Object.fromEntries(entries) as Record<string, string>);
    },
  ),
  v.metadata({
    jsonSchema: {
      type: 'object',
      maxProperties: MAX_TAGS,
      propertyNames: { minLength: 1, maxLength: MAX_TAG_KEY },
      additionalProperties: { type: 'string', maxLength: MAX_TAG_VALUE },
    },
  }),
);

function tagProblem(key: string, value: unknown): string | undefined {
  if (!isTagText(key, MAX_TAG_KEY) || key === '') {
    return `must have a key of 1 to ${MAX_TAG_KEY} characters without control characters`;
  }
  if (UNSAFE_KEYS.has(key)) return 'must have another key';
  if (typeof value !== 'string') return 'must be a text';
  if (isTagText(value, MAX_TAG_VALUE)) return undefined;
  return `must be at most ${MAX_TAG_VALUE} characters without control characters`;
}

/** Half a surrogate pair has no UTF-8: it would come back from the table as another text. */
function isTagText(candidate: string, maxCharacters: number): boolean {
  return [...candidate].length <= maxCharacters && !/[\p{Cc}\p{Cs}]/u.test(candidate);
}
