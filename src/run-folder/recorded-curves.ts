// What metrics.jsonl has recorded of a run, as curves over G's steps.

/** By the name of the value, each in the order of steps. */
export type Curves = Map<string, { step: number; value: number }[]>;

/** Every number that its lines of steps and evaluations have. A last line that a killed server left unfinished is no line. */
export function curvesOf(text: string): Curves {
  const curves: Curves = new Map();
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  for (const line of lines.filter((each) => each !== '')) {
    const { kind, step, steps, ...values } = JSON.parse(line) as Record<string, unknown> & {
      step?: number;
      steps?: { generator: number };
    };
    const at = kind === 'step' ? steps?.generator : kind === 'evaluation' ? step : undefined;
    if (at === undefined) continue;
    for (const [name, value] of Object.entries(values)) {
      if (typeof value !== 'number') continue;
      const curve = curves.get(name) ?? [];
      while ((curve.at(-1)?.step ?? -1) >= at) curve.pop(); // of a line that was left: the run went back
      curve.push({ step: at, value });
      curves.set(name, curve);
    }
  }
  return curves;
}
