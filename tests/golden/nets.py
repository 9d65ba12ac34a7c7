# GAN steps in PyTorch, float64, written from the papers and PyTorch's documentation. Shared by steps.py and training.py.
# Random numbers come from TensorFlow's own stateless kernels: the n-th draw of a step has its seed plus [n, 0].
# More than 300 lines: layers, nets, losses and penalties of one game, which read each other.
import os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
sys.modules["triton"] = None  # its LLVM and TensorFlow's cannot live in one process
import math
from types import SimpleNamespace
import numpy as np
import tensorflow as tf
import torch
import torch.nn.functional as F
from torch.nn.utils.spectral_norm import SpectralNorm

from picture_nets import NETWORKS

torch.set_default_dtype(torch.float64)
EPSILON = 1e-5  # PyTorch's default for batch norm


def pattern(name, count):
    """Numbers in (-1, 1), whole multiples of 1/512, that another language computes alike: a quadratic modulo a prime, salted by a name."""
    salt = sum(ord(c) for c in name)
    return np.array([((31 * i * i + 7919 * i + 613 * salt) % 1021 - 510) / 512 for i in range(count)])


def start_value(net, name, shape, gain):
    """First values: kernels around 0 (a mapping's as many times larger as StyleGAN2 uses them smaller), scales and variances around 1,
    small biases, offsets and means."""
    values = pattern(f"{net}/{name}", math.prod(shape))
    kind = name.split("/")[-1]
    values = (100 if name.startswith("mapping") else 1) * gain * values if kind == "kernel" else (1 if kind in ("scale", "variance") else 0) + values / 4
    return torch.tensor(values.astype(np.float32).astype(np.float64)).reshape(shape)


class Draws:
    def __init__(self, seed):
        self.seed, self.count = seed, 0

    def draw(self, op, shape):
        self.count += 1
        a = (self.seed[0] + self.count + 2**31) % 2**32 - 2**31  # int32 wraps
        return torch.tensor(op(shape=list(shape), seed=tf.constant([a, self.seed[1]], tf.int32)).numpy().astype(np.float64))

    def truncated(self, shape):
        return self.draw(tf.raw_ops.StatelessTruncatedNormal, shape)

    def normal(self, shape):
        return self.draw(tf.raw_ops.StatelessRandomNormal, shape)

    def uniform(self, shape):
        return self.draw(tf.raw_ops.StatelessRandomUniform, shape)


# ---- layers: (name, {parameter: shape}, {slot: shape}, function of (x, p, s, mode)), channels last as the items lie ----------------

class Mode:
    """How a net is applied: what it draws from, its items' classes (one-hot) and conditions, and the statistics that its batch norms report."""
    def __init__(self, draws, training, group=None, labels=None, condition=None):
        self.draws, self.training, self.group, self.labels, self.written = draws, training, group, labels, {}
        self.condition = condition


def dense(name, inputs, units, bias):
    def apply(x, p, s, mode):
        y = x.reshape(len(x), -1) @ p[f"{name}/kernel"]
        return y + p[f"{name}/bias"] if bias else y
    return name, {"kernel": (inputs, units), **({"bias": (units,)} if bias else {})}, {}, apply


def convolution(name, c_in, c_out):  # 4x4, stride 2, one pixel of padding: half the side
    def apply(x, p, s, mode):
        w = p[f"{name}/kernel"].permute(3, 2, 0, 1)  # [4, 4, in, out] to PyTorch's [out, in, 4, 4]
        return F.conv2d(x.permute(0, 3, 1, 2), w, stride=2, padding=1).permute(0, 2, 3, 1)
    return name, {"kernel": (4, 4, c_in, c_out)}, {}, apply


def transposed(name, c_in, c_out):  # twice the side
    def apply(x, p, s, mode):
        w = p[f"{name}/kernel"].permute(3, 2, 0, 1)  # [4, 4, out, in] to PyTorch's [in, out, 4, 4]
        return F.conv_transpose2d(x.permute(0, 3, 1, 2), w, stride=2, padding=1).permute(0, 2, 3, 1)
    apply.dim = 1  # of the outputs in PyTorch's kernel
    return name, {"kernel": (4, 4, c_out, c_in)}, {}, apply


