/** A value in DynamoDB's own form, as it goes over the wire. */
export type WireValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly BOOL: boolean }
  | { readonly NULL: boolean }
  | { readonly SS: readonly string[] }
  | { readonly L: readonly WireValue[] }
  | { readonly M: WireItem };

export interface WireItem {
  readonly [attribute: string]: WireValue;
}

/** Beside its elements, each of which costs one byte more. */
const CONTAINER_BYTES = 3;
const ELEMENT_BYTES = 1;

/**
 * Bytes of an item as DynamoDB counts them for read and write units: names and values in UTF-8, two
 * digits of a number in a byte, three bytes for a map or list and one for each of its elements.
 */
export function itemBytes(item: WireItem): number {
  return sum(Object.entries(item).map(([name, value]) => textBytes(name) + valueBytes(value)));
}

function valueBytes(value: WireValue): number {
  if ('S' in value) return textBytes(value.S);
  if ('N' in value) return numberBytes(value.N);
  if ('BOOL' in value || 'NULL' in value) return 1;
  if ('SS' in value) return sum(value.SS.map(textBytes));
  if ('L' in value) {
    return CONTAINER_BYTES + sum(value.L.map((each) => ELEMENT_BYTES + valueBytes(each)));
  }
  return CONTAINER_BYTES + ELEMENT_BYTES * Object.keys(value.M).length + itemBytes(value.M);
}

/** A byte for each two digits, counted in pairs from the decimal point, and one for the exponent. */
function numberBytes(text: string): number {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  const wholePairs = whole.padStart(whole.length + (whole.length % 2), '0');
  const fractionPairs = fraction.padEnd(fraction.length + (fraction.length % 2), '0');
  const pairs = (wholePairs + fractionPairs).replace(/^(?:00)+|(?:00)+$/g, '');
  // Both ends are ends of pairs, so what is cut off there are pairs of zeros.
  return pairs.length / 2 + 1 + sign.length;
}

function textBytes(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
