// From an objective to what a step gives: the gradient of its loss, the new values of state slots, and statistics.
import * as tf from '@tensorflow/tfjs-core';
import { layer } from '../compiler/layer-scope.js';
import { adopt, outlive } from '../kernels/kernel.js';
import type { NamedTensors, Network } from '../models/network.js';
import type { Penalty, PenaltyContext } from '../penalties/penalty.js';
import type { Statistic } from './step.js';

/** What a net minimizes, and what is told beside it. */
export interface Objective {
  loss: tf.Scalar;
  /** all that the step's entry lists, but `loss` */
  statistics: Readonly<Record<string, tf.Tensor>>;
  slots: NamedTensors;
}

/**
 * A step's outputs: `payload` `[size + slotSize]`, the gradient of the loss by the network's parameters followed by its new slot
 * values, in the manifest's order; `statistics`, one number each.
 */
export function differentiate(
  { manifest }: Network,
  parameters: NamedTensors,
  statistics: readonly Statistic[],
  objective: (parameters: NamedTensors) => Objective,
): { payload: tf.Tensor; statistics: tf.Tensor } {
  const names = [...parameters.keys()];
  let kept: { statistics: Map<string, tf.Tensor>; slots: Map<string, tf.Tensor> } | undefined;
  const { value: loss, grads } = tf.valueAndGrads((...tensors: tf.Tensor[]) => {
    const result = objective(new Map(names.map((name, i) => [name, tensors[i]!])));
    kept = { statistics: keepAll(Object.entries(result.statistics)), slots: keepAll(result.slots) };
    return result.loss;
  })([...parameters.values()]);
  const slots = adoptAll(kept!.slots);
  const told = adoptAll(kept!.statistics).set('loss', loss);
  const gradients = new Map(names.map((name, i) => [name, grads[i]!]));
  return {
    payload: flatten([
      ...manifest.entries.map(({ name }) => gradients.get(name)!),
      ...manifest.slots.map(({ name }) => slots.get(name)!),
    ]),
    statistics: tf.stack(statistics.map(({ name }) => told.get(name)!)),
  };
}

/** tfjs clears everything but loss and gradients. */
const keepAll = (tensors: Iterable<[string, tf.Tensor]>): Map<string, tf.Tensor> =>
  new Map([...tensors].map(([name, tensor]) => [name, outlive(tensor)]));

const adoptAll = (tensors: ReadonlyMap<string, tf.Tensor>): Map<string, tf.Tensor> =>
  new Map([...tensors].map(([name, tensor]) => [name, adopt(tensor)]));

/** One vector of all tensors, one after another. */
const flatten = (parts: readonly tf.Tensor[]): tf.Tensor =>
  layer('payload', () => tf.concat(parts.map((part) => tf.reshape(part, [part.size]))));

/** What penalties are given, but for their state; and of that what there was before, and what the network has written. */
type Given<C extends PenaltyContext> = Omit<C, 'slot' | 'writeSlot'> & {
  before: NamedTensors;
  written: NamedTensors;
};

/** A loss with the terms that penalties add to it, and all slots of the net; a slot that nobody wrote in this step keeps its value. */
export function penalized<C extends PenaltyContext>(
  loss: tf.Scalar,
  penalties: readonly Penalty<C>[],
  { before, written, ...given }: Given<C>,
): Pick<Objective, 'loss' | 'slots'> {
  const slots = new Map([...before, ...written]);
  const state = {
    slot: (name: string) => before.get(name)!,
    writeSlot: (name: string, value: tf.Tensor) => void slots.set(name, value),
  };
  const terms = penalties.map((penalty) => penalty({ ...given, ...state } as unknown as C));
  return { loss: withTerms(loss, terms), slots };
}

/** The sum of a loss and what is added to it. */
export const withTerms = (loss: tf.Scalar, terms: readonly tf.Scalar[]): tf.Scalar =>
  terms.reduce<tf.Scalar>((sum, term) => tf.add(sum, term), loss);
