import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tryLock } from '../../../local/lock-file';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'maestro-lock-'));
  file = join(folder, 'lock');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

describe('a lock file', () => {
  it('has one holder, until it is released', () => {
    const first = tryLock(file);
    expect(tryLock(file)).toEqual({ kind: 'held', pid: process.pid });
    if (first.kind === 'taken') first.release();
    expect(tryLock(file).kind).toBe('taken');
    expect(readdirSync(folder)).toEqual(['lock']);
  });

  it.each([
    ['a process that is gone', () => JSON.stringify({ pid: deadPid(), startedAt: '1' })],
    [
      'an earlier process of this number',
      () => JSON.stringify({ pid: process.pid, startedAt: '1' }),
    ],
    ['nobody who can be told', () => '{"pid":'],
  ])('is taken over from %s', (_, text) => {
    writeFileSync(file, text());
    expect(tryLock(file).kind).toBe('taken');
  });
});
