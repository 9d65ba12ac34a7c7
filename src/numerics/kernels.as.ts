// AssemblyScript, compiled to dist/numerics/kernels.wasm: the server's arithmetic over float32 vectors in shared memory.
// A kernel takes byte addresses and a count of floats and works four elements at a time with IEEE single operations in the
// order written (no fused multiply-add), so the bits equal Math.fround around each operation, on every machine and for every
// cut into ranges. Each returns the sum of squares of what it read as float64 (element i of the range goes to lane i mod 4),
// which is infinite or NaN exactly when a value was. Knows nothing of nets, blocks or schedules.

const ZERO: v128 = f64x2(0, 0);
const ONES: v128 = i32x4(-1, -1, -1, -1);

/** The first `lanes` of four floats, the others 0; `lanes` is known at compile time where it is 4. */
@inline
function load(at: usize, lanes: u32): v128 {
  if (lanes == 4) return v128.load(at);
  let x = v128.load32_zero(at);
  if (lanes > 1) x = v128.load_lane<f32>(at + 4, x, 1);
  if (lanes > 2) x = v128.load_lane<f32>(at + 8, x, 2);
  return x;
}

@inline
function store(at: usize, x: v128, lanes: u32): void {
  if (lanes == 4) {
    v128.store(at, x);
    return;
  }
  v128.store_lane<f32>(at, x, 0);
  if (lanes > 1) v128.store_lane<f32>(at + 4, x, 1);
  if (lanes > 2) v128.store_lane<f32>(at + 8, x, 2);
}

@inline
function squaresLow(x: v128): v128 {
  const wide = f64x2.promote_low_f32x4(x);
  return f64x2.mul(wide, wide);
}

@inline
function squaresHigh(x: v128): v128 {
  return squaresLow(v128.shuffle<u64>(x, x, 1, 0));
}

