/** Between the host and a function's thread. */
export interface ThreadSettings {
  readonly file: string;
  readonly exportName: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMb: number;
  readonly clockOffsetMs: number;
}

export interface InvokeMessage {
  readonly id: number;
  readonly requestId: string;
  readonly event: unknown;
  readonly timeoutMs: number;
}

export type ThreadMessage =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'result'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'fault'; readonly id: number; readonly fault: FunctionFault };

export interface FunctionFault {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
}
