// Computes what a task asks for: the gradients of a tree node's shards, summed along the tree.

import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { type CompiledStep, compile } from '../compiler/compile.js';
import type { RunConfig } from '../config/run-config.js';
import type { Sampler } from '../data/sampler.js';
import { RandomStream, seedOf } from '../numerics/random.js';
import { sizeOf } from '../numerics/shape.js';
import { addInto } from '../numerics/vectors.js';
import { initialParameters } from '../parameters/initial.js';
import type { Manifest, Net } from '../parameters/manifest.js';
import { vectorHash } from '../parameters/vector-hash.js';
import { minibatchOf, type Versions } from '../protocol/schedule.js';
import { leavesOf, sumAlongTree, type TreeNode } from '../protocol/shard-tree.js';
import { netOf, type StepKind } from '../protocol/step-kinds.js';
import {
  conditionInputs,
  type InputName,
  realInput,
  type StepContext,
  type StepDefinition,
  seesReal,
} from '../steps/step.js';
import { noiseAt, STEPS, shardSeed } from '../steps/steps.js';
import { RealItems } from './real-items.js';

/** A node's sum and its leaves' statistics, in order. */
export interface NodeGradient {
  payload: Float32Array;
  statistics: number[][];
}

/** A step of a line, as far as it decides what is computed. */
interface StepName {
  net: Net;
  stepKind: StepKind;
  step: number;
  branch: number;
  reads: Versions;
}

export type NodeRequest = TreeNode & StepName;

/** Both nets' vectors in the versions that a task names. */
export type Weights = Readonly<Record<Net, tf.Tensor>>;

/** What a worker computes with. */
export interface Computer {
  /** Gets ready for a kind of step. @returns sha256 of a gradient of inputs that are the same for every worker: a canary */
  prepare(stepKind: StepKind): string;
  compute(request: NodeRequest, weights: Weights): NodeGradient;
  /** An idle moment after a task. */
  readAhead(request: NodeRequest): void;
  dispose(): void;
}

const BEGIN: Versions = { discriminator: 0, generator: 0 };

/** What a shard is shown of the data. */
type RealInputs = Pick<Record<InputName, () => tf.Tensor>, 'real' | 'labels' | 'condition'>;

/** A step of one kind, ready to run. */
interface ReadyStep extends StepDefinition {
  compiled: CompiledStep;
}

/** The compiled steps of one worker process, each made when it is first needed. Holds TensorFlow sessions until `dispose`. */
export class GradientComputer implements Computer {
  private readonly steps = new Map<StepKind, ReadyStep>();
  /** of the branch that the last task belonged to */
  private real: { branch: number; items: RealItems } | undefined;

  constructor(
    private readonly config: RunConfig,
    private readonly context: StepContext,
    /** absent in a process whose steps see no real items */
    private readonly samplerOf: ((branch: number) => Sampler) | undefined,
    private readonly dumpFolder?: string,
  ) {}

  /** Compiles a kind's step ahead of its first task, and tries it. */
  prepare(stepKind: StepKind): string {
    return vectorHash(this.tried(stepKind).payload);
  }

  /** What a kind's step gives on the first weights, made-up items and the seed of step 0's first shard. */
  tried(stepKind: StepKind): { payload: Float32Array; statistics: Float32Array } {
    const { seed } = this.config;
    const first = (net: Net) =>
      tf.tensor1d(initialParameters(this.context.architecture[net].manifest, { seed, net }));
    const weights = { discriminator: first('discriminator'), generator: first('generator') };
    const name = { net: netOf(stepKind), stepKind, step: 0, branch: 0, shard: 0, reads: BEGIN };
    const { payload, statistics } = this.run(name, weights, this.madeUpItems());
    tf.dispose(weights);
    return { payload: payload!, statistics: statistics! };
  }

