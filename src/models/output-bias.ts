// G's last bias, where it has one for each value of an item: what it has to be for G to make that value where all before it is 0.

/** Where a G ends in a bias for each value of an item. */
export interface OutputBias {
  /** of the tensor, which lies as an item does */
  name: string;
  /** What G's last activation, and what comes after it, makes this value of an item of. */
  before(value: number): number;
}

/** pylearn2's init_sigmoid_bias_from_array clips means there, so that no logit is infinite. */
const LEAST_MEAN = 1e-7;

/** The logit of what is `value` on [-1, 1] and its mean on [0, 1]. */
function logit(value: number): number {
  const mean = Math.min(1 - LEAST_MEAN, Math.max(LEAST_MEAN, (value + 1) / 2));
  return Math.log(mean / (1 - mean));
}

/** What undoes each activation of layers.ts. */
const INVERSES = {
  linear: (value: number) => value,
  tanh: (value: number) => logit(value) / 2, // tanh(x) = 2 sigmoid(2 x) - 1
  sigmoid: logit,
};

/** @param span that G's output is over */
export const outputBias = (name: string, activation: keyof typeof INVERSES, span = 1): OutputBias => ({
  name,
  before: (value) => INVERSES[activation](value * span),
});
