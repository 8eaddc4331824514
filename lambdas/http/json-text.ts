import { parse } from 'lossless-json';
import type { FieldError } from './problem';

/** Far deeper than any body of the contract, far from what a recursive reader cannot take. */
export const MAX_JSON_DEPTH = 32;

export type JsonReading =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly error: FieldError };

/**
 * Reads JSON strictly: at most MAX_JSON_DEPTH levels, no key twice in an object. Numbers come as
 * `LosslessNumber`, which keeps their text, so that an amount is never squeezed through a float.
 */
export function readJson(text: string): JsonReading {
  const error = structureError(text);
  if (error !== undefined) return { kind: 'refused', error };
  try {
    return { kind: 'value', value: parse(text) };
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof Error) {
      return { kind: 'refused', error: { path: '', message: 'is not valid JSON' } };
    }
    throw cause;
  }
}

/** An object or array that is open at some place in the text. */
interface OpenValue {
  /** The keys seen so far; undefined in an array. */
  readonly keys?: Set<string>;
  /** Key or index of the value being read. */
  at: string | number;
  expectsKey: boolean;
}

/**
 * Looks at brackets and keys alone. It runs before the parser since that one calls itself for each
 * level, and since it lets a key pass that is repeated with an equal value.
 */
function structureError(text: string): FieldError | undefined {
  const open: OpenValue[] = [];
  for (let i = 0; i < text.length; i += 1) {
    const innermost = open.at(-1);
    switch (text[i]) {
      case '{':
        open.push({ keys: new Set(), at: '', expectsKey: true });
        break;
      case '[':
        open.push({ at: 0, expectsKey: false });
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case ',':
        if (innermost?.keys !== undefined) innermost.expectsKey = true;
        else if (innermost !== undefined) innermost.at = Number(innermost.at) + 1;
        break;
      case '"': {
        const end = endOfString(text, i);
        if (innermost?.keys !== undefined && innermost.expectsKey) {
          innermost.expectsKey = false;
          innermost.at = decodedKey(text.slice(i, end));
          if (innermost.keys.has(innermost.at)) {
            return { path: pointer(open), message: 'is given twice' };
          }
          innermost.keys.add(innermost.at);
        }
        i = end - 1;
        break;
      }
      default:
    }
    if (open.length > MAX_JSON_DEPTH) {
      return { path: '', message: `must not be nested deeper than ${MAX_JSON_DEPTH} levels` };
    }
  }
  return undefined;
}

/** Index after the closing quote, or the text's length if there is none. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i += 1) {
    if (text[i] === '\\') i += 1;
    else if (text[i] === '"') return i + 1;
  }
  return text.length;
}

/** Two spellings of a key, such as `a` and `\u0061`, are the same key. */
function decodedKey(quoted: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    // Left to the parser, which refuses the text as a whole.
    return quoted;
  }
}

function pointer(open: readonly OpenValue[]): string {
  return open.map(({ at }) => `/${pointerToken(at)}`).join('');
}

/** One step of a JSON pointer (RFC 6901), cut short: keys come from callers. */
export function pointerToken(key: unknown): string {
  return String(key).slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1');
}
