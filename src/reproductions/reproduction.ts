// What `nash reproduce` knows of a published experiment: the config that trains it, how it is measured, and what others published.

/** A row that somebody published. */
export interface Published {
  method: string;
  /** paper and table */
  source: string;
  /** by the names of our measures; absent where the source has none */
  measures: Readonly<Record<string, Figure>>;
}

export interface Figure {
  mean: number;
  /** absent where the source gives none */
  standardError?: number;
}

export interface Beside {
  method: string;
  config: string;
}

export interface Reproduction {
  name: string;
  /** one that comes with Nash, by its name */
  config: string;
  /** the protocol's constants, and where ours departs from the paper, a line each */
  protocol: readonly string[];
  /** how many where nobody says */
  seeds: number;
  /** what measures a finished run: its evaluator's last evaluation, a file of cli, or a measure of `nash evaluate` */
  measuredBy: 'evaluator' | 'one-dimension' | 'loss-correlation' | 'parzen' | 'stacked-modes';
  /**
   * of the catalogue of metrics, without `gan_`, or those of one-dimension.ts, and how a person reads them; `error`: the measure that is the
   * standard error where there is one seed
   */
  measures: readonly { name: string; title: string; isShare?: boolean; error?: string }[];
  /** what is trained with as many seeds, each a row of its own */
  beside?: readonly Beside[];
  published: readonly Published[];
}

/** Mean and standard error of the mean: the deviation with n - 1, by the root of n; of a single value there is no error. */
export function figureOf(values: readonly number[]): Figure {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean };
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardError: Math.sqrt(squares / (values.length - 1) / values.length) };
}

/** Of each measure, what seeds came to. @param seeds at least one */
export function figuresOf(
  { measures }: Pick<Reproduction, 'measures'>,
  seeds: readonly Readonly<Record<string, number>>[],
): Record<string, Figure> {
  return Object.fromEntries(
    measures.map(({ name, error }) => {
      const figure = figureOf(seeds.map((one) => one[name]!));
      const own = seeds.length === 1 && error !== undefined ? seeds[0]![error] : undefined;
      return [name, own === undefined ? figure : { ...figure, standardError: own }];
    }),
  );
}

/** As a person reads it: shares in percent, anything else with three digits. */
export function inWords({ mean, standardError }: Figure, isShare = false): string {
  const text = (value: number) => (isShare ? (100 * value).toFixed(1) : String(Number(value.toPrecision(3))));
  return standardError === undefined ? text(mean) : `${text(mean)} ± ${text(standardError)}`;
}

/** The table that a person reads: our row first, then those beside it, then the published ones. */
export function tableOf(
  { measures, published }: Pick<Reproduction, 'measures' | 'published'>,
  ours: Readonly<Record<string, Figure>>,
  title: string,
  beside: readonly Published[] = [],
): string[] {
  const rowOf = (name: string, of: Readonly<Record<string, Figure>>, source: string) => [
    name,
    ...measures.map(({ name: measure, isShare }) => (of[measure] ? inWords(of[measure], isShare) : '-')),
    source,
  ];
  const rows = [
    ['', ...measures.map(({ title }) => title), 'source'],
    rowOf(title, ours, 'this run'),
    ...[...beside, ...published].map(({ method, source, measures: of }) => rowOf(method, of, source)),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((text, i) => text.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
}
