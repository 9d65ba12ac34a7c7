// A child process of set-up and doctor: loads the addon and prints what it says of itself as one line of JSON.
// Arguments: the checkout, and optionally another addon file, which is then only loaded.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import './node-shim.mjs';

const [root = '.', addon] = process.argv.slice(2);
const require = createRequire(join(root, 'package.json'));
if (addon) {
  console.log(JSON.stringify({ tensorflow: require(addon).TF_Version }));
} else {
  const tf = require('@tensorflow/tfjs-node-gpu');
  /** @type {any} */
  const backend = tf.backend();
  const sum = tf.add([1, 2], [3, 4]).dataSync();
  if (sum[0] !== 4 || sum[1] !== 6) throw new Error(`1 + 3 and 2 + 4 gave ${sum}`);
  console.log(
    JSON.stringify({
      tensorflow: backend.binding.TF_Version,
      tfjs: tf.version.tfjs,
      gpu: backend.isUsingGpuDevice === true,
    }),
  );
}
