import * as fc from 'fast-check';
import { LosslessNumber } from 'lossless-json';
import { readJson } from '../../../lambdas/http/json-text';

test('numbers keep their text', () => {
  const reading = readJson('{"a":12.50,"b":1e-7,"c":9007199254740993,"d":-0}');
  expect(reading).toEqual({
    kind: 'value',
    value: {
      a: new LosslessNumber('12.50'),
      b: new LosslessNumber('1e-7'),
      c: new LosslessNumber('9007199254740993'),
      d: new LosslessNumber('-0'),
    },
  });
});

test('32 levels are read, 33 are not', () => {
  expect(readJson(`${'['.repeat(32)}${']'.repeat(32)}`).kind).toBe('value');
  expect(readJson(`${'['.repeat(33)}${']'.repeat(33)}`).kind).toBe('refused');
});

test('brackets, commas and quotes in texts are no structure', () => {
  const value = { 'a"}{[,:': '][}{",\\"\\', b: ['{{{{', '"a":1,"a":1'] };
  expect(readJson(JSON.stringify(value))).toEqual({ kind: 'value', value });
});

test.each([
  ['{"a":1,"a":1}', '/a'],
  ['{"a":"x","\\u0061":"x"}', '/a'],
  ['{"l":[{"a":1},{"a":1,"b":2,"a":1}]}', '/l/1/a'],
  ['{"a":{"b":1},"c":{"b":1,"b":2}}', '/c/b'],
  ['{"__proto__":1,"__proto__":1}', '/__proto__'],
  ['{"toString":1,"toString":1}', '/toString'],
])('%s has a key twice', (text, path) => {
  expect(readJson(text)).toEqual({ kind: 'refused', error: { path, message: 'is given twice' } });
});

test('__proto__ becomes a field of its own and changes no prototype', () => {
  const reading = readJson('{"__proto__":{"polluted":true}}');
  const value = reading.kind === 'value' ? (reading.value as Record<string, unknown>) : {};
  expect(Object.keys(value)).toEqual(['__proto__']);
  expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('it takes what JSON.parse takes, within its bounds, and refuses the rest', () => {
  const damage = fc.tuple(
    fc.nat(200),
    fc.constantFrom('', '{', '}', '[', ']', '"', ',', ':', '\\', '0'),
  );
  fc.assert(
    fc.property(
      fc.json({ maxDepth: 5, noUnicodeString: false } as object),
      damage,
      (json, [at, text]) => {
        const place = at % (json.length + 1);
        const damaged = json.slice(0, place) + text + json.slice(place);
        let valid = true;
        try {
          JSON.parse(damaged);
        } catch {
          valid = false;
        }
        const reading = readJson(damaged);
        const twice = reading.kind === 'refused' && reading.error.message === 'is given twice';
        expect(reading.kind === 'value' || twice).toBe(valid || twice);
        expect(reading.kind === 'value').toBe(valid && !twice);
      },
    ),
    { numRuns: 2_000 },
  );
});

test('no text makes it throw', () => {
  const pieces = fc.array(
    fc.constantFrom('{', '}', '[', ']', '"', ',', ':', '\\', 'a', '1', '\\u00'),
    {
      maxLength: 40,
    },
  );
  fc.assert(fc.property(pieces, (texts) => void readJson(texts.join(''))));
});