def spectral(layer):
    """torch.nn.utils.spectral_norm, Miyato et al. 2018, algorithm 1: one power iteration from u."""
    name, parameters, slots, f = layer
    if "kernel" not in parameters:
        return layer
    order = [3, 2, 0, 1] if len(parameters["kernel"]) == 4 else [1, 0]
    back, dim = list(np.argsort(order)), getattr(f, "dim", 0)

    def apply(x, p, s, mode):
        w = p[f"{name}/kernel"].permute(order)
        outputs, inputs = w.shape[dim], w.numel() // w.shape[dim]
        held = SimpleNamespace(weight_orig=w, weight_u=s[f"{name}/u"].clone(), weight_v=torch.zeros(inputs))
        normed = SpectralNorm(dim=dim).compute_weight(held, do_power_iteration=True)
        mode.written[f"{name}/u"] = held.weight_u
        return f(x, {**p, f"{name}/kernel": normed.permute(back)}, s, mode)
    u = parameters["kernel"][order[dim]]
    return name, parameters, {**slots, "u": (u,)}, apply


def batch_norm(name, channels):
    def apply(x, p, s, mode):
        rows = x.reshape(-1, channels)
        weight, bias = p[f"{name}/scale"], p[f"{name}/offset"]
        if not mode.training:
            return F.batch_norm(rows, s[f"{name}/mean"], s[f"{name}/variance"], weight, bias, False, eps=EPSILON).reshape(x.shape)
        outputs, means, variances = [], [], []
        for part in x.split(mode.group or len(x)):  # samples that are normalized together
            mean, variance = torch.zeros(channels), torch.zeros(channels)  # momentum 1: PyTorch stores the batch's own, unbiased
            outputs.append(F.batch_norm(part.reshape(-1, channels), mean, variance, weight, bias, True, 1.0, EPSILON))
            means.append(mean)
            variances.append(variance)
        mode.written.update({f"{name}/mean": sum(means) / len(means), f"{name}/variance": sum(variances) / len(variances)})
        return torch.cat(outputs).reshape(x.shape)
    return name, {"scale": (channels,), "offset": (channels,)}, {"mean": (channels,), "variance": (channels,)}, apply


def layer_norm(name, features):  # Ba et al. 2016: over the features of each sample
    def apply(x, p, s, mode):
        return F.layer_norm(x, (features,), p[f"{name}/scale"], p[f"{name}/offset"], EPSILON)
    return name, {"scale": (features,), "offset": (features,)}, {}, apply


def hidden(i, width, units, o):
    """A dense layer and its normalization; batch norm takes a bias away again."""
    kind = o.get("normalization", "none")
    norm = {"none": [], "batch": [batch_norm(f"norm{i}", units)], "layer": [layer_norm(f"norm{i}", units)]}[kind]
    return [dense(f"dense{i}", width, units, kind != "batch"), *norm]


def plain(name, f):
    return name, {}, {}, lambda x, p, s, mode: f(x)


def dropout(name, keep):
    def apply(x, p, s, mode):
        return x * (mode.draws.uniform(x.shape) < keep) / keep if mode.training and keep < 1 else x
    return name, {}, {}, apply


def append_labels():  # Mirza and Osindero 2014: beside numbers, and as constant maps beside a picture's channels
    def apply(x, p, s, mode):
        y = mode.labels.reshape(len(x), *[1] * (x.dim() - 2), -1)
        return torch.cat([x, y.expand(*x.shape[:-1], -1)], -1)
    return "", {}, {}, apply


def beside(o, net, classes):
    """(layers, features) that come in beside the latents, or beside D's items."""
    told = o.get("conditional", "none") in (("concat",) if net == "discriminator" else ("concat", "projection", "auxiliary"))
    return ([append_labels()], classes) if told else ([], 0)


def head(o, inputs, classes, bias):
    how = o.get("conditional", "none")
    codes = o.get("latentCodes", {})
    told = sum(codes.get("categories", [])) + codes.get("continuous", 0) if "weight" in codes else 0
    name, parameters, slots, psi = dense("logit", inputs, 1 + told + (classes if how == "auxiliary" else 0), bias)
    if how != "projection":
        return name, parameters, slots, psi

    def apply(x, p, s, mode):  # Miyato and Koyama 2018, equation 3: y'V phi + psi(phi)
        phi = x.reshape(len(x), -1)
        return torch.einsum("bk,kf,bf->b", mode.labels, p["logit/embedding"], phi)[:, None] + psi(phi, p, s, mode)
    return name, {**parameters, "embedding": (classes, inputs)}, slots, apply


