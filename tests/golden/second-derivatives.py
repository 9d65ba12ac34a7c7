# Golden numbers for src/kernels: second derivatives of every operation that may stand where a gradient is differentiated once more, by
# PyTorch's double backward and by finite differences of the function itself, both in double precision.
#   pip install torch && python3 tests/golden/second-derivatives.py > tests/golden/second-derivatives.json
# S = sum over x of weights * d/dx sum(projection * f(x, parameters)); the golden numbers are dS/dx and dS/dparameters.
import json, math, sys
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
STEP = 1e-4


def pattern(name, count):  # as tests/golden/nets.py has it
    salt = sum(ord(c) for c in name)
    return [((31 * i * i + 7919 * i + 613 * salt) % 1021 - 510) / 512 for i in range(count)]


def tensor(name, shape):
    return torch.tensor(pattern(name, math.prod(shape)), dtype=torch.float64).reshape(shape)


nchw, nhwc = (lambda x: x.permute(0, 3, 1, 2)), (lambda x: x.permute(0, 2, 3, 1))


def same(x, kernel, stride):  # TensorFlow's padding SAME, of NCHW
    for axis in (2, 3):
        size = x.shape[axis]
        total = max((math.ceil(size / stride) - 1) * stride + kernel - size, 0)
        pad = [total // 2, total - total // 2]
        x = F.pad(x, [*pad, 0, 0] if axis == 3 else [0, 0, *pad])
    return x


def conv(stride):
    return lambda x, k: nhwc(F.conv2d(same(nchw(x), k.shape[0], stride), k.permute(3, 2, 0, 1), stride=stride))


def transposed(stride):
    def f(x, k):  # k [kernel, kernel, out, in]; SAME: as many pixels are cut off as the forward convolution pads
        y = F.conv_transpose2d(nchw(x), k.permute(3, 2, 0, 1), stride=stride)
        cut = k.shape[0] - stride
        out = [s * stride for s in x.shape[1:3]]
        return nhwc(y[:, :, cut // 2:cut // 2 + out[0], cut // 2:cut // 2 + out[1]])
    return f


def fir(channels):
    taps = torch.tensor([1.0, 3, 3, 1])
    return (taps[:, None] * taps[None, :] / 64)[None, None].repeat(channels, 1, 1, 1)


def batch_norm(x, scale, offset):
    mean, var = x.mean((0, 1, 2), keepdim=True), x.var((0, 1, 2), unbiased=False, keepdim=True)
    return (x - mean) / (var + 1e-5).sqrt() * scale + offset


def standardized(x, axes):
    return (x - x.mean(axes, keepdim=True)) / (x.var(axes, unbiased=False, keepdim=True) + 1e-5).sqrt()


def group_deviation(x):  # groups of 2
    g = x.reshape(x.shape[0] // 2, 2, -1)
    deviation = ((g - g.mean(1, keepdim=True)).square().mean(1) + 1e-8).sqrt().mean(1)
    return deviation.repeat_interleave(2)


def spectral(x, k, u):
    unit = lambda v: v / (v.square().sum() + 1e-12).sqrt()
    fixed = k.detach() if FIXED is None else FIXED
    v = unit(fixed @ u)
    w = unit(fixed.T @ v)
    return x @ (k / (v @ k @ w))


FIXED = None  # the matrix that the power iteration sees: nothing is differentiated through its vectors


def attention(x, q, k, v):
    flat = x.reshape(x.shape[0], -1, x.shape[-1])
    return torch.softmax((flat @ q) @ (flat @ k).transpose(1, 2), -1) @ (flat @ v)


def modulated(x, k, style):
    scaled = x * style[:, None, None, :]
    demodulation = torch.rsqrt((k.square().sum((0, 1)).T @ style.square().T).T + 1e-8)
    return conv(1)(scaled, k) * demodulation[:, None, None, :]


square = lambda f: lambda *a: f(*a).square()
IMAGE = (2, 4, 4, 2)
CASES = {
    "relu": (square(torch.relu), (2, 4), []),
    "leaky ReLU": (square(lambda x: F.leaky_relu(x, 0.2)), (2, 4), []),
    "tanh": (torch.tanh, (2, 4), []),
    "sigmoid": (torch.sigmoid, (2, 4), []),
    "softplus": (F.softplus, (2, 4), []),
    "exp": (torch.exp, (2, 4), []),
    "elu": (F.elu, (2, 4), []),
    "selu": (F.selu, (2, 4), []),
    "swish": (F.silu, (2, 4), []),
    "softmax": (lambda x: torch.softmax(x, -1), (2, 4), []),
    "maxout": (square(lambda x: x.reshape(2, 2, 3).amax(2)), (2, 6), []),
    "bias": (square(lambda x, b: x + b), (2, 4), [(4,)]),
    "dense": (square(lambda x, k: x @ k), (2, 4), [(4, 3)]),
    "convolution": (square(conv(1)), IMAGE, [(3, 3, 2, 3)]),
    "convolution, stride 2": (square(conv(2)), IMAGE, [(4, 4, 2, 3)]),
    "transposed convolution, stride 2": (square(transposed(2)), (2, 2, 2, 2), [(4, 4, 3, 2)]),
    "average pooling": (square(lambda x: nhwc(F.avg_pool2d(nchw(x), 2))), IMAGE, []),
    "max pooling": (square(lambda x: nhwc(F.max_pool2d(nchw(x), 2))), IMAGE, []),
    "nearest upsampling": (square(lambda x: nhwc(F.interpolate(nchw(x), scale_factor=2))), (2, 2, 2, 2), []),
    "blur": (square(lambda x: nhwc(F.conv2d(F.pad(nchw(x), (2, 2, 2, 2)), fir(2), groups=2))), IMAGE, []),
    "filtered downsampling": (square(lambda x: nhwc(F.conv2d(nchw(x), fir(2), stride=2, padding=1, groups=2))), IMAGE, []),
    "filtered upsampling": (square(lambda x: nhwc(F.conv_transpose2d(nchw(x), 4 * fir(2), stride=2, padding=1, groups=2))), (2, 2, 2, 2), []),
    "batch norm": (batch_norm, (2, 2, 2, 2), [(2,), (2,)]),
    "layer norm": (lambda x: standardized(x, (1, 2, 3)), (2, 2, 2, 2), []),
    "instance norm": (lambda x: standardized(x, (1, 2)), (2, 2, 2, 2), []),
    "pixel norm": (lambda x: x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-8), (2, 4), []),
    "minibatch deviation": (group_deviation, (4, 3), []),
    "spectral norm": (square(lambda x, k: spectral(x, k, tensor("u", (3,)))), (2, 4), [(4, 3)]),
    "attention": (attention, (2, 2, 2, 3), [(3, 2), (3, 2), (3, 3)]),
    "modulated convolution": (modulated, (2, 3, 3, 2), [(3, 3, 2, 3), (2, 2)]),
    "residual block": (lambda x, k: conv(1)(F.silu(x), k) + x, (2, 3, 3, 2), [(3, 3, 2, 2)]),
    "slope of a square": (lambda x: x * x.square() - x.reshape(4, 2).T.reshape(2, 4), (2, 4), []),
}


def double_backward(f, x, parameters, projection, weights):
    x = x.clone().requires_grad_()
    parameters = [p.clone().requires_grad_() for p in parameters]
    slope, = torch.autograd.grad((f(x, *parameters) * projection).sum(), x, create_graph=True)
    grads = torch.autograd.grad((slope * weights).sum(), [x, *parameters], allow_unused=True)
    return [torch.zeros_like(t) if g is None else g for t, g in zip([x, *parameters], grads)]


def differences(f, x, parameters, projection, weights):
    """d/dt at 0 of the slope along `weights`, of each number t in turn: a mixed second difference of the function."""
    with torch.no_grad():
        value = lambda x, ps: (f(x, *ps) * projection).sum()
        tensors = [x, *parameters]
        out = []
        for which, t in enumerate(tensors):
            grad = torch.zeros(t.numel())
            for i in range(t.numel()):
                total = 0.0
                for side in (1, -1):
                    moved = [u.clone() for u in tensors]
                    moved[which].view(-1)[i] += side * STEP
                    for along in (1, -1):
                        total += side * along * value(moved[0] + along * STEP * weights, moved[1:])
                grad[i] = total / (4 * STEP * STEP)
            out.append(grad.reshape(t.shape))
        return out


def case(name, f, x_shape, shapes):
    global FIXED
    x = tensor("x", x_shape)
    parameters = [tensor(f"parameter {i}", s) for i, s in enumerate(shapes)]
    FIXED = parameters[0] if name == "spectral norm" else None
    projection = tensor("projection", f(x, *parameters).shape)
    weights = tensor("weights", x_shape)
    numbers = lambda ts: [[round(v, 9) for v in t.flatten().tolist()] for t in ts]
    auto = double_backward(f, x, parameters, projection, weights)
    fd = differences(f, x, parameters, projection, weights)
    scale = max(max(t.abs().max().item() for t in auto), 1)
    worst = max((a - b).abs().max().item() for a, b in zip(auto, fd)) / scale
    assert worst < 1e-5, (name, worst)
    return {"name": name, "x": x_shape, "parameters": shapes, "doubleBackward": numbers(auto), "differences": numbers(fd)}


cases = [case(name, *rest) for name, rest in CASES.items()]
json.dump({"torch": torch.__version__, "cases": cases}, sys.stdout, separators=(",", ":"), allow_nan=False)
print()
