import type { IncomingMessage } from 'node:http';

/**
 * @returns the body, or undefined when it is longer than `limitBytes`; the rest is not read then
 * @throws Error when the caller goes away in the middle
 */
export async function readBody(
  request: IncomingMessage,
  limitBytes: number,
): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  // Not destroyed at the limit, so that an answer can still be sent.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    length += (chunk as Buffer).length;
    if (length > limitBytes) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks, length);
}
