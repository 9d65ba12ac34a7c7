// Computes what a task asks for: the gradients of a tree node's shards, summed along the tree.

import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { type CompiledStep, compile } from '../compiler/compile.js';
import type { RunConfig } from '../config/run-config.js';
import type { Sampler } from '../data/sampler.js';
import { lossOf } from '../losses/gan-loss.js';
import type { Architecture } from '../models/architecture.js';
import { RandomStream, seedOf } from '../numerics/random.js';
import { sizeOf } from '../numerics/shape.js';
import { addInto } from '../numerics/vectors.js';
import { initialParameters } from '../parameters/initial.js';
import { NETS, type Net } from '../parameters/manifest.js';
import { vectorHash } from '../parameters/vector-hash.js';
import { leavesOf, sumAlongTree, type TreeNode } from '../protocol/shard-tree.js';
import { discriminatorStep, generatorStep, type StepContext, type StepDefinition } from '../steps/step.js';
import { RealItems } from './real-items.js';

/** The context of a run's steps: one shard's worth of items. */
export const stepContextOf = (config: RunConfig, architecture: Architecture): StepContext => ({
  architecture,
  loss: lossOf(config.loss),
  latentDistribution: config.model.latentDistribution,
  batch: config.minibatch.size / config.minibatch.shards,
});

export const STEPS: Record<Net, (context: StepContext) => StepDefinition> = {
  discriminator: discriminatorStep,
  generator: generatorStep,
};

/** The seed of a shard's noise and dropout: decided by (seed, branch, net, step, shard) alone. */
export const shardSeed = (
  config: Pick<RunConfig, 'seed'>,
  { branch, net, step, shard }: { branch: number; net: Net; step: number; shard: number },
) => seedOf(config.seed, branch, 'shard', net, step, shard);

/** A node's sum and its leaves' statistics, in order. */
export interface NodeGradient {
  payload: Float32Array;
  statistics: number[][];
}

export interface NodeRequest extends TreeNode {
  net: Net;
  step: number;
  branch: number;
}

/** What a worker computes with. */
export interface Computer {
  /** Gets ready for a net's tasks. @returns sha256 of a gradient of inputs that are the same for every worker: a canary */
  prepare(net: Net): string;
  compute(request: NodeRequest, weights: Readonly<Record<Net, tf.Tensor>>): NodeGradient;
  /** An idle moment after a task. */
  readAhead(request: NodeRequest): void;
  dispose(): void;
}

/** The compiled steps of one worker process, each made when it is first needed. Holds TensorFlow sessions until `dispose`. */
export class GradientComputer implements Computer {
  private readonly steps = new Map<Net, CompiledStep>();
  /** of the branch that the last task belonged to */
  private real: { branch: number; items: RealItems } | undefined;

  constructor(
    private readonly config: RunConfig,
    private readonly architecture: Architecture,
    /** absent in a process that never computes D's steps */
    private readonly samplerOf: ((branch: number) => Sampler) | undefined,
    private readonly dumpFolder?: string,
  ) {}

  /** Compiles a net's step ahead of its first task, and tries it: on the first weights, made-up items, the seed of step 0's first shard. */
  prepare(net: Net): string {
    const { seed } = this.config;
    const weights = NETS.map((of) => {
      const { manifest } = this.architecture[of];
      return [of, tf.tensor1d(initialParameters(manifest, { seed, net: of }))];
    });
    const feeds: Record<string, tf.Tensor> = Object.fromEntries(weights);
    if (net === 'discriminator') {
      const random = new RandomStream(seedOf(seed, 'canary'));
      const shape = this.shapeOfItems();
      feeds.real = tf.tensor(
        Float32Array.from({ length: sizeOf(shape) }, () => random.normal()),
        shape,
      );
    }
    const { payload } = this.run({ net, step: 0, branch: 0, shard: 0 }, feeds);
    tf.dispose(feeds);
    return vectorHash(payload!);
  }

  private stepOf(net: Net): CompiledStep {
    const known = this.steps.get(net);
    if (known) return known;
    const { inputs, step } = STEPS[net](stepContextOf(this.config, this.architecture));
    const compiled = compile(step, inputs, {
      precision: this.config.precision,
      ...(this.dumpFolder ? { dumpFolder: join(this.dumpFolder, `${net}-step`) } : {}),
    });
    this.steps.set(net, compiled);
    return compiled;
  }

  /**
   * @param weights both nets' vectors in the versions that the task names; stay the caller's
   * @returns a payload owned by the caller
   */
  compute(request: NodeRequest, weights: Readonly<Record<Net, tf.Tensor>>): NodeGradient {
    const { shards } = this.config.minibatch;
    const { manifest } = this.architecture[request.net];
    const statistics: number[][] = [];
    const payload = sumAlongTree<Float32Array>(request, shards, {
      leaf: (shard) => {
        const { payload, statistics: row } = this.leaf({ ...request, shard }, weights);
        statistics.push(Array.from(row!));
        if (shard > 0) clearFirstOnly(payload!, manifest);
        return payload!;
      },
      add: (into, from) => {
        addInto(into, from);
        return into;
      },
    });
    return { payload, statistics };
  }

  private leaf(
    at: { net: Net; step: number; branch: number; shard: number },
    weights: Readonly<Record<Net, tf.Tensor>>,
  ): Record<string, Float32Array> {
    const feeds: Record<string, tf.Tensor> = { ...weights };
    if (at.net === 'discriminator') feeds.real = this.realItems(at.branch).take(at);
    const values = this.run(at, feeds);
    feeds.real?.dispose();
    return values;
  }

  private run(
    at: { net: Net; step: number; branch: number; shard: number },
    feeds: Readonly<Record<string, tf.Tensor>>,
  ): Record<string, Float32Array> {
    const seed = tf.tensor1d([...shardSeed(this.config, at)], 'int32');
    const values = this.stepOf(at.net).run({ ...feeds, seed });
    seed.dispose();
    return values;
  }

  /** Reads what the D step after this one will probably want first: workers are mostly given the same node again. */
  readAhead(request: NodeRequest): void {
    if (request.net === 'generator') return;
    const { from } = leavesOf(request, this.config.minibatch.shards);
    this.realItems(request.branch).read({ step: request.step + 1, shard: from });
  }

  private realItems(branch: number): RealItems {
    if (this.real?.branch === branch) return this.real.items;
    this.real = { branch, items: new RealItems(this.samplerOf!(branch), this.shapeOfItems()) };
    return this.real.items;
  }

  private shapeOfItems(): number[] {
    return [
      stepContextOf(this.config, this.architecture).batch,
      ...this.architecture.discriminator.inputShape,
    ];
  }

  dispose(): void {
    for (const step of this.steps.values()) step.dispose();
    this.steps.clear();
  }
}

/** A slot with merge rule 'first' takes the first shard's value: the others add nothing to the sum. */
function clearFirstOnly(payload: Float32Array, manifest: Architecture[Net]['manifest']): void {
  for (const slot of manifest.slots) {
    const at = manifest.size + slot.offset;
    if (slot.merge === 'first') payload.fill(0, at, at + slot.size);
  }
}