ACTIVATIONS = {
    "relu": torch.relu,
    "leakyRelu": lambda x: F.leaky_relu(x, 0.2),
    "tanh": torch.tanh,
    "sigmoid": lambda x: 2 * torch.sigmoid(x) - 1,  # stretched to the data's range [-1, 1]
    "linear": lambda x: x,
}


def mlp(o, item, classes):
    g, d, items = o["generator"], o["discriminator"], math.prod(item)
    G, more = beside(o, "generator", classes)
    width = o["latent"] + more
    for i, units in enumerate(g["hidden"], 1):
        G += [*hidden(i, width, units, g), plain("", ACTIVATIONS[g.get("activation", "relu")])]
        width = units
    G += [dense("output", width, items, True), plain("", ACTIVATIONS[g.get("output", "linear")])]
    D, more = beside(o, "discriminator", classes)
    D, width = [plain("", lambda x: x.reshape(len(x), -1)), *D], items + more
    for i, units in enumerate(d["hidden"], 1):
        D += [*hidden(i, width, units, d), plain("", ACTIVATIONS[d.get("activation", "relu")])]
        width = units
    return G, D + [head(o, width, classes, True)]


def maxout(o, item, classes):
    g, d, items = o["generator"], o["discriminator"], math.prod(item)
    G, more = beside(o, "generator", classes)
    width = o["latent"] + more
    for i, units in enumerate(g["hidden"], 1):
        G += [*hidden(i, width, units, g), plain("", torch.relu)]
        width = units
    output = g.get("output", "sigmoid")
    G += [dense("output", width, items, True), plain("", ACTIVATIONS[output])]
    D, more = beside(o, "discriminator", classes)
    unit = []
    if output == "sigmoid":  # the paper's pixels lie on [0, 1], Nash's on [-1, 1]
        unit = [plain("", lambda x: (x + 1) / 2)]
    D, width, pieces = [*unit, dropout("", d["keepInput"]), plain("", lambda x: x.reshape(len(x), -1)), *D], items + more, d["pieces"]
    for i, units in enumerate(d["units"], 1):
        D += [*hidden(i, width, units * pieces, d),
              plain("", lambda x, units=units: x.reshape(len(x), units, pieces).amax(2)), dropout("", d["keepHidden"])]
        width = units
    return G, D + [head(o, width, classes, True)]


def dcgan(o, item, classes):  # Radford et al. 2016: batch norm everywhere but on G's output and D's input
    side, _, channels = item
    base, widths = side, []
    while base > 7:
        base, widths = base // 2, widths + [o["width"] * 2 ** len(widths)]
    inner = widths[-1]
    G, more = beside(o, "generator", classes)
    width = o["latent"] + more
    for i, units in enumerate(o.get("hidden", []), 1):
        G += [dense(f"hidden{i}", width, units, False), batch_norm(f"hiddenNorm{i}", units), plain("", torch.relu)]
        width = units
    G += [dense("project", width, base * base * inner, False), plain("", lambda x: x.reshape(len(x), base, base, inner)),
         batch_norm("norm0", inner), plain("", torch.relu)]
    for i, (c_in, c_out) in enumerate(zip(widths[::-1], widths[-2::-1]), 1):
        G += [transposed(f"deconv{i}", c_in, c_out), batch_norm(f"norm{i}", c_out), plain("", torch.relu)]
    G += [transposed("image", widths[0], channels), plain("", torch.tanh)]
    D, more = beside(o, "discriminator", classes)
    c_in = channels + more
    for i, c_out in enumerate(widths, 1):
        D.append(convolution(f"conv{i}", c_in, c_out))
        if i > 1:
            D.append(batch_norm(f"norm{i}", c_out))
        D.append(plain("", ACTIVATIONS["leakyRelu"]))
        c_in = c_out
    width = base * base * inner
    for i, units in enumerate(o.get("hidden", []), 1):
        D += [dense(f"hidden{i}", width, units, False), batch_norm(f"hiddenNorm{i}", units), plain("", ACTIVATIONS["leakyRelu"])]
        width = units
    return G, D + [head(o, width, classes, False)]


