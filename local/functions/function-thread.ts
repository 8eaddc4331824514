import { parentPort, workerData } from 'node:worker_threads';
import type { FunctionFault, InvokeMessage, ThreadMessage, ThreadSettings } from './messages';
import { shiftDate } from './shifted-date';

const settings = workerData as ThreadSettings;
if (settings.clockOffsetMs !== 0) shiftDate(settings.clockOffsetMs);

type Handler = (event: unknown, context: object) => Promise<unknown>;

function report(message: ThreadMessage): void {
  parentPort?.postMessage(message);
}

function describe(error: unknown): FunctionFault {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const { name, message, stack } = error;
  return { name, message, ...(stack !== undefined && { stack }) };
}

/** What Lambda passes beside the event. */
function contextOf({ requestId, timeoutMs }: InvokeMessage): object {
  const endsAt = performance.now() + timeoutMs;
  return {
    functionName: settings.functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: settings.functionArn,
    memoryLimitInMB: String(settings.memoryMb),
    awsRequestId: requestId,
    logGroupName: `/aws/lambda/${settings.functionName}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, Math.round(endsAt - performance.now())),
  };
}

function loadHandler(): Handler {
  const bundle = require(settings.file) as Record<string, unknown>;
  const handler = bundle[settings.exportName];
  if (typeof handler !== 'function') {
    throw new Error(`${settings.file} exports no function ${settings.exportName}`);
  }
  return handler as Handler;
}

const handler = loadHandler();
parentPort?.on('message', (message: InvokeMessage) => {
  // Wrapped, so that a handler that throws at once is a fault of this call, not of the thread.
  void (async () => handler(message.event, contextOf(message)))().then(
    (result) => report({ kind: 'result', id: message.id, result }),
    (error: unknown) => report({ kind: 'fault', id: message.id, fault: describe(error) }),
  );
});
report({ kind: 'loaded' });
