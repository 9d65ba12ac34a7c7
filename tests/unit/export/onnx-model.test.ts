// Goal: ONNX Runtime, which has nothing of TensorFlow, computes what `nash sample` draws. Method: every network, with weights by chance, where
// Python has it; everywhere that what ONNX is not known to have is refused by name.
import { beforeAll, expect, it } from 'vitest';
import { loadTensorFlow } from '../../../src/compiler/tensorflow.js';
import { filesOf } from '../../../src/export/files.js';
import { onnxModel } from '../../../src/export/onnx-model.js';
import { callKernel, floats } from '../../../src/kernels/kernel.js';
import { pythonLacks, pythonOfFolders } from '../../support/python.js';
import { NETWORKS, ownLayer, takenOf } from '../../support/taken.js';

beforeAll(() => void loadTensorFlow({ kind: 'cpu', threads: 1 }));

it('an operation that ONNX is not known to have is refused by its name and its layer', () => {
  const { graph } = takenOf(ownLayer((x) => callKernel('Erfinv', floats(), [x])));
  expect(() => onnxModel(graph, {})).toThrow(
    /ONNX cannot hold this generator: Erfinv of layer 'generator\/own' is not known/,
  );
});

const PROGRAM = `
import sys, numpy, onnxruntime
onnxruntime.set_default_logger_severity(3)
for folder in sys.argv[1:]:
    session = onnxruntime.InferenceSession(f"{folder}/model.onnx")
    given = {each.name: numpy.load(f"{folder}/{each.name}.npy") for each in session.get_inputs()}
    wanted = numpy.load(f"{folder}/samples.npy")
    (samples,) = session.run(["samples"], given)
    (three,) = session.run(["samples"], {name: value[:3] for name, value in given.items()})
    print(max(abs(samples - wanted).max(), abs(three - wanted[:3]).max()) / max(1, abs(wanted).max()))
`;

/** Python takes seconds to load what is asked of it, and on a busy machine many. */
const PYTHON_MS = 200_000;

const lacking = pythonLacks('onnxruntime', 'numpy');
it.skipIf(lacking)(
  `ONNX Runtime gives of every network the same${lacking ? `: ${lacking}` : ''}`,
  async () => {
    const files = await Promise.all(NETWORKS.map(([, options]) => filesOf(takenOf(options), ['onnx'])));
    const said = pythonOfFolders(PROGRAM, files);
    expect(said.length).toBe(files.length);
    for (const difference of said) expect(Number(difference)).toBeLessThan(1e-4);
  },
  PYTHON_MS,
);
