// The run config: WHAT is learned and by which rules. Composed of each folder's own options; every default is visible
// in one of these files. Which settings decide the bits of a run is said in decisive.ts. Long, since it is one list of keys.
import { z } from 'zod';
import { augmentationOptions } from '../augmentation/augmentation.js';
import { instanceNoise } from '../augmentation/instance-noise.js';
import { dataOptions } from '../data/options.js';
import { lossOptions } from '../losses/losses.js';
import { modelOptions } from '../models/models.js';
import { averagingOptions, optimizerOptions } from '../optimizers/options.js';
import { NETS } from '../parameters/manifest.js';
import { penaltyOptions } from '../penalties/penalties.js';
import { ENDPOINT_OR_NONE, HTTP_ADDRESS } from '../protocol/network-address.js';
import { scheduleOptions } from '../protocol/schedule.js';
import { wrongMeasures } from './measures.js';
import { wrongPairs } from './pairs.js';

/** A choice by name whose settings may be changed without saying the name again; `choice` is what reference.ts knows it by. */
const named = <S extends z.ZodType>(schema: S, name: string) =>
  z
    .transform((value: unknown) =>
      value !== null && typeof value === 'object' && !('name' in value) ? { name, ...value } : value,
    )
    .meta({ choice: name })
    .pipe(schema)
    .prefault({ name } as never);

const count = z
  .int()
  .positive()
  .max(2 ** 31);

const minibatch = z
  .strictObject({
    size: z
      .int()
      .positive()
      .max(65_536)
      .default(64)
      .describe('real items of a D step, and samples of a step of either net'),
    shards: z
      .int()
      .positive()
      .max(1024)
      .default(4)
      .describe(
        'pieces that a minibatch is cut into: the largest number of workers a pool should ever have. Divides `size`',
      ),
    group: z
      .int()
      .positive()
      .optional()
      .describe(
        'samples coupled by batch norm, so that the model does not depend on `shards`; default: the whole shard',
      ),
  })
  .superRefine(({ size, shards, group }, context) => {
    if (size % shards !== 0) {
      context.addIssue({
        code: 'custom',
        path: ['shards'],
        message: `${shards} shards do not divide a minibatch of ${size}; these do: ${divisorsOf(size).join(', ')}`,
      });
    } else if (group !== undefined && (size / shards) % group !== 0) {
      context.addIssue({
        code: 'custom',
        path: ['group'],
        message: `groups of ${group} samples do not divide a shard, which has ${size / shards}; these do: ${divisorsOf(size / shards).join(', ')}`,
      });
    }
  });

/** Those up to 64: a size is asked about before it is known to be one, however large. */
const divisorsOf = (n: number): number[] =>
  Array.from({ length: 64 }, (_, i) => i + 1).filter((d) => d <= n && n % d === 0);

const httpAddress = z
  .string()
  .regex(
    HTTP_ADDRESS,
    'expected host:port, such as 127.0.0.1:9464 or [::1]:9464, or 127.0.0.1:9464+ for the first free port',
  );
const endpoint = z
  .string()
  .regex(
    ENDPOINT_OR_NONE,
    'expected tcp://address:port, such as tcp://127.0.0.1:0 or tcp://[::1]:0, or none',
  );

const prefixes = z.array(z.string().min(1).max(1024)).max(256).default([]);

const init = z
  .strictObject({
    from: z
      .string()
      .min(1)
      .max(4096)
      .nullable()
      .default(null)
      .describe(
        'weights to start from, each tensor by its name and shape: the folder of a run, whose newest checkpoint it is, or a file of safetensors',
      ),
    fromHash: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional()
      .describe('sha256 of that file; Nash writes it'),
    only: prefixes.describe(
      'of these alone: beginnings of names such as `generator`, `discriminator/conv`; default: whatever fits',
    ),
    outputBias: z
      .enum(['drawn', 'pixel-means'])
      .default('drawn')
      .describe(
        "`pixel-means`: G's last bias makes the mean of each pixel of the items, where all before it is 0, as goodfeli/adversarial's does; in mlp, " +
          'maxout and maxout-conv, which have one a pixel. `drawn`: as the network has it, 0 in those that come with Nash',
      ),
    freeze: prefixes.describe(
      'weights that stay as they are, by beginnings of names (FreezeD, Mo et al. 2020: the first layers of D)',
    ),
  })
  .describe('what the nets begin with, where it is not drawn from the seed');

