import { MaestroRequestError, MaestroUnavailableError } from './maestro-errors';

/**
 * Waits for a token no longer than the signal allows.
 *
 * @throws MaestroUnavailableError once the signal is aborted, or if the source fails: it may have
 *   its reasons to work at the next attempt. What the source says about Maestro itself stays.
 */
export async function awaitToken(token: Promise<string>, signal: AbortSignal): Promise<string> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () =>
      reject(new MaestroUnavailableError('no token in time', undefined, { cause: signal.reason }));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([token, aborted]);
  } catch (error) {
    if (error instanceof MaestroUnavailableError || error instanceof MaestroRequestError) {
      throw error;
    }
    throw new MaestroUnavailableError('no token to be had', undefined, { cause: error });
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop);
  }
}
