/**
 * Names that providers' own documentation gives as exact spellings of a catalogue model, where the
 * catalogue knows them only through a pattern (`starts_with`). A pattern is never used at run time,
 * since it also accepts names that nobody sells; so each spelling is listed here, one by one. The
 * build fails if the catalogue would not resolve one of them to the very model named here.
 */
export const DOCUMENTED_ALIASES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  anthropic: {
    'claude-3-haiku-20240307': 'claude-3-haiku',
    'claude-3-5-haiku-20241022': 'claude-3-5-haiku-latest',
    'claude-3-5-sonnet-20240620': 'claude-3-5-sonnet',
    'claude-3-5-sonnet-20241022': 'claude-3-5-sonnet',
    'claude-3-5-sonnet-latest': 'claude-3-5-sonnet',
    'claude-3-7-sonnet-20250219': 'claude-3-7-sonnet-latest',
    'claude-3-opus-20240229': 'claude-3-opus-latest',
    'claude-haiku-4-5-20251001': 'claude-haiku-4-5',
    'claude-opus-4-1-20250805': 'claude-opus-4-1',
    'claude-opus-4-5-20251101': 'claude-opus-4-5',
    'claude-sonnet-4-20250514': 'claude-sonnet-4-0',
    'claude-sonnet-4-5-20250929': 'claude-sonnet-4-5',
  },
};
