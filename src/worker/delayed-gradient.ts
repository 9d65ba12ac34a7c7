// A worker that computes nothing: it sleeps a known time a shard and answers with noise. With it a bench sees what server and wire
// can carry, on a machine whose cores could not feed them with real gradients. What it trains is noise too.
import * as tf from '@tensorflow/tfjs-core';
import type { RunConfig } from '../config/run-config.js';
import type { Architecture } from '../models/architecture.js';
import { RandomStream, seedOf } from '../numerics/random.js';
import { vectorLength } from '../parameters/layout.js';
import type { Net } from '../parameters/manifest.js';
import { vectorHash } from '../parameters/vector-hash.js';
import { leavesOf } from '../protocol/shard-tree.js';
import { netOf, type StepKind } from '../protocol/step-kinds.js';
import { statisticsOf } from '../steps/steps.js';
import type { Computer, NodeGradient, NodeRequest } from './shard-gradient.js';

/** About the size of a DCGAN's gradients: Adam and the weights stay finite over any bench. */
const NOISE = 1e-3;

export class DelayedGradient implements Computer {
  private readonly payloads = new Map<Net, Float32Array>();
  /** nobody ever wakes it: a wait for it is a sleep that blocks the event loop, as a TensorFlow session does */
  private readonly never = new Int32Array(new SharedArrayBuffer(4));

  constructor(
    private readonly delayMs: number,
    private readonly config: Pick<RunConfig, 'augmentation' | 'loss' | 'model' | 'minibatch'>,
    private readonly architecture: Architecture,
  ) {}

  prepare(stepKind: StepKind): string {
    const net = netOf(stepKind);
    const length = vectorLength(this.architecture[net].manifest);
    const random = new RandomStream(seedOf('noise', net));
    const payload = Float32Array.from({ length }, () => NOISE * random.normal());
    this.payloads.set(net, payload);
    return vectorHash(payload);
  }

  compute({ net, stepKind, level, index }: NodeRequest): NodeGradient {
    const { from, to } = leavesOf({ level, index }, this.config.minibatch.shards);
    Atomics.wait(this.never, 0, 0, this.delayMs * (to - from));
    const row = statisticsOf(stepKind, this.config).map(() => 0);
    return { payload: this.payloads.get(net)!, statistics: Array.from({ length: to - from }, () => row) };
  }

  readAhead(): void {}

  dispose(): void {
    this.payloads.clear();
  }
}

/** A backend that keeps no values: weights arrive as tensors, which nobody reads. */
class NoBackend extends tf.KernelBackend {
  override write(): object {
    return {};
  }
  override incRef(): void {}
  override refCount(): number {
    return 1;
  }
  override disposeData(): boolean {
    return true;
  }
  override floatPrecision(): 32 {
    return 32;
  }
  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }
}

/** Stands in for TensorFlow, which is not loaded. */
export function useNoBackend(): void {
  if (tf.findBackend('none') === null) tf.registerBackend('none', () => new NoBackend());
  tf.setBackend('none');
}
