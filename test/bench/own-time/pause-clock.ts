import { setTimeout as pause } from 'node:timers/promises';
import type { GuardPorts } from '../../../core/guard/ports';
import type { TimeApart } from './engine-clock';

/** About as long as an engine on this machine takes. */
const PAUSE_MS = 2;

/**
 * Ports in memory that wait a moment where an engine would be asked, and the time that went so. They
 * show what waiting alone does to the time of the code that goes on after it.
 */
export class PauseClock {
  private pausedMs = 0;

  pausing(ports: GuardPorts): GuardPorts {
    const { store } = ports.ledger;
    const { monthsOfRun } = ports.reader;
    return {
      ...ports,
      ledger: {
        ...ports.ledger,
        store: {
          apply: (write) => this.after(() => store.apply(write)),
          read: (ref) => this.after(() => store.read(ref)),
        },
      },
      reader: {
        ...ports.reader,
        monthsOfRun: (tenant, run) => this.after(() => monthsOfRun(tenant, run)),
      },
    };
  }

  /** What has come together since the last call of this. */
  take(): TimeApart {
    const { pausedMs } = this;
    this.pausedMs = 0;
    return { sdkMs: 0, wireMs: pausedMs };
  }

  private async after<T>(work: () => Promise<T>): Promise<T> {
    const startedMs = performance.now();
    await pause(PAUSE_MS);
    this.pausedMs += performance.now() - startedMs;
    return work();
  }
}
