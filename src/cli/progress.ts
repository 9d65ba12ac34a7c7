// One live line in a terminal; plain lines, now and then, where the output is a file or a pipe.
import { brief } from '../server/brief.js';
import type { Progress } from '../server/run-report.js';

/** Least time between two drawings of the live line, and between two plain lines. */
const LIVE_MS = 100;
const PLAIN_MS = 10_000;

export interface ProgressDisplay {
  show(progress: Progress): void;
  /** Writes a whole line without tearing the live one. */
  say(line: string): void;
  /** The same on the standard error. */
  complain(line: string): void;
  /** Leaves the last state on a line of its own. */
  end(): void;
}

export function progressDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
  let last: Progress | undefined;
  let shownMs = Number.NEGATIVE_INFINITY;
  let isLineOpen = false;
  const clear = () => {
    if (isLineOpen) stream.write('\r\x1b[2K');
    isLineOpen = false;
  };
  const draw = (progress: Progress) => {
    if (!stream.isTTY) {
      stream.write(`${describe(progress)}\n`);
      return;
    }
    clear();
    stream.write(describe(progress).slice(0, Math.max(20, (stream.columns ?? 120) - 1)));
    isLineOpen = true;
  };
  return {
    show(progress) {
      const nowMs = performance.now();
      const isDue = nowMs - shownMs >= (stream.isTTY ? LIVE_MS : PLAIN_MS);
      last = progress;
      if (!isDue) return;
      shownMs = nowMs;
      draw(progress);
      last = undefined;
    },
    say(line) {
      clear();
      stream.write(`${line}\n`);
    },
    complain(line) {
      clear();
      process.stderr.write(`nash: ${line}\n`);
    },
    end() {
      if (last) draw(last);
      last = undefined;
      if (isLineOpen) stream.write('\n');
      isLineOpen = false;
    },
  };
}

/** `step 120/2000 · 812 images/s · D right on real 78 % fake 83 % · loss D 0.930 G 1.410 · 2 min 20 s left` */
export function describe(p: Progress): string {
  return [
    `step ${p.steps.generator}/${p.generatorSteps}`,
    `${Math.round(p.imagesPerSecond).toLocaleString('en')} images/s`,
    judgementInWords(p.judgement),
    `loss D ${brief(p.lossDiscriminator)} G ${brief(p.lossGenerator)}`,
    ...leftInWords(p),
  ].join(' · ');
}

function leftInWords({ steps, generatorSteps, secondsLeft }: Progress): string[] {
  if (steps.generator >= generatorSteps) return ['done'];
  return secondsLeft === undefined ? [] : [`${duration(secondsLeft)} left`];
}

/** A D that gives probabilities is right or wrong; of a critic there are only means. */
function judgementInWords({
  accuracyReal,
  accuracyFake,
  criticReal,
  criticFake,
  criticDifference,
}: Progress['judgement']): string {
  const percent = (ratio: number | undefined) => `${Math.round(ratio! * 100)} %`;
  return criticDifference === undefined
    ? `D right on real ${percent(accuracyReal)} fake ${percent(accuracyFake)}`
    : `critic real ${brief(criticReal!)} fake ${brief(criticFake!)} apart ${brief(criticDifference)}`;
}

/** `45 s`, `2 min 20 s`, `3 h 5 min` */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
