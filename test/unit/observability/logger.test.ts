import { createLogger, type LogLevel } from '../../../lambdas/observability/logger';

function setUp(level: LogLevel) {
  const lines: string[] = [];
  const logger = createLogger({
    service: 'create-run',
    stage: 'prod',
    level,
    now: () => new Date('2026-11-30T12:00:00Z'),
    write: (line) => void lines.push(line),
  });
  return { logger, lines };
}

test('writes one JSON object on a line', () => {
  const { logger, lines } = setUp('INFO');
  logger.info('two\nlines', { amount: 10n, level: 'X', message: 'Y', nested: { a: [1] } });
  expect(lines).toHaveLength(1);
  expect(lines[0]?.indexOf('\n')).toBe(lines[0]!.length - 1);
  expect(JSON.parse(lines[0]!)).toEqual({
    level: 'INFO',
    timestamp: '2026-11-30T12:00:00.000Z',
    service: 'create-run',
    stage: 'prod',
    message: 'two\nlines',
    amount: '10',
    nested: { a: [1] },
  });
});

test('writes nothing below its level', () => {
  const { logger, lines } = setUp('WARN');
  logger.debug('a');
  logger.info('b');
  logger.warn('c');
  logger.error('d');
  expect(lines.map((line) => JSON.parse(line).message)).toEqual(['c', 'd']);
});

test('writes an error with its stack and its cause', () => {
  const { logger, lines } = setUp('INFO');
  logger.error('failed', { error: new Error('outer', { cause: new TypeError('inner') }) });
  const { error } = JSON.parse(lines[0]!);
  expect(error).toMatchObject({ name: 'Error', message: 'outer', cause: { name: 'TypeError' } });
  expect(error.stack).toContain('logger.test.ts');
});
