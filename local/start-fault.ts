/**
 * Something that keeps the local cloud from starting and that its user can put right. The message
 * is one sentence for the terminal; it is printed without a stack.
 */
export class StartFault extends Error {
  override readonly name = 'StartFault';
}
