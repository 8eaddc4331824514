import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startChildCloud } from '../../local/child-cloud';
import {
  API,
  callServer,
  inScratchFolder,
  putHardCap,
  startLocalCloud,
  START_PATIENCE_MS,
  tokenFor,
} from '../support/local-cloud';

jest.setTimeout(START_PATIENCE_MS);

/** What a start that fails says: one line, no stack. */
async function complaintOf(environment: Record<string, string>): Promise<string> {
  const base = { PORT: '0', DATA_DIR: '', CLOCK_START: '', ENGINE: '', SCHEDULES: 'off' };
  const failure = await startChildCloud({ ...base, ...environment }).then(
    async (cloud) => {
      await cloud.stop();
      return new Error('it started');
    },
    (error: Error) => error,
  );
  expect(failure.message).not.toMatch(/\n\s+at /);
  return failure.message;
}

describe('a start that cannot be', () => {
  it('names a port that is taken', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    expect(await complaintOf({ PORT: String(port) })).toContain(`Port ${port} is taken`);
    await new Promise((resolve) => other.close(resolve));
  });

  it('names a DATA_DIR that cannot be written', () =>
    inScratchFolder(async (folder) => {
      const file = join(folder, 'file');
      writeFileSync(file, '');
      const below = join(file, 'data');
      expect(await complaintOf({ DATA_DIR: below })).toContain(`DATA_DIR ${below} is not writable`);
    }));

  it('names a setting that cannot be used', async () => {
    expect(await complaintOf({ CLOCK_START: 'tomorrow' })).toMatch(
      /^CLOCK_START must be .*tomorrow/,
    );
  });

  it('says that DynamoDB Local needs Java', async () => {
    expect(await complaintOf({ ENGINE: 'dynamodb-local', PATH: '' })).toContain('needs Java 17');
  });
});

describe('DATA_DIR', () => {
  it('keeps data and tokens over a stop and over kill -9, for one instance at a time', () =>
    inScratchFolder(async (dataDir) => {
      const first = await startLocalCloud({ dataDir });
      const port = Number(new URL(first.url).port);
      const token = await tokenFor(first.url, { tenant: 'acme' });
      await putHardCap(first.url, token, 'acme', '10.00');
      const open = (url: string, runId: string) =>
        callServer(url, 'POST', `${API}/runs`, {
          token,
          body: { tenant: 'acme', runId, pipeline: 'p', estimatedCostUSD: '1.25' },
        });
      const reserved = async (url: string) =>
        (await callServer(url, 'GET', `${API}/billing/budgets/acme`, { token })).body[
          'reservedUSD'
        ];
      expect((await open(first.url, 'one')).status).toBe(201);
      expect(await complaintOf({ DATA_DIR: dataDir })).toContain('is in use by another instance');
      expect(await first.stop('SIGTERM')).toBe(0);

      const second = await startLocalCloud({ dataDir, port });
      expect(await reserved(second.url)).toBe('1.25');
      expect((await open(second.url, 'two')).status).toBe(201);
      await second.stop('SIGKILL');

      const third = await startLocalCloud({ dataDir, port });
      expect(await reserved(third.url)).toBe('2.50');
      expect(await third.stop('SIGINT')).toBe(0);
    }));
});

describe('CLOCK_START', () => {
  it('sets the clock of the functions and of the tokens', async () => {
    const cloud = await startLocalCloud({ clockStart: '2031-05-31T23:00:00Z' });
    const token = await tokenFor(cloud.url, { tenant: 'acme' });
    await putHardCap(cloud.url, token, 'acme', '10.00');
    const { body } = await callServer(cloud.url, 'GET', `${API}/billing/budgets/acme`, { token });
    expect(body).toMatchObject({ month: '2031-05', resetsAt: '2031-06-01T00:00:00Z' });
    await cloud.stop();
  });
});

describe('a stop', () => {
  it('lets the calls in flight end', async () => {
    const cloud = await startLocalCloud();
    const token = await tokenFor(cloud.url, { tenant: 'acme' });
    await putHardCap(cloud.url, token, 'acme', '100.00');
    const calls = Array.from({ length: 20 }, (_, index) =>
      callServer(cloud.url, 'POST', `${API}/runs`, {
        token,
        body: { tenant: 'acme', runId: `r${index}`, pipeline: 'p', estimatedCostUSD: '1' },
      }),
    );
    // One answer tells that the others are on their way.
    await Promise.race(calls);
    expect(await cloud.stop('SIGTERM')).toBe(0);
    const statuses = (await Promise.allSettled(calls)).map((call) =>
      call.status === 'fulfilled' ? call.value.status : 'cut off',
    );
    // A call that came after the signal may find the door closed; none is cut off half-way.
    expect(statuses.filter((status) => status === 201).length).toBeGreaterThan(0);
    expect(statuses.filter((status) => status !== 201 && status !== 503)).toEqual([]);
    expect(cloud.messages()).not.toMatch(/\n\s+at /);
  });
});
