// The files that a TensorFlow library is made of, each with the sha256 that it must have.
// The 2.21 wheels and their sums are the package index's own (read 22 Nov 2026); the CUDA wheels are those that pip chose that day
// for the `and-cuda` extra of the tensorflow wheel, pinned so that every GPU machine runs the same kernels.
// The 2.9.1 archives are upstream's C library, the ones that tfjs-node's own install script takes; their sums stand in nixpkgs and graft.

/**
 * @typedef {object} Archive
 * @property {string} file name of the file
 * @property {string} sha256
 * @property {string} [requirement] what pip is asked for
 * @property {string} [url] where it lies when pip cannot bring it
 * @property {readonly (readonly [string, string])[]} keep what is unpacked: a file or folder (ends in /) in the archive, and its place in the library
 */

/**
 * @typedef {object} Library
 * @property {string} id name of its folder in the cache
 * @property {string} version what TF_Version says
 * @property {'cpu' | 'gpu'} device
 * @property {number} diskBytes free space that downloading and unpacking need together
 * @property {readonly Archive[]} archives
 */

/** Headers that the addon includes, and those that they include (g++ -M). */
const headers = /** @type {const} */ ([
  ['tensorflow/include/tensorflow/c/', 'include/tensorflow/c/'],
  ['tensorflow/include/tensorflow/core/platform/', 'include/tensorflow/core/platform/'],
  ['tensorflow/include/tsl/platform/', 'include/tsl/platform/'],
  ['tensorflow/include/xla/tsl/c/', 'include/xla/tsl/c/'],
]);

const libraries = /** @type {const} */ ([
  ['tensorflow/libtensorflow_cc.so.2', 'lib/libtensorflow_cc.so.2'],
  ['tensorflow/libtensorflow_framework.so.2', 'lib/libtensorflow_framework.so.2'],
]);

/** @param {string} project @param {string} version @param {string} tags @param {string} sha256 @returns {Archive} */
function nvidia(project, version, tags, sha256) {
  return {
    file: `${project.replaceAll('-', '_')}-${version}-py3-none-${tags}.whl`,
    sha256,
    requirement: `${project}==${version}`,
    keep: [['nvidia/', 'nvidia/']],
  };
}

const m27 = 'manylinux_2_27_x86_64';
const m17 = 'manylinux2014_x86_64.manylinux_2_17_x86_64';
const m12 = 'manylinux2010_x86_64.manylinux_2_12_x86_64';

/** The wheels of the `and-cuda` extra of tensorflow 2.21.0. */
export const cudaWheels = [
  nvidia(
    'nvidia-cublas-cu12',
    '12.9.3.13',
    m27,
    'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72',
  ),
  nvidia(
    'nvidia-cuda-cupti-cu12',
    '12.8.90',
    m17,
    'ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182',
  ),
  nvidia(
    'nvidia-cuda-nvcc-cu12',
    '12.9.86',
    m12,
    '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0',
  ),
  nvidia(
    'nvidia-cuda-nvrtc-cu12',
    '12.9.86',
    m12,
    '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4',
  ),
  nvidia(
    'nvidia-cuda-runtime-cu12',
    '12.9.79',
    m17,
    '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3',
  ),
  nvidia(
    'nvidia-cudnn-cu12',
    '9.28.0.42',
    m27,
    '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375',
  ),
  nvidia(
    'nvidia-cufft-cu12',
    '11.4.1.4',
    m17,
    'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28',
  ),
  nvidia(
    'nvidia-curand-cu12',
    '10.3.10.19',
    m27,
    '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e',
  ),
  nvidia(
    'nvidia-cusolver-cu12',
    '11.7.5.82',
    m27,
    '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88',
  ),
  nvidia(
    'nvidia-cusparse-cu12',
    '12.5.10.65',
    m17,
    '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78',
  ),
  nvidia(
    'nvidia-nccl-cu12',
    '2.32.3',
    m27,
    'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c',
  ),
  nvidia(
    'nvidia-nvjitlink-cu12',
    '12.9.86',
    m12,
    'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9',
  ),
];

/** @param {'cpu' | 'gpu'} device @param {string} sha256 @returns {Archive} */
const upstream = (device, sha256) => ({
  file: `libtensorflow-${device}-linux-x86_64-2.9.1.tar.gz`,
  sha256,
  url: `https://storage.googleapis.com/tensorflow/libtensorflow/libtensorflow-${device}-linux-x86_64-2.9.1.tar.gz`,
  keep: [
    ['lib/', 'lib/'],
    ['include/', 'include/'],
  ],
});

/** @type {readonly Library[]} */
export const LIBRARIES = [
  {
    id: '2.21.0-cpu',
    version: '2.21.0',
    device: 'cpu',
    diskBytes: 1.3e9, // 274 MB of wheel, 853 MB of library, and some air
    archives: [
      {
        file: 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
        sha256: '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c',
        requirement: 'tensorflow-cpu==2.21.0',
        keep: [...libraries, ...headers],
      },
    ],
  },
  {
    id: '2.21.0-gpu',
    version: '2.21.0',
    device: 'gpu',
    diskBytes: 10e9, // about 3 GB of wheels and twice that unpacked
    archives: [
      {
        file: 'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl',
        sha256: '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124',
        requirement: 'tensorflow==2.21.0',
        keep: [...libraries, ...headers],
      },
      ...cudaWheels,
    ],
  },
  {
    id: '2.9.1-cpu',
    version: '2.9.1',
    device: 'cpu',
    diskBytes: 1.0e9,
    archives: [upstream('cpu', '7f510d2546e3db5e10b1d119463689003d587842892ad3c95bca51cf82820173')],
  },
  {
    id: '2.9.1-gpu',
    version: '2.9.1',
    device: 'gpu',
    diskBytes: 3.0e9,
    archives: [upstream('gpu', '20c46f761d5905f592c4eac0812e8e50d9cb439f9440a9391912cf4c02ed8be8')],
  },
];

/**
 * The pinned wheels behind what a tensorflow wheel's METADATA asks for with the `and-cuda` extra.
 * @param {string} metadata text of the wheel's METADATA
 * @returns {{ wheels: Archive[], unknown: string[] }} `unknown`: projects that are asked for and not pinned
 */
export function cudaWheelsOf(metadata) {
  const asked = [
    ...metadata.matchAll(/^Requires-Dist:\s*([A-Za-z0-9._-]+).*extra\s*==\s*["']and-cuda["']/gm),
  ].map((m) => m[1] ?? '');
  const pinned = new Map(cudaWheels.map((wheel) => [wheel.requirement?.split('==')[0], wheel]));
  const wheels = asked.flatMap((project) => pinned.get(project.toLowerCase().replaceAll(/[._]/g, '-')) ?? []);
  return {
    wheels,
    unknown: asked.filter((project) => !pinned.has(project.toLowerCase().replaceAll(/[._]/g, '-'))),
  };
}
