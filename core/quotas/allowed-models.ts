import { canonicalProvider } from '../prices/catalogue';

/**
 * Does a list allow a model? Entries are exact names, `provider/model`, or `provider/*`. A step that
 * names no model is not on any list.
 */
export function isModelAllowed(
  allowed: readonly string[] | undefined,
  model: string | undefined,
  provider: string | undefined,
): boolean {
  if (allowed === undefined) return true;
  if (model === undefined) return false;
  const by = provider ?? canonicalProvider(model);
  const names = by === undefined ? [model] : [model, `${by}/${model}`, `${by}/*`];
  return names.some((name) => allowed.includes(name));
}
