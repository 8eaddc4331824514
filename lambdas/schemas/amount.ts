import { LosslessNumber } from 'lossless-json';
import { isAmountProblem, parseUsd, type NanoUsd } from '../../core/money/nano-usd';
import type { Schema } from '../http/request-input';
import { field } from './fields';

/** Texts longer than any amount are not looked at digit by digit. */
const MAX_CHARACTERS = 64;
const NUMBER_LITERAL = /^(-?)([0-9]+)(?:\.([0-9]+))?[eE]([+-]?[0-9]{1,2})$/;

/** An amount in USD, as a text or as a JSON number; both are read exactly. */
export const amountUsd: Schema<NanoUsd> = field(readAmount, {
  type: ['string', 'number'],
  pattern: '^(0|[1-9][0-9]{0,11})(\\.[0-9]{1,9})?$',
  minimum: 0,
});

/** Reads an amount; `problem` completes a sentence that begins with the field's name. */
export function readAmount(value: unknown): { value: NanoUsd } | { problem: string } {
  const text = amountText(value);
  if (text === undefined) return { problem: 'must be an amount in USD such as "12.50"' };
  const parsed = parseUsd(text);
  return isAmountProblem(parsed) ? parsed : { value: parsed };
}

function amountText(value: unknown): string | undefined {
  if (typeof value === 'string') return value.length > MAX_CHARACTERS ? undefined : value;
  if (!(value instanceof LosslessNumber) || value.value.length > MAX_CHARACTERS) return undefined;
  return withoutExponent(value.value);
}

/**
 * Writes `1e-7` as `0.0000001`: a number in JSON may have an exponent, and JavaScript writes small
 * amounts with one. Only the point moves, no digit is lost.
 */
function withoutExponent(literal: string): string {
  const match = NUMBER_LITERAL.exec(literal);
  if (match === null) return literal;
  const [, sign = '', whole = '', decimals = '', exponent = '0'] = match;
  const shift = Number(exponent);
  const digits = whole + decimals;
  const point = whole.length + shift;
  const padded = point <= 0 ? `${'0'.repeat(1 - point)}${digits}` : digits;
  const at = Math.max(point, 1);
  const integer = padded
    .slice(0, at)
    .padEnd(at, '0')
    .replace(/^0+(?=[0-9])/, '');
  const fraction = padded.slice(at).replace(/0+$/, '');
  return sign + integer + (fraction === '' ? '' : `.${fraction}`);
}
