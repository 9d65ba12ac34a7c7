// `nash/models`: what networks are made of, for those of somebody's own.
export * as operations from '../kernels/index.js';
export type { Shape } from '../numerics/shape.js';
export type { Initializer } from '../parameters/manifest.js';
export type { Architecture } from './architecture.js';
export * from './conditions.js';
export * from './labels.js';
export * from './layers.js';
export * from './network.js';
export { sequential } from './sequential.js';
