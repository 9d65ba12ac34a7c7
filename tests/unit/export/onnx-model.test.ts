// Goal: ONNX Runtime, which has nothing of TensorFlow, computes what `nash sample` draws. Method: every network, with weights by chance, where
// Python has it; everywhere that what ONNX is not known to have is refused by name.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import { encodeNpy } from '../../../src/evaluation/npy.js';
import { onnxModel } from '../../../src/export/onnx-model.js';
import { callKernel, floats } from '../../../src/kernels/kernel.js';
import { pythonLacks, runPython } from '../../support/python.js';
import { NETWORKS, ownLayer, takenOf } from '../../support/taken.js';

const folder = mkdtempSync(join(tmpdir(), 'nash-onnx-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

it('an operation that ONNX is not known to have is refused by its name and its layer', () => {
  const { graph } = takenOf(ownLayer((x) => callKernel('Erfinv', floats(), [x])));
  expect(() => onnxModel(graph, {})).toThrow(
    /ONNX cannot hold this generator: Erfinv of layer 'generator\/own' is not known/,
  );
});

const PROGRAM = `
import sys, os, numpy, onnxruntime
for name in sys.argv[2:]:
    to = f"{sys.argv[1]}/{name}"
    session = onnxruntime.InferenceSession(f"{to}/model.onnx")
    given = {each.name: numpy.load(f"{to}/{each.name}.npy") for each in session.get_inputs()}
    wanted = numpy.load(f"{to}/samples.npy")
    (samples,) = session.run(["samples"], given)
    (three,) = session.run(["samples"], {key: value[:3] for key, value in given.items()})
    scale = max(1, abs(wanted).max())
    print(max(abs(samples - wanted).max(), abs(three - wanted[:3]).max()) / scale)
`;

const lacking = pythonLacks('onnxruntime', 'numpy');
describe.skipIf(lacking)(`in ONNX Runtime${lacking ? `: ${lacking}` : ''}`, () => {
  it('every network gives what nash sample draws', () => {
    for (const [name, options] of NETWORKS) {
      const { graph, samples } = takenOf(options);
      const { latents, labels, items, shape, count } = samples;
      const to = mkdtempSync(join(folder, `${name}-`));
      const put = (file: string, bytes: Uint8Array) => writeFileSync(join(to, file), bytes);
      put('model.onnx', onnxModel(graph, { run: 'taken' }));
      put('latents.npy', encodeNpy(latents, [count, latents.length / count]));
      put('samples.npy', encodeNpy(items, [count, ...shape]));
      if (labels) put('labels.npy', encodeNpy(labels, [count]));
      writeFileSync(join(folder, 'program.py'), PROGRAM);
      const difference = Number(runPython(join(folder, 'program.py'), folder, to.slice(folder.length + 1)));
      expect(difference, name).toBeLessThan(1e-4);
    }
  }, 120_000);
});
