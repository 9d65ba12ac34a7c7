// Configs that are refused: by Nash with a sentence, and by the JSON Schema, as far as that can say why.

export const RING = 'data: { source: ring }\nmodel: { name: mlp }\n';

const aliases = (first: string, width: number) =>
  [first, ...'bcd']
    .map((_, i) => `${'abcd'[i]}: &${'abcd'[i]} [${new Array(width).fill(i ? `*${'abcd'[i - 1]}` : 'x')}]`)
    .join('\n');
/** 12^4 values in 200 bytes */
const BOMB = aliases('a', 12);
/** few aliases of one large list */
const SMALL_BOMB = `a: &a [${new Array(2000).fill('x')}]\nb: [*a, *a, *a, *a, *a, *a]`;

/** Configs and settings that are refused, and what is said of them. */
export const WRONG: [what: string, text: string, sets: string[], says: RegExp][] = [
  ['an unknown key', `${RING}sead: 3`, [], /unknown key 'sead'; did you mean 'seed'\?/],
  [
    'an unknown nested key',
    RING,
    ['optimizer.generator.learningrate=0.1'],
    /did you mean 'optimizer.generator.learningRate'/,
  ],
  [
    'an unknown network',
    'data: { source: ring }\nmodel: { name: dcgann }',
    [],
    /'model.name' is "dcgann"; expected one of mlp, maxout, .*dcgan.*, module; did you mean 'dcgan'/,
  ],
  ['an unknown source', RING, ['data.source=mnst'], /expected one of .*mnist.*did you mean 'mnist'/],
  [
    'an unknown loss',
    RING,
    ['loss.name=hinges'],
    /'loss.name' is "hinges"; expected one of minimax, non-saturating, .*; did you mean 'hinge'/,
  ],
  [
    'an unknown entry of a list',
    RING,
    ['penalties.discriminator=[{name: r1x}]'],
    /'penalties.discriminator.0.name' is "r1x"; expected one of r1, .*did you mean 'r1'/,
  ],
  [
    'an unknown key in a list',
    RING,
    ['penalties.discriminator=[{name: r1}, {name: r1, wieght: 1}]'],
    /unknown key 'penalties.discriminator.1.wieght'; did you mean 'penalties.discriminator.1.weight'/,
  ],
  [
    'spectral norm of weights that are scaled already',
    'data: { source: ring }\nmodel: { name: stylegan2, spectralNorm: [discriminator] }',
    [],
    /unknown key 'model.spectralNorm' for 'stylegan2'$/,
  ],
  [
    "batch norm by another trainer's word",
    RING,
    ['model.discriminator.batchNorm=true'],
    /unknown key 'model.discriminator.batchNorm'; did you mean 'model.generator.normalization'/,
  ],
  [
    'the weight of a classifier that D is not',
    RING,
    ['model.auxiliaryWeight=2'],
    /'model.auxiliaryWeight': it weighs what an auxiliary classifier adds to the losses, and 'model.conditional' is none: say auxiliary/,
  ],
  [
    'a rate that would rise to its minimum',
    RING,
    ['optimizer.generator.schedule={name: cosine, steps: 10, minimum: 0.1}'],
    /'optimizer.generator.schedule.minimum': the rate would rise to 0.1 from 'optimizer.generator.learningRate', which is 0.0002; expected/,
  ],
  [
    'looking ahead in turns',
    RING,
    ['schedule.extragradient=true'],
    /'schedule.extragradient': both nets look ahead .* schedule.order=simultaneous, discriminatorSteps 1/,
  ],
  [
    'going back to weights that lookahead moves',
    RING,
    ['schedule={order: simultaneous, extragradient: true}', 'optimizer.generator.lookahead={steps: 2}'],
    /'optimizer.generator.lookahead': it moves the weights that 'schedule.extragradient' goes back to/,
  ],
  ['no data', 'model: { name: mlp }', [], /'data.*missing/],
  ['no model', 'data: { source: ring }', [], /'model.*missing/],
  [
    'shards that do not divide',
    RING,
    ['minibatch.size=10', 'minibatch.shards=4'],
    /4 shards do not divide a minibatch of 10; these do: 1, 2, 5, 10/,
  ],
  [
    'a minibatch beyond any, whose divisors nobody can list',
    RING,
    ['minibatch.size=10000000000', 'minibatch.shards=3'],
    /'minibatch.size' is 10000000000.*3 shards do not divide/s,
  ],
  [
    'a group that does not divide the shard',
    RING,
    ['minibatch.group=12'],
    /'minibatch.group'.*16; these do: 1, 2, 4, 8, 16/,
  ],
  ['a text for a number', RING, ['seed=soon'], /'seed' is "soon"/],
  ['a negative rate', RING, ['optimizer.generator.learningRate=-1'], /learningRate' is -1/],
  ['a fraction of a step', RING, ['stop.generatorSteps=1.5'], /generatorSteps' is 1.5/],
  ['an endpoint without a port', RING, ['server.endpoint=tcp://here'], /expected tcp:\/\/address:port/],
  ['an assignment without a value', RING, ['seed'], /--set 'seed': expected key=value/],
  ['an assignment through a number', RING, ['seed.a=1'], /'seed' is|unknown key 'seed.a'|'seed'/],
  ['a key that is no word', RING, ['__proto__.x=1'], /expected key=value/],
  ['broken YAML', 'data: { source: ring', [], /not valid YAML/],
  ['aliases that multiply', BOMB, [], /a\.yaml is not valid YAML: Excessive alias count/],
  ['aliases that multiply to a bit less', SMALL_BOMB, [], /a\.yaml is too large: at most 10000 values/],
  [
    'a mapping that holds itself',
    'data: &a\n  source: *a',
    [],
    /too large: at most 10000 values and 32 levels/,
  ],
  ['a list that holds itself', 'data: &a [*a]', [], /too large/],
  ['a mapping merged into itself', '&a\n<<: *a\nseed: 1', [], /too large/],
  ['lists without end', '['.repeat(60_000), [], /nested deeper than 32 levels/],
  ['keys without end', '? '.repeat(30_000), [], /nested deeper than 32 levels/],
  ['a text without end', `${RING}#${'x'.repeat(2 ** 16)}`, [], /longer than 65536 bytes/],
  [
    'a list that holds itself in a value',
    RING,
    ['data={ source: [ &a [*a] ] }'],
    /--set data=…: the value is too large/,
  ],
  ['lists without end in a value', RING, [`data=${'['.repeat(60_000)}`], /--set data=…: .* 32 levels/],
  ['a value without end', RING, [`seed=1 #${'x'.repeat(2 ** 16)}`], /--set seed=…: the value is longer than/],
  ['a key without end', RING, [`${'a.'.repeat(5000)}a=1`], /expected key=value with a dotted key/],
  ['a list', '- 1', [], /holds no mapping/],
  ['an empty file', '', [], /holds nothing/],
  [
    'an unknown measure',
    RING,
    ['evaluation.measures=[modes, covrage]'],
    /'evaluation.measures.1': 'covrage': there is no measure of that name; did you mean 'coverage'/,
  ],
  [
    'a measure of other data',
    RING,
    ['evaluation.measures=[ms-ssim]'],
    /it is of images, and data.source is ring/,
  ],
  [
    'a measure of Inception',
    RING.replace('ring', 'mnist'),
    ['evaluation.measures=[fid]'],
    /needs the weights of Inception/,
  ],
  [
    'a measure of labels where samples have none',
    RING.replace('ring', 'mnist'),
    ['evaluation.measures=[classification-accuracy-score]'],
    /it is of conditional runs/,
  ],
  [
    'the best by what is not computed',
    RING,
    ['checkpoint.keepBest=coverage'],
    /add it to evaluation.measures/,
  ],
  ['the best by what is no better', RING, ['checkpoint.keepBest=modes_expected'], /no value of it is better/],
  [
    'the best by several values',
    RING,
    ['checkpoint.keepBest=prdc', 'evaluation.measures=[prdc]'],
    /name one of them/,
  ],
  ['an unknown order', RING, ['schedule.order=random'], /schedule.order' is "random"/],
  ['more than every task computed twice', RING, ['verify.fraction=1.1'], /'verify.fraction' is 1.1: too big/],
  ['bfloat8', RING, ['precision=bfloat8'], /'precision' is "bfloat8"/],
  ['lr', RING, ['lr=0.1'], /unknown key 'lr'; did you mean 'optimizer.generator.learningRate and/],
  ['batchSize', RING, ['batchSize=8'], /did you mean 'minibatch.size'/],
  ['batch_size in a file', `${RING}batch_size: 8`, [], /did you mean 'minibatch.size'/],
  [
    'a rate of no net',
    RING,
    ['optimizer.learningRate=0.1'],
    /did you mean 'optimizer.discriminator.learningRate' or 'optimizer.generator.learningRate'/,
  ],
  ['epochs', RING, ['epochs=10'], /did you mean 'stop.generatorSteps, which counts steps of G'/],
  [
    'four channels',
    'data: { source: images, path: x }\nmodel: { name: dcgan }',
    ['data.channels=4'],
    /'data.channels' is 4: expected 1 or 3/,
  ],
];
