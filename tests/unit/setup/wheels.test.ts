import { expect, it } from 'vitest';
import { cudaWheels, cudaWheelsOf, LIBRARIES } from '../../../src/setup/wheels.mjs';

it('every archive has a sha256, a place to come from and something to keep', () => {
  for (const { archives } of LIBRARIES) {
    for (const { sha256, requirement, url, keep } of archives) {
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(requirement ?? url).toBeTruthy();
      expect(keep.length).toBeGreaterThan(0);
    }
  }
});

it('no two archives share a sum', () => {
  const sums = LIBRARIES.flatMap(({ archives }) => archives.map(({ sha256 }) => sha256));
  expect(new Set(sums).size).toBe(sums.length);
});

// the lines of tensorflow_cpu 2.21.0's METADATA that name the extra
const metadata = `Requires-Dist: numpy>=1.26.0
Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"
Requires-Dist: nvidia-cuda-cupti-cu12<13.0,>=12.5.82; extra == "and-cuda"
Requires-Dist: nvidia-cuda-nvcc-cu12<13.0,>=12.5.82; extra == "and-cuda"
Requires-Dist: nvidia-cuda-nvrtc-cu12<13.0,>=12.5.82; extra == "and-cuda"
Requires-Dist: nvidia-cuda-runtime-cu12<13.0,>=12.5.82; extra == "and-cuda"
Requires-Dist: nvidia-cudnn-cu12<10.0,>=9.3.0.75; extra == "and-cuda"
Requires-Dist: nvidia-cufft-cu12<12.0,>=11.2.3.61; extra == "and-cuda"
Requires-Dist: nvidia-curand-cu12<11.0,>=10.3.6.82; extra == "and-cuda"
Requires-Dist: nvidia-cusolver-cu12<12.0,>=11.6.3.83; extra == "and-cuda"
Requires-Dist: nvidia-cusparse-cu12<13.0,>=12.5.1.3; extra == "and-cuda"
Requires-Dist: nvidia-nccl-cu12<3.0,>=2.27.7; extra == "and-cuda"
Requires-Dist: nvidia-nvjitlink-cu12<13.0,>=12.5.82; extra == "and-cuda"
Requires-Dist: tensorflow-io-gcs-filesystem>=0.23.1; extra == "gcs-filesystem"`;

it('the pinned CUDA wheels are exactly those that the wheel asks for', () => {
  const { wheels, unknown } = cudaWheelsOf(metadata);
  expect(unknown).toEqual([]);
  expect(wheels.map(({ file }) => file).sort()).toEqual(cudaWheels.map(({ file }) => file).sort());
});

it('a CUDA wheel that is asked for and not pinned is named', () => {
  const { unknown } = cudaWheelsOf('Requires-Dist: nvidia-new-cu12>=1; extra == "and-cuda"');
  expect(unknown).toEqual(['nvidia-new-cu12']);
});
