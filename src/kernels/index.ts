// Operations for layers of somebody's own: activations that have second derivatives, and numbers drawn of the step's seed.
export { addBias, leakyRelu, maxout, relu, tanh } from './activations.js';
export { dropout, randomNormal, randomUniform, type SeedSource } from './random.js';
