/** Says on standard error what is being measured, with the seconds since the start. */
export type Say = (what: string) => void;

export function startProgress(): Say {
  const startedMs = performance.now();
  return (what) => {
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    process.stderr.write(`[${String(seconds).padStart(4)} s] ${what}\n`);
  };
}
