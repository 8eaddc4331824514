import type { ChildCloud } from '../../local/child-cloud';
import { parseNanoUsd } from '../../local/replay/exact';
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

const TENANT = 'acme';
const LANES = 12;
const LOAD_MS = 2_500;

interface UsageItem {
  readonly runId: string;
  readonly stepId: string;
  readonly costUSD: string;
}

/** Opens runs, checks a step, books its usage, and completes every second run, until cut off. */
async function loadUntilKilled(
  cloud: ChildCloud,
  token: string,
  lane: number,
  answered: Map<string, string>,
): Promise<void> {
  const post = (path: string, body: object) =>
    callServer(cloud.url, 'POST', `${API}${path}`, { token, body });
  try {
    for (let number = 1; ; number += 1) {
      const runId = `r${lane}-${number}`;
      await post('/runs', { tenant: TENANT, runId, pipeline: 'p', estimatedCostUSD: '0.02' });
      await post(`/runs/${runId}/steps`, { stepId: 's', estimatedCostUSD: '0.02' });
      const costUSD = `0.0${1 + (number % 9)}`;
      const booked = await post(`/runs/${runId}/steps/s/usage`, {
        costUSD,
        model: 'm',
        provider: 'p',
        tokens: { input: 1, output: 1 },
      });
      if (booked.status === 201) answered.set(`${runId}/s`, costUSD);
      if (number % 2 === 0) await post(`/runs/${runId}/complete`, { status: 'succeeded' });
    }
  } catch {
    // The server is gone.
  }
}

async function allUsage(url: string, token: string): Promise<UsageItem[]> {
  const items: UsageItem[] = [];
  let cursor: string | undefined;
  do {
    const query = new URLSearchParams({ tenant: TENANT, ...(cursor && { cursor }) });
    const { body } = await callServer(url, 'GET', `${API}/billing/usage?${query}`, { token });
    items.push(...(body['items'] as UsageItem[]));
    cursor = body['nextCursor'] as string | undefined;
  } while (cursor !== undefined);
  return items;
}

it('loses nothing answered and holds nothing after a sweep, when killed in mid-load', () =>
  inScratchFolder(async (dataDir) => {
    const first = await startLocalCloud({ dataDir, clockStart: '2026-11-10T00:00:00Z' });
    const token = await tokenFor(first.url, { tenant: TENANT });
    await putHardCap(first.url, token, TENANT, '1000');
    const answered = new Map<string, string>();
    const lanes = Array.from({ length: LANES }, (_, lane) =>
      loadUntilKilled(first, token, lane, answered),
    );
    await new Promise((resolve) => setTimeout(resolve, LOAD_MS));
    await first.stop('SIGKILL');
    await Promise.all(lanes);
    expect(answered.size).toBeGreaterThan(0);

    // Two days later every run is past its deadline.
    const second = await startLocalCloud({ dataDir, clockStart: '2026-11-12T00:00:00Z' });
    const later = await tokenFor(second.url, { tenant: TENANT });
    const { body: swept } = await callServer(second.url, 'POST', '/__local/sweep');
    expect(swept).toMatchObject({ failed: [] });
    const { body: budget } = await callServer(
      second.url,
      'GET',
      `${API}/billing/budgets/${TENANT}`,
      {
        token: later,
      },
    );
    const usage = await allUsage(second.url, later);
    const listed = new Map(usage.map((item) => [`${item.runId}/${item.stepId}`, item.costUSD]));
    const lost = [...answered].filter(([id, cost]) => listed.get(id) !== cost);
    const sum = usage.reduce((total, { costUSD }) => total + parseNanoUsd(costUSD), 0n);

    expect(lost).toEqual([]);
    expect(listed.size).toBe(usage.length);
    expect(budget['reservedUSD']).toBe('0.00');
    expect(parseNanoUsd(String(budget['spentUSD']))).toBe(sum);
    await second.stop();
  }));
