// Makes a net's next version of the one before and of the shards' sum: the optimizer's update, lookahead, state slots, G's average, bounds on
// units. The old vectors are read and only new ones are written, so that a version which is refused leaves nothing behind.
import type { RunConfig } from '../../config/run-config.js';
import {
  type Deed,
  type FilePlace,
  type Operation,
  type Outcome,
  part,
  type Vector,
  type VectorEngine,
} from '../../numerics/vector-engine.js';
import { averagingAt } from '../../optimizers/averaging.js';
import { clippedShare } from '../../optimizers/clipping.js';
import { isExtrapolation } from '../../optimizers/extragradient.js';
import { copying, lookaheadAfter } from '../../optimizers/lookahead.js';
import type { Optimizer } from '../../optimizers/optimizer.js';
import { beginsWithAny, fullName, spansOf } from '../../parameters/frozen.js';
import type { Layout } from '../../parameters/layout.js';
import type { Net } from '../../parameters/manifest.js';
import { boundsOf } from '../../penalties/penalties.js';
import type { NetState } from './net-state.js';

/** Of what a version is made, and into what. */
export interface Ingredients {
  net: Net;
  /** the version of `old` */
  step: number;
  old: NetState;
  /** allocated for version `step + 1`; what lies in it does not matter */
  next: NetState;
  /** the shards' sum, or two halves of it, which are added up in the first */
  sums: readonly [Vector] | readonly [Vector, Vector];
  /** in a checkpoint's file, which takes the weights as they are made */
  place?: FilePlace | undefined;
}

export interface Made {
  /** whether the gradient and all new weights are finite and within the config's `divergence.weight` */
  finite: boolean;
  /** of the averaged gradient before it is clipped, weights that stay aside */
  gradientNorm: number;
  /** why the checkpoint's file is not as it should be */
  trouble: string | undefined;
}

/** A piece of the next version, `at` floats from the beginning, and what makes it of that piece of the shards' sum. */
interface Making {
  at: number;
  made: Vector;
  deed(sum: Vector): Deed;
  /** what belongs to it beside that: lookahead, the optimizer's state of weights that stay */
  beside?: readonly Deed[];
  /** it is an update, and what it measures is the gradient */
  isUpdate: boolean;
}

const storing = ({ file, position }: FilePlace, vector: Vector, at: number): Deed => ({
  kind: 'store',
  vector,
  to: { file, position: position + 4 * at },
});

export class VersionMaker {
  constructor(
    private readonly engine: VectorEngine,
    private readonly config: RunConfig,
    private readonly layout: Layout,
    private readonly optimizers: Readonly<Record<Net, Optimizer>>,
  ) {}

  async make(ingredients: Ingredients): Promise<Made> {
    const { net, sums, place } = ingredients;
    const { clipNorm } = this.config.optimizer[net];
    const norm = clipNorm === undefined ? undefined : await this.addUp(ingredients);
    const [sum, other] = norm === undefined ? sums : [sums[0]];
    const follow = (made: Vector, at: number): Deed[] => [
      ...this.averaging(ingredients, made, at),
      ...(place ? [storing(place, made, at)] : []),
    ];
    const makings = [
      ...this.updates(ingredients, clippedShare(norm ?? 0, clipNorm)),
      ...this.merges(ingredients),
    ];
    const { finite, measures, trouble } = await this.perform(
      makings.map(({ at, made, deed, beside = [] }) => {
        const of = (vector: Vector) => part(vector, at, made.length);
        const own = deed(of(sum));
        return {
          own: other ? [{ kind: 'add', into: of(sum), from: of(other) }, own] : [own],
          after: [...beside, ...follow(made, at)],
        };
      }),
      this.shortenings(ingredients),
    );
    if (norm !== undefined) return { finite, gradientNorm: norm, trouble };
    const squaredNorm = measures.reduce(
      (total, measure, i) => total + (makings[i]!.isUpdate ? measure.squaredNorm : 0),
      0,
    );
    // where halves are added up, their sum is what is measured
    const gradientNorm = Math.sqrt(squaredNorm) / (other ? this.config.minibatch.shards : 1);
    return { finite, gradientNorm, trouble };
  }

  /**
   * Piece by piece. What comes after a piece is done with it at once, while it is in a core's cache, unless units of it are shortened before:
   * they lie across pieces.
   * @returns what the pieces' own first deeds measured
   */
  private async perform(
    pieces: readonly { own: readonly Deed[]; after: readonly Deed[] }[],
    shortenings: readonly Operation[],
  ): Promise<Outcome> {
    const operationOf = ([first, ...followedBy]: readonly Deed[]) =>
      first ? [{ ...first, followedBy }] : [];
    const { engine } = this;
    if (shortenings.length === 0)
      return engine.together(pieces.flatMap(({ own, after }) => operationOf([...own, ...after])));
    const made = await engine.together(pieces.flatMap(({ own }) => operationOf(own)));
    if (!made.finite) return made;
    await engine.together(shortenings);
    const { trouble } = await engine.together(pieces.flatMap(({ after }) => operationOf(after)));
    return { ...made, trouble };
  }

