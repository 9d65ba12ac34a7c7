// tfjs-node 4.22 calls two functions of `util` that Node 23 removed (tensorflow/tfjs#8609); they are given back before it loads.
import { createRequire } from 'node:module';

// the CommonJS object: an ES module's namespace cannot be added to
const util = createRequire(import.meta.url)('node:util');
util.isNullOrUndefined ??= (/** @type {unknown} */ value) => value === null || value === undefined;
util.isArray ??= Array.isArray;
