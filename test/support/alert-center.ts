import { createHash } from 'node:crypto';
import type { Occurrence } from '../../core/alerts/alert';
import type { AlertPorts } from '../../core/alerts/ports';
import { ManualClock } from './manual-clock';
import { MemoryAlertStore, RecordingBus } from './memory-alerts';

export interface AlertCenter {
  readonly ports: AlertPorts;
  readonly store: MemoryAlertStore;
  readonly bus: RecordingBus;
  readonly clock: ManualClock;
  /** What could not be stored or sent, in words. */
  readonly faults: string[];
  /** Another process on the same store and bus: it knows of nothing. */
  anotherProcess(): AlertPorts;
}

/** The AlertCenter's ports in memory, at noon of 30 November 2026. */
export function alertCenter(): AlertCenter {
  const store = new MemoryAlertStore();
  const bus = new RecordingBus();
  const clock = new ManualClock('2026-11-30T12:00:00Z');
  const faults: string[] = [];
  const anotherProcess = (): AlertPorts => ({
    store,
    bus,
    nowMs: clock.nowMs,
    digest: (text) => createHash('sha256').update(text).digest('base64url'),
    known: new Set(),
    onFault: (what, fault) => void faults.push(`${what}: ${(fault as Error).message}`),
  });
  return { ports: anotherProcess(), store, bus, clock, faults, anotherProcess };
}

/** A hard cap that refused a step. */
export function capHit(parts: Partial<Occurrence> = {}): Occurrence {
  return {
    type: 'BUDGET_HARD_CAP_HIT',
    severity: 'critical',
    tenant: 'acme',
    month: '2026-11',
    condition: 'limit 1, 2026-11-30',
    summary: 'acme was refused 0.05 USD.',
    runbook: '/docs/maestro/runbooks/budget-override',
    figures: { limit: 10_000_000_000n, spent: 9_900_000_000n, reserved: 80_000_000n },
    requested: 50_000_000n,
    pipeline: 'nightly',
    runId: 'run-1',
    stepId: 's-1',
    ...parts,
  };
}
