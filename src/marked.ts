// Pages that are partly made: what stands between `<!-- NAME:begin -->` and `<!-- NAME:end -->`.

/** @returns the page with a text between its two marks, or undefined where it has none */
export function withMarked(page: string, name: string, text: string): string | undefined {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) return undefined;
  return `${page.slice(0, from + begin.length)}\n${text}\n${page.slice(to)}`;
}