  private madeUpItems(): RealInputs {
    const { batch, classes } = this.context;
    const random = new RandomStream(seedOf(this.config.seed, 'canary'));
    const shape = [...realInput(this.context).shape];
    const items = Float32Array.from({ length: sizeOf(shape) }, () => random.normal());
    const labels = Int32Array.from({ length: batch }, (_, i) => i % (classes?.counts.length ?? 1));
    const condition = [...(this.conditionShape() ?? [])];
    const conditions = Float32Array.from({ length: sizeOf(condition) }, () => random.normal());
    return {
      real: () => tf.tensor(items, shape),
      labels: () => tf.tensor1d(labels, 'int32'),
      condition: () => tf.tensor(conditions, condition),
    };
  }

  /** `[batch, ...condition]`, where the data are pairs */
  private conditionShape(): readonly number[] | undefined {
    return conditionInputs(this.context)[0]?.shape;
  }

  private stepOf(stepKind: StepKind): ReadyStep {
    const known = this.steps.get(stepKind);
    if (known) return known;
    const { inputs, step } = STEPS[stepKind].define(this.context);
    const compiled = compile(step, inputs, {
      precision: this.config.precision,
      ...(this.dumpFolder ? { dumpFolder: join(this.dumpFolder, `${stepKind}-step`) } : {}),
    });
    const ready = { inputs, step, compiled };
    this.steps.set(stepKind, ready);
    return ready;
  }

  /**
   * @param weights stay the caller's
   * @returns a payload owned by the caller
   */
  compute(request: NodeRequest, weights: Weights): NodeGradient {
    const { shards } = this.config.minibatch;
    const { manifest } = this.context.architecture[request.net];
    const statistics: number[][] = [];
    const payload = sumAlongTree<Float32Array>(request, shards, {
      leaf: (shard) => {
        const place = { minibatch: this.minibatchOf(request), shard };
        const { payload, statistics: row } = this.run({ ...request, shard }, weights, {
          real: () => this.itemsOf(request.branch).take(place),
          labels: () => this.itemsOf(request.branch).takeLabels(place),
          condition: () => this.itemsOf(request.branch).takeConditions(place),
        });
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

  /** Feeds what the step declares, by name. What is made for this run alone is disposed after it. */
  private run(
    at: StepName & { shard: number },
    weights: Weights,
    real: RealInputs,
  ): Record<string, Float32Array> {
    const { inputs, compiled } = this.stepOf(at.stepKind);
    const sources: Record<InputName, () => tf.Tensor> = {
      discriminator: () => weights.discriminator,
      generator: () => weights.generator,
      ...real,
      noise: () => tf.tensor1d([noiseAt(this.config, at.reads)]),
      seed: () => tf.tensor1d(shardSeed(this.config, at), 'int32'),
    };
    const feeds = Object.fromEntries(inputs.map(({ name }) => [name, sources[name]()]));
    const values = compiled.run(feeds);
    for (const [name, tensor] of Object.entries(feeds)) if (!(name in weights)) tensor.dispose();
    return values;
  }

  /** Reads what the step after this one will probably want first: workers are mostly given the same node again. */
  readAhead(request: NodeRequest): void {
    if (!seesReal(this.stepOf(request.stepKind))) return;
    const { from } = leavesOf(request, this.config.minibatch.shards);
    const minibatch = this.minibatchOf({ ...request, step: request.step + 1 });
    this.itemsOf(request.branch).read({ minibatch, shard: from });
  }

  private minibatchOf(name: Pick<StepName, 'net' | 'step' | 'reads'>): number {
    return minibatchOf(this.config.schedule, name);
  }

  private itemsOf(branch: number): RealItems {
    if (this.real?.branch === branch) return this.real.items;
    const { shape } = realInput(this.context);
    const beside = { isLabelled: this.context.classes !== undefined, condition: this.conditionShape() };
    this.real = { branch, items: new RealItems(this.samplerOf!(branch), shape, beside) };
    return this.real.items;
  }

  dispose(): void {
    for (const { compiled } of this.steps.values()) compiled.dispose();
    this.steps.clear();
  }
}

/** A slot with merge rule 'first' takes the first shard's value: the others add nothing to the sum. */
function clearFirstOnly(payload: Float32Array, manifest: Manifest): void {
  for (const slot of manifest.slots) {
    const at = manifest.size + slot.offset;
    if (slot.merge === 'first') payload.fill(0, at, at + slot.size);
  }
}