TOOLS = SimpleNamespace(batch_norm=batch_norm, beside=beside, dense=dense, dropout=dropout, head=head)
PENALTY_SLOTS = {"lecam": ["lecam/real", "lecam/fake"], "path-length": ["pathLength/mean"]}


class Game:
    """Both nets of one architecture, and the steps of their training."""
    def __init__(self, model, item, loss, penalties={}, group=None, counts=(), condition=None):
        """counts: of the data's items in each class; none where the game is not conditional. condition: of pairs, [batch, ...]"""
        self.item, self.loss, self.latent, self.penalties, self.counts = item, loss, model.get("latent"), penalties, counts
        self.condition = condition
        self.auxiliary = model.get("auxiliaryWeight", 1) if model.get("conditional") == "auxiliary" else None
        self.training = lambda draws, labels=None: Mode(draws, True, group, labels, condition)
        self.codes = model.get("latentCodes", {})
        self.distribution = model.get("latentDistribution", "uniform" if model["name"] == "maxout" else "normal")
        make = {"mlp": mlp, "maxout": maxout, "dcgan": dcgan}.get(model["name"])
        G, D = make(model, item, len(counts)) if make else NETWORKS[model["name"]](model, item, len(counts), SimpleNamespace(**vars(TOOLS), condition=condition))
        self.mapping = 1 if model["name"] == "stylegan2" else 0  # layers from latents to codes
        normed = model.get("spectralNorm", []) if make else []  # pictures' networks say themselves
        self.layers = {net: [spectral(layer) for layer in layers] if net in normed else layers
                       for net, layers in {"generator": G, "discriminator": D}.items()}

    def start(self, net, gain):
        fill = lambda specs: {name: start_value(net, name, shape, gain) for name, shape in specs}
        full = lambda n, own: [(f"{n}/{k}" if n else k, shape) for k, shape in own.items()]
        penalties = [(name, (1,)) for o in self.penalties.get(net, []) for name in PENALTY_SLOTS.get(o["name"], [])]
        return (fill(spec for n, own, _, _ in self.layers[net] for spec in full(n, own)),
                fill([*(spec for n, _, own, _ in self.layers[net] for spec in full(n, own)), *penalties]))

    def apply(self, net, x, p, s, mode, part=slice(None)):
        for _, _, _, f in self.layers[net][part]:
            x = f(x, p, s, mode)
        return x.reshape(len(x), *self.item) if net == "generator" and part.stop is None else x

    def latents(self, batch, draws):
        """What G is given: noise and codes, or of pairs the condition alone."""
        if self.condition is not None:
            return self.condition
        sizes, continuous = self.codes.get("categories", []), self.codes.get("continuous", 0)
        shape = (batch, self.latent - sum(sizes) - continuous)
        if self.distribution == "uniform":
            z = [(2 * draws.uniform(shape) - 1) * math.sqrt(3)]  # unit variance
        else:
            z = [getattr(draws, self.distribution)(shape)]
        z += [F.one_hot((draws.uniform((batch,)) * n).long(), n).double() for n in sizes]  # Chen et al. 2016, section 7.2
        if continuous:
            z.append(2 * draws.uniform((batch, continuous)) - 1)
        return torch.cat(z, 1)

    def labels(self, batch, draws):
        """Classes of samples, in the proportions of the data, one-hot."""
        if not self.counts:
            return None
        shares = torch.tensor(np.cumsum(self.counts) / sum(self.counts)).float().double()
        return self.one_hot(torch.searchsorted(shares, draws.uniform((batch,)), right=True))

    def one_hot(self, labels):
        return F.one_hot(torch.as_tensor(labels), len(self.counts)).double() if self.counts else None

    def judge(self, x, labels, p, s, mode):
        """D's logit, and the mean cross-entropy and the accuracy of the class that an auxiliary classifier tells."""
        mode.labels = labels
        y = self.apply("discriminator", x, p, s, mode)
        y = y.reshape(-1, 1) if y.dim() == 4 else y  # a logit a patch: every mean is one over all of them
        mode.told = y[:, 1 + (0 if self.auxiliary is None else len(self.counts)):]
        if self.auxiliary is None:
            return y[:, :1], torch.zeros(()), None
        told, right = y[:, 1:1 + len(self.counts)], labels.argmax(1)
        return y[:, :1], self.auxiliary * F.cross_entropy(told, right), (told.argmax(1) == right).double().mean().item()

    def code_loss(self, told, z):
        """Chen et al. 2016, equation 5: -log Q(c|x), of a continuous code but for a constant."""
        if "weight" not in self.codes:
            return 0
        total, at = 0, told.shape[1]
        c = z[:, z.shape[1] - at:]
        begin = 0
        for n in self.codes.get("categories", []):
            total = total + F.cross_entropy(told[:, begin:begin + n], c[:, begin:begin + n].argmax(1))
            begin += n
        return self.codes["weight"] * (total + 0.5 * (told[:, begin:] - c[:, begin:]).square().sum(1).mean())

    def d_loss(self, real, fake):
        if self.loss == "wasserstein":  # Arjovsky et al. 2017: the critic maximizes E f(x) - E f(G(z))
            return fake.mean() - real.mean()
        one, zero = torch.ones_like(real), torch.zeros_like(fake)
        return F.binary_cross_entropy_with_logits(real, one) + F.binary_cross_entropy_with_logits(fake, zero)

    def g_loss(self, fake):
        if self.loss == "wasserstein":
            return -fake.mean()
        if self.loss == "minimax":  # Goodfellow et al. 2014, equation 1: E log(1 - D(G(z)))
            return F.logsigmoid(-fake).mean()
        return -F.logsigmoid(fake).mean()  # section 3: maximize log D(G(z))

    def decay(self, net, p):  # Krogh and Hertz 1992, equation 2
        weight = sum(o["weight"] for o in self.penalties.get(net, []) if o["name"] == "weight-decay")
        return weight / 2 * sum(w.square().sum() for w in p.values())

    def d_penalties(self, judge, real, fake, logits, s, draws, written):
        """judge: of items, labelled as the real or as the fake ones; logits: of both"""
        of_items = lambda logits: logits.sum() * len(real) / len(logits)  # of an item the mean over its patches, where there are any
        def slope(x):
            x = x.detach().clone().requires_grad_()
            return torch.autograd.grad(of_items(judge(x, "real")), x, create_graph=True)[0].flatten(1)
        share = lambda: draws.uniform((len(real), *[1] * (real.dim() - 1)))
        total = torch.zeros(())
        for o in self.penalties.get("discriminator", []):
            name, weight = o["name"], o["weight"]
            if name in ("r1", "r2"):  # Mescheder, Geiger and Nowozin 2018, equations 9 and 10; of what the loss is of, as their code
                logit, at = (logits[0], real) if name == "r1" else (logits[1], fake)
                slope_there, = torch.autograd.grad(of_items(logit), at, create_graph=True)
                total = total + weight / 2 * slope_there.flatten(1).square().sum(1).mean()
            if name == "gradient-penalty":  # Gulrajani et al. 2017, algorithm 1: x^ = e x + (1 - e) x~
                e = share()
                excess = slope(e * real + (1 - e) * fake).norm(dim=1) - 1
                total = total + weight * (excess.clamp(min=0) if o.get("sides") == 1 else excess).square().mean()
            if name == "dragan":  # kodalinaveen3/DRAGAN: X_p = X + 0.5 std(X) U(0, 1), and X^ between X and X_p
                perturbed = real + 0.5 * real.std(unbiased=False) * draws.uniform(real.shape)
                total = total + weight * (slope(real + share() * (perturbed - real)).norm(dim=1) - 1).square().mean()
            if name == "lecam":  # Tseng et al. 2021, section 3: R_LC = E |D(x) - a_F|^2 + E |D(G(z)) - a_R|^2
                r, f = logits
                total = total + weight * ((r - s["lecam/fake"]).square().mean() + (f - s["lecam/real"]).square().mean())
                written |= {"lecam/real": r.mean().reshape(1), "lecam/fake": f.mean().reshape(1)}
        return total

    def g_penalties(self, codes, synthesize, s, draws, written, pair):
        total = torch.zeros(())
        for o in self.penalties.get("generator", []):
            if o["name"] == "pixel-l1":  # Isola et al. 2017, equation 3
                total = total + o["weight"] * F.l1_loss(*pair)
            if o["name"] == "path-length":  # Karras et al. 2020, equation 4, with the noise as NVlabs's loss.py scales it
                at = codes if codes.requires_grad else codes.clone().requires_grad_()
                image = synthesize(at)
                y = draws.normal(image.shape) / math.sqrt(math.prod(image.shape[1:3]) if image.dim() == 4 else 1)
                slope, = torch.autograd.grad((image * y).sum(), at, create_graph=True)
                lengths = slope.square().sum(-1).mean(1).sqrt() if slope.dim() == 3 else slope.norm(dim=1)
                total = total + o["weight"] * (lengths - s["pathLength/mean"]).square().mean()
                written["pathLength/mean"] = lengths.mean().reshape(1)
        return total

    def d_step(self, d, g, real, seed, labels=None):
        """(gradients, slots, statistics) of one shard: loss, accuracy on real, accuracy on fake, V(D, G), class accuracy on both."""
        draws = Draws(seed)
        z, asked, given = self.latents(len(real), draws), self.labels(len(real), draws), self.one_hot(labels)
        fake = self.apply("generator", z, *g, self.training(draws, asked)).detach().requires_grad_()
        real = real.clone().requires_grad_()
        p = {name: w.clone().requires_grad_() for name, w in d[0].items()}
        on_real, on_fake = self.training(draws), self.training(draws)
        r, r_class, r_right = self.judge(real, given, p, d[1], on_real)
        f, f_class, f_right = self.judge(fake, asked, p, d[1], on_fake)
        judge = lambda x, like: self.judge(x, given if like == "real" else asked, p, d[1], self.training(draws))[0]
        slots = {name: (on_real.written[name] + on_fake.written[name]) / 2 for name in on_real.written}
        loss = self.d_loss(r, f) + r_class + f_class + self.code_loss(on_fake.told, z) + self.decay("discriminator", p)
        loss = loss + self.d_penalties(judge, real, fake, (r, f), d[1], draws, slots)
        grads = torch.autograd.grad(loss, list(p.values()), materialize_grads=True)
        value = F.logsigmoid(r).mean() + F.logsigmoid(-f).mean()  # log D(x) and log(1 - D(G(z)))
        right = [(torch.sigmoid(r) > 0.5).double().mean(), (torch.sigmoid(f) < 0.5).double().mean()]
        told = [] if self.auxiliary is None else [r_right, f_right]
        return dict(zip(p, grads)), slots, [x.item() for x in (loss, *right, value)] + told

    def g_step(self, d, g, batch, seed, real=None):
        draws = Draws(seed)
        z, asked = self.latents(batch, draws), self.labels(batch, draws)
        p = {name: w.clone().requires_grad_() for name, w in g[0].items()}
        mode = self.training(draws, asked)
        codes = self.apply("generator", z, p, g[1], mode, slice(self.mapping))
        synthesis = lambda codes, mode: self.apply("generator", codes, p, g[1], mode, slice(self.mapping, None))
        on_fake = self.training(draws)
        fake = synthesis(codes, mode)
        f, f_class, _ = self.judge(fake, asked, *d, on_fake)
        loss = self.g_loss(f) + f_class + self.code_loss(on_fake.told, z) + self.decay("generator", p)
        loss = loss + self.g_penalties(codes, lambda x: synthesis(x, self.training(draws, asked)), g[1], draws, mode.written, (fake, real))
        grads = torch.autograd.grad(loss, list(p.values()), materialize_grads=True)
        return dict(zip(p, grads)), mode.written, [loss.item(), (torch.sigmoid(f) < 0.5).double().mean().item()]

    def sample(self, g, batch, seed, labels=None):
        draws = Draws(seed)
        return self.apply("generator", self.latents(batch, draws), *g, Mode(draws, False, None, self.one_hot(labels), self.condition))


def digits(tensor):
    """Nine significant digits: more than float32 has."""
    return [float(f"{x:.9g}") for x in torch.as_tensor(tensor).flatten().tolist()]
