import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const MODULE = join(__dirname, '../../../local/functions/shifted-date.ts');

/** In a process of its own: it replaces the global Date for good. */
function evaluate(expression: string): unknown {
  const script = `
    const real = Date.now();
    const RealDate = Date;
    require(${JSON.stringify(MODULE)}).shiftDate(3_600_000);
    console.log(JSON.stringify(${expression}));
  `;
  const output = execFileSync(process.execPath, ['--require', 'tsx/cjs', '-e', script], {
    encoding: 'utf8',
  });
  return JSON.parse(output) as unknown;
}

it('moves the present and leaves given times alone', () => {
  const told = evaluate(`{
    now: Math.round((Date.now() - real) / 3_600_000),
    made: Math.round((new Date().getTime() - real) / 3_600_000),
    text: Math.round((Date.parse(Date()) - real) / 3_600_000),
    given: new Date(5).getTime(),
    parts: new Date(2026, 0).getFullYear(),
    utc: Date.UTC(2026, 0),
    isInstance: [new Date() instanceof Date, new RealDate() instanceof Date, new Date() instanceof RealDate],
    subclass: new (class Later extends Date {})(7).getTime(),
    structured: structuredClone(new Date(9)).getTime(),
  }`);
  expect(told).toEqual({
    now: 1,
    made: 1,
    text: 1,
    given: 5,
    parts: 2026,
    utc: Date.UTC(2026, 0),
    isInstance: [true, true, true],
    subclass: 7,
    structured: 9,
  });
});
