import type { FunctionFault } from './messages';

/** How an invocation ended. */
export type Outcome =
  | { readonly kind: 'result'; readonly result: unknown }
  /** The handler threw. */
  | { readonly kind: 'fault'; readonly fault: FunctionFault }
  | { readonly kind: 'timeout'; readonly timeoutMs: number }
  /** The thread died, or could not load the bundle. */
  | { readonly kind: 'crash'; readonly message: string };
