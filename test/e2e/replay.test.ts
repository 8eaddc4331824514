import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChildCloud } from '../../local/child-cloud';
import { inScratchFolder, startLocalCloud, START_PATIENCE_MS } from '../support/local-cloud';

jest.setTimeout(START_PATIENCE_MS);

const ROOT = join(__dirname, '..', '..');

interface Replayed {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function replay(...options: string[]): Promise<Replayed> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', join(ROOT, 'bin/replay.ts'), ...options],
    { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve) => {
    child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
}

function traceOf(rows: readonly (readonly [number, number])[]): string {
  const lines = rows.map(([input, output], index) => {
    const second = String(index % 60).padStart(2, '0');
    return `2023-11-16 18:17:${second}.9799600,${input},${output}`;
  });
  return ['TIMESTAMP,ContextTokens,GeneratedTokens', ...lines, ''].join('\n');
}

let cloud: ChildCloud;

beforeAll(async () => {
  cloud = await startLocalCloud();
}, START_PATIENCE_MS);

afterAll(async () => {
  await cloud.stop();
});

it('ties a trace out with the ledger', () =>
  inScratchFolder(async (folder) => {
    const file = join(folder, 'trace.csv');
    const rows = Array.from({ length: 60 }, (_, i) => [(i * 997) % 7919, (i * 31) % 613] as const);
    writeFileSync(file, traceOf(rows));
    const { exitCode, stdout } = await replay(file, '--url', cloud.url, '--tenant', 'tied');
    expect(stdout).toMatch(/admitted +60\n/);
    expect(stdout).toContain('equal to the nano-dollar');
    expect(exitCode).toBe(0);
  }));

it('ties out when a hard cap refuses a part of it, and again on top of earlier spend', () =>
  inScratchFolder(async (folder) => {
    const file = join(folder, 'trace.csv');
    writeFileSync(file, traceOf(Array.from({ length: 60 }, () => [100_000, 100])));
    const options = [file, '--url', cloud.url, '--tenant', 'capped'];
    const first = await replay(...options, '--limit-usd', '0.5');
    expect(first.stdout).toMatch(/denied BUDGET_HARD_CAP_HIT +\d+\n/);
    expect(first.stdout).toContain('equal to the nano-dollar');
    expect(first.exitCode).toBe(0);
    const second = await replay(...options, '--limit-usd', '1');
    expect(second.stdout).toContain('equal to the nano-dollar');
    expect(second.exitCode).toBe(0);
  }));

it('names the line of a bad file', () =>
  inScratchFolder(async (folder) => {
    const file = join(folder, 'trace.csv');
    writeFileSync(file, `${traceOf([[1, 2]])}2023-11-16 18:18:00,-5,2\n`);
    const { exitCode, stderr } = await replay(file, '--url', cloud.url);
    expect(stderr).toContain(`${file}, line 3: ContextTokens must be a whole number`);
    expect(stderr).toContain('"-5"');
    expect(exitCode).toBe(1);
  }));