export const runConfig = z
  .strictObject({
    seed: z
      .int()
      .min(0)
      .max(Number.MAX_SAFE_INTEGER)
      .default(1)
      .describe('of initial weights, latents, dropout and the order of the data'),
    data: dataOptions.describe('what is learned'),
    model: modelOptions.describe('the two networks'),
    loss: named(lossOptions, 'non-saturating').describe('what the nets minimize'),
    penalties: penaltyOptions.prefault({}),
    augmentation: named(augmentationOptions, 'none').describe(
      'random changes of real and generated pictures alike, before D sees them',
    ),
    instanceNoise,
    init: init.prefault({}),
    optimizer: z
      .strictObject({
        discriminator: named(optimizerOptions, 'adam'),
        generator: named(optimizerOptions, 'adam'),
      })
      .prefault({}),
    schedule: scheduleOptions.prefault({}),
    minibatch: minibatch.prefault({}),
    precision: z
      .enum(['float32', 'bfloat16'])
      .default('float32')
      .describe('of matrix work and the activations between; weights, sums and updates are float32 always'),
    device: z
      .strictObject({
        kind: z
          .enum(['cpu', 'gpu', 'auto'])
          .default('auto')
          .describe('what workers compute on; `auto`: a GPU where the library finds one'),
        threads: z.int().positive().max(256).default(1).describe('intra-op threads of every worker'),
      })
      .prefault({}),
    averaging: averagingOptions.prefault({}),
    checkpoint: z
      .strictObject({
        everySteps: count.default(500).describe("one each time that many of G's steps are done"),
        everySeconds: z
          .number()
          .positive()
          .max(1e9)
          .default(600)
          .describe('one more whenever this long has passed since the last, seconds'),
        keep: z
          .int()
          .positive()
          .max(1000)
          .default(3)
          .describe('newest ones by these two rules that stay; those of a stop and of an end stay besides'),
        patienceSeconds: z
          .number()
          .nonnegative()
          .max(1e9)
          .default(600)
          .describe(
            'training waits this long for a disk without room, trying again, before the run ends with 3; seconds',
          ),
        keepBest: z
          .string()
          .min(1)
          .max(64)
          .optional()
          .describe(
            'a value of docs/measures.md, such as `coverage`: the checkpoint where it was best stays too. Training waits for each evaluation',
          ),
      })
      .prefault({}),
    ledger: z
      .strictObject({
        everySteps: count
          .default(100)
          .describe(
            "G's steps from one line of ledger.jsonl, with the hashes of the weights, to the next; each checkpoint has one besides",
          ),
      })
      .prefault({}),
    evaluation: z
      .strictObject({
        everySteps: count.default(100).describe("G's steps from one evaluation to the next"),
        samples: z
          .int()
          .min(64)
          .max(100_000)
          .default(2500)
          .describe('samples drawn for the measures of ring and grid (PacGAN: 2,500)'),
        measures: z
          .array(z.string().min(1).max(64))
          .max(64)
          .default([])
          .describe(
            'what is measured besides at each evaluation, by the names of docs/measures.md: `[coverage, frechet]`',
          ),
      })
      .prefault({}),
    collapse: z
      .strictObject({
        threshold: z
          .number()
          .min(0)
          .max(1)
          .default(0.5)
          .describe("a collapse score above it is bad; 0.5: more than half of the data's variety is missing"),
        after: z
          .number()
          .min(0)
          .max(1e9)
          .default(0.2)
          .describe(
            'bad scores count after it, and from the first one that was not bad: an untrained G lacks variety too. ' +
              "Below 1 a share of the run, else G's steps",
          ),
        patience: z
          .int()
          .positive()
          .max(1000)
          .default(3)
          .describe('bad evaluations in a row that are a collapse; one alone may be an oscillation'),
      })
      .prefault({})
      .describe('when samples that lack variety are a collapse: to verdicts, the alert and the figure'),
    onCollapse: z
      .enum(['alert', 'stop', 'rollback'])
      .default('alert')
      .describe(
        '`stop` and `rollback` make training wait for each evaluation: its verdict decides the weights',
      ),
    onDivergence: z
      .enum(['stop', 'rollback'])
      .default('stop')
      .describe('what follows when a step diverges again, computed with an eye on every answer'),
    // each default is 30,000 times and more what the configs that come with Nash reach (measured on ring, grid-collapse and mnist-gan: losses
    // 20, norms 350, weights 3), and lies far from where float32 ends
    divergence: z
      .strictObject({
        loss: z
          .number()
          .positive()
          .max(1e30)
          .default(1e6)
          .describe("magnitude of a step's loss, penalties included"),
        gradientNorm: z
          .number()
          .positive()
          .max(2 ** 60)
          .default(1e8)
          .describe(
            "Euclidean norm of a step's averaged gradient; beyond 100 is trouble, as practitioners say (ganhacks)",
          ),
        weight: z
          .number()
          .positive()
          .max(1e30)
          .default(1e5)
          .describe('magnitude of a weight after an update'),
      })
      .prefault({})
      .describe('what is beyond these has diverged, as what is not finite has'),
    verify: z
      .strictObject({
        fraction: z
          .number()
          .min(0)
          .max(1)
          .default(0)
          .describe(
            'share of tasks computed twice: such a task counts once two workers agree on it, bit for bit, of two hosts or keys where ' +
              'there are two. At 1 no minority of those gets wrong bits into the weights; a majority that agrees does, as does a liar ' +
              'alone in its pool, and below 1 whoever lies in what is not computed twice',
          ),
      })
      .prefault({}),
    server: z
      .strictObject({
        endpoint: endpoint
          .default('none')
          .describe(
            'where workers of other hosts, or of other users with a key, reach the server: tcp://address:port; `none`: only processes ' +
              'of its user on its host do',
          ),
        http: httpAddress
          .default('127.0.0.1:9464+') // several runs of one host
          .describe(
            'host:port of /metrics, /status and the rest; port 0 for any free one, with a plus the first free one from there on',
          ),
        httpNames: z
          .array(z.string().min(1).max(253))
          .max(64)
          .default([])
          .describe(
            "names, besides this host's own, under which browsers and Prometheus may ask for the pages",
          ),
        keys: z
          .string()
          .min(1)
          .optional()
          .describe(
            "folder of keys, or `none`; default: ~/.config/nash/keys, if it holds a server's key. On loopback a server without them " +
              'takes a key that is made for the run',
          ),
        trustedNetwork: z
          .boolean()
          .default(false)
          .describe(
            'whoever reaches the endpoint may join without a key, where there are none; needed for that beyond loopback',
          ),
      })
      .prefault({}),
    stop: z
      .strictObject({
        generatorSteps: count.default(10_000).describe("G's steps after which the run is done"),
      })
      .prefault({}),
  })
  .superRefine(({ data, model, init, optimizer, schedule: { extragradient } }, context) => {
    const refuse = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (init.outputBias === 'pixel-means' && !('path' in data))
      refuse(
        ['init', 'outputBias'],
        `pixel-means are those of stored items, and 'data.source' is ${data.source}, of which points are drawn: say drawn, or choose data of pictures`,
      );
    if (
      'auxiliaryWeight' in model &&
      model.auxiliaryWeight !== undefined &&
      model.conditional !== 'auxiliary'
    )
      refuse(
        ['model', 'auxiliaryWeight'],
        `it weighs what an auxiliary classifier adds to the losses, and 'model.conditional' is ${model.conditional}: say auxiliary there, or ` +
          'leave the weight out',
      );
    for (const net of NETS) {
      const { learningRate, schedule, lookahead } = optimizer[net];
      if (extragradient && lookahead)
        refuse(
          ['optimizer', net, 'lookahead'],
          "it moves the weights that 'schedule.extragradient' goes back to: leave one of the two out",
        );
      const { minimum } = schedule as { minimum?: number };
      if (minimum && minimum > learningRate)
        refuse(
          ['optimizer', net, 'schedule', 'minimum'],
          `the rate would rise to ${minimum} from 'optimizer.${net}.learningRate', which is ${learningRate}; expected at most that`,
        );
    }
  })
  .superRefine(({ model, minibatch: { size, shards, group } }, context) => {
    const { packing = 1 } = model as { packing?: number };
    const coupled = group ?? size / shards;
    if (Number.isInteger(coupled) && coupled % packing !== 0) {
      context.addIssue({
        code: 'custom',
        path: ['model', 'packing'],
        message: `packs of ${packing} items do not divide ${group === undefined ? 'a shard' : 'a group'}, which has ${coupled}; these do: ${divisorsOf(coupled).join(', ')}`,
      });
    }
  })
  .superRefine((config, context) => {
    for (const { path, message } of [...wrongMeasures(config), ...wrongPairs(config)])
      context.addIssue({ code: 'custom', path, message });
  });

export type RunConfig = z.infer<typeof runConfig>;
