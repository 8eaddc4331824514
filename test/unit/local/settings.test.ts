import { readSettings } from '../../../local/settings';

describe('settings of the local cloud', () => {
  it('have defaults, also where a variable is empty', () => {
    const defaults = readSettings({});
    expect(defaults).toMatchObject({
      port: 8787,
      dataDir: undefined,
      engine: 'dynalite',
      clockStartMs: undefined,
      areSchedulesOn: true,
    });
    expect(readSettings({ PORT: '', DATA_DIR: ' ', CLOCK_START: '', ENGINE: '' })).toEqual(
      defaults,
    );
  });

  it.each([
    ['PORT', '70000'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['CLOCK_START', 'tomorrow'],
    ['CLOCK_START', '2026-11-30'],
    ['CLOCK_START', '2026-02-30T00:00:00Z'],
    ['CLOCK_START', '2026-11-30T25:00:00Z'],
    ['ENGINE', 'mysql'],
    ['CONCURRENCY', '0'],
    ['TOKEN_TTL_SECONDS', 'long'],
    ['SCHEDULES', 'maybe'],
  ])('refuse %s=%s by name', (name, value) => {
    expect(() => readSettings({ [name]: value })).toThrow(
      new RegExp(`^${name} must be .*not ${value.replace('.', '\\.')}\\.$`),
    );
  });

  it.each([
    ['2026-11-30T23:59:50Z', Date.UTC(2026, 10, 30, 23, 59, 50)],
    ['2026-11-30T23:59:50.250Z', Date.UTC(2026, 10, 30, 23, 59, 50, 250)],
    ['2026-12-01T01:59:50+02:00', Date.UTC(2026, 10, 30, 23, 59, 50)],
  ])('take CLOCK_START=%s', (text, expected) => {
    expect(readSettings({ CLOCK_START: text }).clockStartMs).toBe(expected);
  });
});