  /**
   * Adds the halves up first: what is clipped has to be known whole.
   * @returns the norm of the averaged gradient, the same bits for whatever the workers added up themselves
   */
  private async addUp({ net, step, sums: [sum, other] }: Ingredients): Promise<number> {
    const manifest = this.layout.manifest(net, step);
    const spans = [
      ...spansOf(net, manifest, this.config.init.freeze),
      ...(sum.length > manifest.size ? [{ from: manifest.size, to: sum.length, isFrozen: true }] : []), // state slots
    ];
    const operations = spans.map(({ from, to }): Operation => {
      const of = (vector: Vector) => part(vector, from, to - from);
      return other ? { kind: 'add', into: of(sum), from: of(other) } : { kind: 'scan', vector: of(sum) };
    });
    const { measures } = await this.engine.together(operations);
    const squares = spans.map(({ isFrozen }, i) => (isFrozen ? 0 : measures[i]!.squaredNorm));
    return Math.sqrt(squares.reduce((total, square) => total + square, 0)) / this.config.minibatch.shards;
  }

  /** @param share of the averaged gradient that is applied */
  private updates({ net, step, old, next }: Ingredients, share: number): Making[] {
    const { optimizer: optimizers, init, schedule, minibatch, divergence } = this.config;
    const isAhead = isExtrapolation(schedule.extragradient, step + 1);
    const { lookahead } = optimizers[net];
    const optimizer = this.optimizers[net];
    const { weight: bound } = boundsOf(net, this.config);
    return spansOf(net, this.layout.manifest(net, step), init.freeze).map(
      ({ from: at, to, isFrozen }): Making => {
        const of = (vector: Vector) => part(vector, at, to - at);
        const [made, before] = [of(next.parameters), of(old.parameters)];
        const [state, stateInto] = [old.optimizerState.map(of), next.optimizerState.map(of)];
        const weights = old.base && !isAhead ? of(old.base) : before;
        const keeping = old.base ? [copying(of(next.base!), weights)] : [];
        if (isFrozen)
          return {
            at,
            made,
            deed: () => copying(made, before),
            beside: [
              ...stateInto.map((into, i) => copying(into, state[i]!)),
              ...(old.slow ? [copying(of(next.slow!), of(old.slow))] : []),
              ...keeping,
            ],
            isUpdate: false,
          };
        const update = (gradient: Vector): Deed => ({
          kind: 'update',
          kernel: optimizer.kernel,
          gradient,
          scale: share / minibatch.shards,
          weights,
          into: made,
          state,
          stateInto,
          scalars: optimizer.scalars(step + 1),
          ...(bound === undefined ? {} : { bound }),
          limit: divergence.weight,
        });
        const after = lookaheadAfter(lookahead, step + 1, {
          fast: made,
          ...(old.slow && { slow: of(old.slow), slowInto: of(next.slow!) }),
        });
        return { at, made, deed: update, beside: [...after, ...keeping], isUpdate: true };
      },
    );
  }

  /** State slots: new = momentum * old + (1 - momentum) * merged, each by its merge rule. */
  private merges({ net, step, old, next }: Ingredients): Making[] {
    const { size, slots } = this.layout.manifest(net, step);
    const { shards } = this.config.minibatch;
    return slots.map(({ offset, size: length, merge, momentum }): Making => {
      const at = size + offset;
      const [into, before] = [next, old].map(({ parameters }) => part(parameters, at, length));
      const take = (1 - momentum) * (merge === 'mean' ? 1 / shards : 1);
      const deed = (from: Vector): Deed => ({
        kind: 'blend',
        into: into!,
        old: before!,
        from,
        keep: momentum,
        take,
      });
      return { at, made: into!, deed, isUpdate: false };
    });
  }

  /** G's average follows what was just made, `at` floats from the start. */
  private averaging({ step, old, next }: Ingredients, from: Vector, at: number): Deed[] {
    if (!old.average) return [];
    const { averaging, minibatch, schedule } = this.config;
    const isAhead = isExtrapolation(schedule.extragradient, step + 1);
    const { keep, take } = isAhead ? { keep: 1, take: 0 } : averagingAt(averaging, step + 1, minibatch.size);
    const [into, before] = [next, old].map(({ average }) => part(average!, at, from.length));
    return [{ kind: 'blend', into: into!, old: before!, from, keep, take }];
  }

  /** What shortens units, where the config bounds them. */
  private shortenings({ net, step, next }: Ingredients): Operation[] {
    const { unit: bound } = boundsOf(net, this.config);
    if (bound === undefined) return [];
    const { freeze } = this.config.init;
    return this.layout
      .manifest(net, step)
      .entries.filter(({ name, shape }) => shape.length > 1 && !beginsWithAny(fullName(net, name), freeze))
      .map(({ offset, size, shape, outputAxis: axis = shape.length - 1 }) => {
        const kernel = part(next.parameters, offset, size);
        return { kind: 'shortenUnits', kernel, shape, axis, bound };
      });
  }
}
