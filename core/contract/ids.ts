/** `tenant`, `runId` and `stepId`: 1 to 64 of these characters, but not `.` or `..`. */
export const ID_PATTERN = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}$/;

export function isId(text: string): boolean {
  return ID_PATTERN.test(text);
}