/** The four lanes' sum. */
@inline
function total(low: v128, high: v128): f64 {
  const sum = f64x2.add(low, high);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** Sum of squares of a vector. */
export function scan(vector: usize, count: u32): f64 {
  let low = ZERO;
  let high = ZERO;
  const whole = vector + ((<usize>(count & ~3)) << 2);
  for (; vector < whole; vector += 16) {
    const x = load(vector, 4);
    low = f64x2.add(low, squaresLow(x));
    high = f64x2.add(high, squaresHigh(x));
  }
  if (count & 3) {
    const x = load(vector, count & 3);
    low = f64x2.add(low, squaresLow(x));
    high = f64x2.add(high, squaresHigh(x));
  }
  return total(low, high);
}

/** into = into + from; returns the sum of squares of the result. */
export function add(into: usize, from: usize, count: u32): f64 {
  let low = ZERO;
  let high = ZERO;
  const whole = into + ((<usize>(count & ~3)) << 2);
  for (; into < whole; into += 16, from += 16) {
    const x = f32x4.add(load(into, 4), load(from, 4));
    store(into, x, 4);
    low = f64x2.add(low, squaresLow(x));
    high = f64x2.add(high, squaresHigh(x));
  }
  if (count & 3) {
    const x = f32x4.add(load(into, count & 3), load(from, count & 3));
    store(into, x, count & 3);
    low = f64x2.add(low, squaresLow(x));
    high = f64x2.add(high, squaresHigh(x));
  }
  return total(low, high);
}

@inline
function blendAt(into: usize, old: usize, from: usize, keep: v128, take: v128, lanes: u32): v128 {
  const x = f32x4.add(f32x4.mul(keep, load(old, lanes)), f32x4.mul(take, load(from, lanes)));
  store(into, x, lanes);
  return x;
}

/** into = keep * old + take * from: moving averages, merged state slots. Returns the sum of squares of the result. */
export function blend(into: usize, old: usize, from: usize, count: u32, keep: f32, take: f32): f64 {
  const k = f32x4.splat(keep);
  const t = f32x4.splat(take);
  let low = ZERO;
  let high = ZERO;
  const whole = into + ((<usize>(count & ~3)) << 2);
  for (; into < whole; into += 16, old += 16, from += 16) {
    const x = blendAt(into, old, from, k, t, 4);
    low = f64x2.add(low, squaresLow(x));
    high = f64x2.add(high, squaresHigh(x));
  }
  if (count & 3) {
    const x = blendAt(into, old, from, k, t, count & 3);
    low = f64x2.add(low, squaresLow(x));
    high = f64x2.add(high, squaresHigh(x));
  }
  return total(low, high);
}

/** Stores clamp(old + change, -bound, bound) and returns ones where the magnitude before that is no more than `limit`: not of a NaN. */
@inline
function move(into: usize, old: v128, change: v128, bound: v128, limit: v128, lanes: u32): v128 {
  const x = f32x4.add(old, change);
  store(into, f32x4.min(f32x4.max(x, f32x4.neg(bound)), bound), lanes);
  return f32x4.le(f32x4.abs(x), limit);
}

@inline
function sgdChange(g: v128, velocity: usize, newVelocity: usize, rate: v128, momentum: v128, lanes: u32): v128 {
  const v = f32x4.sub(f32x4.mul(momentum, load(velocity, lanes)), f32x4.mul(rate, g));
  store(newVelocity, v, lanes);
  return v;
}

/**
 * g = scale * gradient; v = momentum * v - rate * g; w = clamp(w + v). Returns, as all optimizers do, the sum of squares of g,
 * or NaN where a weight before clamping is not finite or beyond `limit`. New weights and state may lie where the old ones do.
 */
export function sgd(into: usize, weights: usize, gradient: usize, count: u32, scale: f32, bound: f32, limit: f32, velocity: usize, newVelocity: usize, rate: f32, momentum: f32): f64 {
  const s = f32x4.splat(scale);
  const c = f32x4.splat(bound);
  const l = f32x4.splat(limit);
  const r = f32x4.splat(rate);
  const mu = f32x4.splat(momentum);
  const whole = ((<usize>count) << 2) & ~15;
  let low = ZERO;
  let high = ZERO;
  let sound = ONES;
  for (let at: usize = 0; at < whole; at += 16) {
    const g = f32x4.mul(s, load(gradient + at, 4));
    low = f64x2.add(low, squaresLow(g));
    high = f64x2.add(high, squaresHigh(g));
    sound = v128.and(sound, move(into + at, load(weights + at, 4), sgdChange(g, velocity + at, newVelocity + at, r, mu, 4), c, l, 4));
  }
  const rest = count & 3;
  if (rest) {
    const g = f32x4.mul(s, load(gradient + whole, rest));
    low = f64x2.add(low, squaresLow(g));
    high = f64x2.add(high, squaresHigh(g));
    sound = v128.and(sound, move(into + whole, load(weights + whole, rest), sgdChange(g, velocity + whole, newVelocity + whole, r, mu, rest), c, l, rest));
  }
  return v128.all_true<i32>(sound) ? total(low, high) : NaN;
}

@inline
function decayed(old: usize, into: usize, keep: v128, added: v128, lanes: u32): v128 {
  const x = f32x4.add(f32x4.mul(keep, load(old, lanes)), added);
  store(into, x, lanes);
  return x;
}

/** m / (sqrt(v) correction + epsilon) */
@inline
function adamRatio(g: v128, first: usize, second: usize, newFirst: usize, newSecond: usize, keep1: v128, take1: v128, keep2: v128, take2: v128, correction: v128, epsilon: v128, lanes: u32): v128 {
  const m = decayed(first, newFirst, keep1, f32x4.mul(take1, g), lanes);
  const v = decayed(second, newSecond, keep2, f32x4.mul(f32x4.mul(take2, g), g), lanes);
  const spread = f32x4.add(f32x4.mul(f32x4.sqrt(v), correction), epsilon);
  return f32x4.div(m, spread);
}

/** m = keep1 m + take1 g; v = keep2 v + (take2 g) g; w = clamp(shrink w - rate (m / (sqrt(v) correction + epsilon))). */
export function adam(into: usize, weights: usize, gradient: usize, count: u32, scale: f32, bound: f32, limit: f32, first: usize, second: usize, newFirst: usize, newSecond: usize, rate: f32, keep1: f32, take1: f32, keep2: f32, take2: f32, correction: f32, epsilon: f32, shrink: f32): f64 {
  const s = f32x4.splat(scale);
  const c = f32x4.splat(bound);
  const l = f32x4.splat(limit);
  const r = f32x4.splat(rate);
  const k1 = f32x4.splat(keep1);
  const t1 = f32x4.splat(take1);
  const k2 = f32x4.splat(keep2);
  const t2 = f32x4.splat(take2);
  const b = f32x4.splat(correction);
  const e = f32x4.splat(epsilon);
  const d = f32x4.splat(shrink);
  const whole = ((<usize>count) << 2) & ~15;
  let low = ZERO;
  let high = ZERO;
  let sound = ONES;
  for (let at: usize = 0; at < whole; at += 16) {
    const g = f32x4.mul(s, load(gradient + at, 4));
    low = f64x2.add(low, squaresLow(g));
    high = f64x2.add(high, squaresHigh(g));
    const ratio = adamRatio(g, first + at, second + at, newFirst + at, newSecond + at, k1, t1, k2, t2, b, e, 4);
    const old = f32x4.mul(d, load(weights + at, 4));
    sound = v128.and(sound, move(into + at, old, f32x4.neg(f32x4.mul(r, ratio)), c, l, 4));
  }
  const rest = count & 3;
  if (rest) {
    const g = f32x4.mul(s, load(gradient + whole, rest));
    low = f64x2.add(low, squaresLow(g));
    high = f64x2.add(high, squaresHigh(g));
    const ratio = adamRatio(g, first + whole, second + whole, newFirst + whole, newSecond + whole, k1, t1, k2, t2, b, e, rest);
    const old = f32x4.mul(d, load(weights + whole, rest));
    sound = v128.and(sound, orAbsent(move(into + whole, old, f32x4.neg(f32x4.mul(r, ratio)), c, l, rest), rest));
  }
  return v128.all_true<i32>(sound) ? total(low, high) : NaN;
}

/** Stores x = debias ratio, and returns rate last - twice x. */
@inline
function optimisticChange(ratio: v128, last: usize, newLast: usize, rate: v128, twice: v128, debias: v128, lanes: u32): v128 {
  const before = load(last, lanes);
  const x = f32x4.mul(debias, ratio);
  store(newLast, x, lanes);
  return f32x4.sub(f32x4.mul(rate, before), f32x4.mul(twice, x));
}

/** m and v as adam; x = debias (m / (sqrt(v) correction + epsilon)); w = clamp(w + (rate last - 2 rate x)); last = x. */
export function optimisticAdam(into: usize, weights: usize, gradient: usize, count: u32, scale: f32, bound: f32, limit: f32, first: usize, second: usize, last: usize, newFirst: usize, newSecond: usize, newLast: usize, rate: f32, keep1: f32, take1: f32, keep2: f32, take2: f32, correction: f32, epsilon: f32, debias: f32): f64 {
  const s = f32x4.splat(scale);
  const c = f32x4.splat(bound);
  const l = f32x4.splat(limit);
  const r = f32x4.splat(rate);
  const twice = f32x4.splat(2 * rate);
  const k1 = f32x4.splat(keep1);
  const t1 = f32x4.splat(take1);
  const k2 = f32x4.splat(keep2);
  const t2 = f32x4.splat(take2);
  const b = f32x4.splat(correction);
  const e = f32x4.splat(epsilon);
  const d = f32x4.splat(debias);
  const whole = ((<usize>count) << 2) & ~15;
  let low = ZERO;
  let high = ZERO;
  let sound = ONES;
  for (let at: usize = 0; at < whole; at += 16) {
    const g = f32x4.mul(s, load(gradient + at, 4));
    low = f64x2.add(low, squaresLow(g));
    high = f64x2.add(high, squaresHigh(g));
    const ratio = adamRatio(g, first + at, second + at, newFirst + at, newSecond + at, k1, t1, k2, t2, b, e, 4);
    const change = optimisticChange(ratio, last + at, newLast + at, r, twice, d, 4);
    sound = v128.and(sound, move(into + at, load(weights + at, 4), change, c, l, 4));
  }
  const rest = count & 3;
  if (rest) {
    const g = f32x4.mul(s, load(gradient + whole, rest));
    low = f64x2.add(low, squaresLow(g));
    high = f64x2.add(high, squaresHigh(g));
    const ratio = adamRatio(g, first + whole, second + whole, newFirst + whole, newSecond + whole, k1, t1, k2, t2, b, e, rest);
    const change = optimisticChange(ratio, last + whole, newLast + whole, r, twice, d, rest);
    sound = v128.and(sound, orAbsent(move(into + whole, load(weights + whole, rest), change, c, l, rest), rest));
  }
  return v128.all_true<i32>(sound) ? total(low, high) : NaN;
}

/** Ones beyond the first `lanes` of four: what the absent elements of a last group computed (0 / 0) counts for nothing. */
@inline
function orAbsent(x: v128, lanes: u32): v128 {
  return v128.or(x, v128.ge<i32>(i32x4(0, 1, 2, 3), i32x4.splat(lanes)));
}

@inline
function rmspropChange(g: v128, square: usize, newSquare: usize, rate: v128, keep: v128, take: v128, epsilon: v128, lanes: u32): v128 {
  const v = decayed(square, newSquare, keep, f32x4.mul(f32x4.mul(take, g), g), lanes);
  return f32x4.neg(f32x4.mul(rate, f32x4.div(g, f32x4.add(f32x4.sqrt(v), epsilon))));
}

/** v = keep v + (take g) g; w = clamp(w - rate (g / (sqrt(v) + epsilon))). */
export function rmsprop(into: usize, weights: usize, gradient: usize, count: u32, scale: f32, bound: f32, limit: f32, square: usize, newSquare: usize, rate: f32, keep: f32, take: f32, epsilon: f32): f64 {
  const s = f32x4.splat(scale);
  const c = f32x4.splat(bound);
  const l = f32x4.splat(limit);
  const r = f32x4.splat(rate);
  const k = f32x4.splat(keep);
  const t = f32x4.splat(take);
  const e = f32x4.splat(epsilon);
  const whole = ((<usize>count) << 2) & ~15;
  let low = ZERO;
  let high = ZERO;
  let sound = ONES;
  for (let at: usize = 0; at < whole; at += 16) {
    const g = f32x4.mul(s, load(gradient + at, 4));
    low = f64x2.add(low, squaresLow(g));
    high = f64x2.add(high, squaresHigh(g));
    const change = rmspropChange(g, square + at, newSquare + at, r, k, t, e, 4);
    sound = v128.and(sound, move(into + at, load(weights + at, 4), change, c, l, 4));
  }
  const rest = count & 3;
  if (rest) {
    const g = f32x4.mul(s, load(gradient + whole, rest));
    low = f64x2.add(low, squaresLow(g));
    high = f64x2.add(high, squaresHigh(g));
    const change = rmspropChange(g, square + whole, newSquare + whole, r, k, t, e, rest);
    sound = v128.and(sound, orAbsent(move(into + whole, load(weights + whole, rest), change, c, l, rest), rest));
  }
  return v128.all_true<i32>(sound) ? total(low, high) : NaN;
}

/** What a length is multiplied with to be no more than `bound`. */
@inline
function shareOf(squares: f64, bound: f64): f64 {
  const length = Math.sqrt(squares);
  return length > bound ? bound / length : 1;
}

@inline
function scaled(x: v128, shares: v128): v128 {
  return f32x4.demote_f64x2_zero(f64x2.mul(f64x2.promote_low_f32x4(x), shares));
}

/** Of a matrix with `stride` bytes a row so many columns side by side, see `shortenUnits`. */
@inline
function shortenColumns(matrix: usize, rows: u32, stride: usize, bound: f64, lanes: u32): f64 {
  let low = ZERO;
  let high = ZERO;
  for (let row: u32 = 0, at = matrix; row < rows; row++, at += stride) {
    const x = load(at, lanes);
    low = f64x2.add(low, squaresLow(x));
    high = f64x2.add(high, squaresHigh(x));
  }
  const shares01 = f64x2(shareOf(f64x2.extract_lane(low, 0), bound), shareOf(f64x2.extract_lane(low, 1), bound));
  const shares23 = f64x2(shareOf(f64x2.extract_lane(high, 0), bound), shareOf(f64x2.extract_lane(high, 1), bound));
  if (v128.any_true(v128.or(f64x2.lt(shares01, f64x2.splat(1)), f64x2.lt(shares23, f64x2.splat(1)))))
    for (let row: u32 = 0, at = matrix; row < rows; row++, at += stride) {
      const x = load(at, lanes);
      const upper = scaled(v128.shuffle<u64>(x, x, 1, 0), shares23);
      store(at, v128.shuffle<u64>(scaled(x, shares01), upper, 0, 2), lanes);
    }
  return total(low, high);
}

/** Of a kernel with `stride` bytes a row the one unit that has `after` weights in each. */
@inline
function shortenUnit(kernel: usize, rows: u32, stride: usize, after: usize, bound: f64): f64 {
  let squares: f64 = 0;
  for (let row: u32 = 0, at = kernel; row < rows; row++, at += stride)
    for (let i: usize = 0; i < after; i++) {
      const x = <f64>f32.load(at + (i << 2));
      squares += x * x;
    }
  const share = shareOf(squares, bound);
  if (share < 1)
    for (let row: u32 = 0, at = kernel; row < rows; row++, at += stride)
      for (let i: usize = 0; i < after; i++) f32.store(at + (i << 2), <f32>(share * <f64>f32.load(at + (i << 2))));
  return squares;
}

/**
 * Of a kernel [rows, units, after] the weights of each unit in [from, to) that are longer than `bound` are multiplied with bound / length,
 * in float64 and then rounded; squares are added in the order of rows. Returns the sum of squares of what was there.
 */
export function shortenUnits(kernel: usize, rows: u32, units: u32, after: u32, from: u32, to: u32, bound: f64): f64 {
  const width = <usize>after << 2;
  const stride = <usize>units * width;
  let all: f64 = 0;
  let unit = from;
  if (after == 1) {
    for (; unit + 4 <= to; unit += 4) all += shortenColumns(kernel + <usize>unit * width, rows, stride, bound, 4);
    return unit < to ? all + shortenColumns(kernel + <usize>unit * width, rows, stride, bound, to - unit) : all;
  }
  for (; unit < to; unit++) all += shortenUnit(kernel + <usize>unit * width, rows, stride, after, bound);
  return all;
}
