// The published data sets: which files, where they lie, and the sums that they must have.

export interface OriginalFile {
  name: string;
  /** of the file as it lies there, or of its content when `isUnpackedSum` (a `.gz` packed again is as good) */
  sha256: string;
  isUnpackedSum: boolean;
  bytes: number;
}

export interface Original {
  /** folders that hold the files; the first that answers with the right sum is taken */
  addresses: readonly string[];
  files: readonly OriginalFile[];
}

export const ORIGINAL_NAMES = ['mnist', 'cifar10'] as const;
export type OriginalName = (typeof ORIGINAL_NAMES)[number];

const mnist = (name: string, bytes: number, sha256: string): OriginalFile => ({
  name,
  bytes,
  sha256,
  isUnpackedSum: true,
});

export const ORIGINALS: Record<OriginalName, Original> = {
  mnist: {
    addresses: [
      'http://yann.lecun.com/exdb/mnist/', // the authors' own, often closed
      'https://ossci-datasets.s3.amazonaws.com/mnist/', // torchvision's
      'https://storage.googleapis.com/cvdf-datasets/mnist/', // TensorFlow's
    ],
    // their MD5 sums are those that torchvision and the original page give for the unpacked files
    files: [
      mnist(
        'train-images-idx3-ubyte.gz',
        9_912_422,
        'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
      ),
      mnist(
        'train-labels-idx1-ubyte.gz',
        28_881,
        '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
      ),
      mnist(
        't10k-images-idx3-ubyte.gz',
        1_648_877,
        '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
      ),
      mnist(
        't10k-labels-idx1-ubyte.gz',
        4_542,
        'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
      ),
    ],
  },
  cifar10: {
    addresses: [
      'https://www.cs.toronto.edu/~kriz/', // the author's own
      'https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/', // Swift for TensorFlow's
    ],
    files: [
      {
        name: 'cifar-10-binary.tar.gz',
        bytes: 170_052_171,
        sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
        isUnpackedSum: false,
      },
    ],
  },
};
