import { createWriteStream, mkdirSync, renameSync, statSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';

/** Takes what functions write. */
export interface FunctionLog {
  line(functionName: string, line: string): void;
  /** Something that people should see, such as an alert; always shown. */
  notice(text: string): void;
  /** Something that went wrong outside a function's own handling; always shown. */
  trouble(text: string): void;
  close(): Promise<void>;
}

const BIGGEST_FILE_BYTES = 20 * 1024 * 1024;
const SHOWN = /"level":"(ERROR|CRITICAL)"/;

function openFile(dataDir: string): WriteStream {
  const folder = join(dataDir, 'logs');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'functions.log');
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > BIGGEST_FILE_BYTES) renameSync(file, `${file}.old`);
  return createWriteStream(file, { flags: 'a' });
}

/**
 * @param dataDir everything is written to `logs/functions.log` there; undefined: kept nowhere
 * @param isShown everything is shown on the terminal; else errors alone
 */
export function openFunctionLog(dataDir: string | undefined, isShown: boolean): FunctionLog {
  const file = dataDir === undefined ? undefined : openFile(dataDir);
  return {
    line(functionName, line) {
      file?.write(`${functionName} ${line}\n`);
      if (isShown || SHOWN.test(line)) process.stderr.write(`${functionName} ${line}\n`);
    },
    notice(text) {
      file?.write(`${text}\n`);
      process.stderr.write(`${text}\n`);
    },
    trouble(text) {
      file?.write(`${text}\n`);
      process.stderr.write(`${text}\n`);
    },
    close: () =>
      new Promise((resolve) => {
        if (file === undefined) resolve();
        else file.end(() => resolve());
      }),
  };
}
