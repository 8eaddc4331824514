import type { Repeated } from './statistics';

type Cell = string | number;

/** A Markdown table; columns of figures are aligned to the right. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const isFigure = (cell: Cell | undefined) => /^[–\d]/.test(String(cell));
  const rule = head.map((_, column) =>
    rows.every((row) => isFigure(row[column])) ? '--:' : '---',
  );
  return [head, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** With three significant digits; whole above 100. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 100) return value.toFixed(0);
  if (Math.abs(value) >= 10) return value.toFixed(1);
  return value.toFixed(2);
}

/** `median (least to most)`. */
export function withSpread({ median, least, most }: Repeated, write = figure): string {
  return `${write(median)} (${write(least)} to ${write(most)})`;
}

/** Paragraphs, tables and headings with an empty line between them. */
export function blocks(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n');
}
