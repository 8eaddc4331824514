/** A structured field (RFC 9651) that is a list of texts with parameters. */
export interface FieldItem {
  readonly value: string;
  readonly parameters: Readonly<Record<string, string | number>>;
}

const TEXT = /^"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"/;
const KEY = /^;[ ]*([a-z*][a-z0-9_.*-]*)=/;
const INTEGER = /^-?[0-9]{1,15}(?![0-9.])/;
const COMMA = /^[ \t]*,[ \t]*(?=.)/;

/**
 * Reads a list as RFC 9651, section 4.2, does, as far as texts and integers go.
 * @throws Error where the text is anything else: a client has to ignore such a field
 */
export function parseFieldList(text: string): FieldItem[] {
  let rest = text;
  const take = (pattern: RegExp): string | undefined => {
    const match = pattern.exec(rest);
    if (match === null) return undefined;
    rest = rest.slice(match[0].length);
    return match[1] ?? match[0];
  };
  const takeText = (): string | undefined => take(TEXT)?.replaceAll(/\\(["\\])/g, '$1');
  const items: FieldItem[] = [];
  do {
    const value = takeText();
    if (value === undefined) throw new Error(`no text where one must be: ${rest}`);
    const parameters: Record<string, string | number> = {};
    for (let key = take(KEY); key !== undefined; key = take(KEY)) {
      const number = take(INTEGER);
      const parameter = number === undefined ? takeText() : Number(number);
      if (parameter === undefined) throw new Error(`no value for ${key}: ${rest}`);
      parameters[key] = parameter;
    }
    items.push({ value, parameters });
  } while (take(COMMA) !== undefined);
  if (rest !== '') throw new Error(`more than a list: ${rest}`);
  return items;
}
