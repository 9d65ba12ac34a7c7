# Networks of pictures in PyTorch, float64, written from their papers and from what is known of their authors' code. Layers are those of
# nets.py: (name, {parameter: shape}, {slot: shape}, function of (x, p, s, mode)), pictures as [batch, height, width, channels].
# More than 300 lines: six papers, which share layers.
import math
import torch
import torch.nn.functional as F


def first(x):  # channels as PyTorch has them; its double backward wants them contiguous
    return x.permute(0, 3, 1, 2).contiguous()


def last(x):
    return x.permute(0, 2, 3, 1)


def conv(name, c_in, c_out, size, stride=1, bias=True):
    def apply(x, p, s, mode):
        w = p[f"{name}/kernel"].permute(3, 2, 0, 1).contiguous()
        return last(F.conv2d(first(x), w, p[f"{name}/bias"] if bias else None, stride, (size - stride + 1) // 2))
    return name, {"kernel": (size, size, c_in, c_out), **({"bias": (c_out,)} if bias else {})}, {}, apply


def plain(f):
    return "", {}, {}, lambda x, p, s, mode: f(x)


def pool(x):
    return last(F.avg_pool2d(first(x), 2))


def double(x):
    return last(F.interpolate(first(x), scale_factor=2, mode="nearest"))


def named(name, parameters):
    return {f"{name}/{k}" if name else k: shape for k, shape in parameters.items()}


def residual(main, shortcut, factor=1):
    """The sum of two ways, whose layers have their full names."""
    both = [*main, *shortcut]
    parameters = {k: v for name, own, _, _ in both for k, v in named(name, own).items()}
    slots = {k: v for name, _, own, _ in both for k, v in named(name, own).items()}

    def apply(x, p, s, mode):
        a = b = x
        for _, _, _, f in main:
            a = f(a, p, s, mode)
        for _, _, _, f in shortcut:
            b = f(b, p, s, mode)
        return factor * (a + b)
    return "", parameters, slots, apply


def changed(layer, change, slots):
    """A layer that sees other weights than those that are trained."""
    name, parameters, own, f = layer
    kernels = [k for k in parameters if k.split("/")[-1] in ("kernel", "embedding")]

    def apply(x, p, s, mode):
        return f(x, {**p, **{f"{name}/{k}": change(name, k, p[f"{name}/{k}"], s, mode) for k in kernels}}, s, mode)
    return name, parameters, {**own, **{slots(k): (parameters[k][-1],) for k in kernels if slots(k)}}, apply


def spectral(layer):
    """Miyato et al. 2018, algorithm 1: v = W'u, u = Wv, both of length 1, and sigma = u'Wv, of which only W is differentiated."""
    vector = lambda k: "u" if k == "kernel" else f"{k}U"

    def change(name, k, w, s, mode):
        W = w.flatten(0, -2).T  # [out, everything else]
        with torch.no_grad():
            v = F.normalize(W.T @ s[f"{name}/{vector(k)}"], dim=0)
            u = F.normalize(W @ v, dim=0)
        mode.written[f"{name}/{vector(k)}"] = u
        return w / (u @ W @ v)
    return changed(layer, change, vector)


def equalized(layer):
    """Karras et al. 2018, section 4.1: He's constant where the weight is used."""
    fan_in = lambda k, w: w.shape[-1] if k == "embedding" else math.prod(w.shape[:-1])
    return changed(layer, lambda name, k, w, s, mode: w / math.sqrt(fan_in(k, w)), lambda k: None)


def conditional_norm(name, channels, classes, batch_norm):
    """Dumoulin et al. 2017: a scale and an offset for each class."""
    _, _, slots, whiten = batch_norm(name, channels)

    def apply(x, p, s, mode):
        y = whiten(x, {f"{name}/scale": torch.ones(channels), f"{name}/offset": torch.zeros(channels)}, s, mode)
        at = mode.labels.argmax(1)
        return y * p[f"{name}/scale"][at][:, None, None, :] + p[f"{name}/offset"][at][:, None, None, :]
    return name, {"scale": (classes, channels), "offset": (classes, channels)}, slots, apply


def norm_of(o, classes, tools):
    conditional = o.get("conditional", "none") != "none"
    return lambda name, c: conditional_norm(name, c, classes, tools.batch_norm) if conditional else tools.batch_norm(name, c)


def geometry(side):
    base = side
    while base > 7 and base % 2 == 0:
        base //= 2
    return base, round(math.log2(side / base))


def attention(name, c, wrap):
    """Zhang et al. 2019, equations 1 to 3; keys and values pooled as in brain-research/self-attention-gan."""
    parts = {part: wrap(conv(f"{name}/{part}", a, b, 1, bias=False)) for part, a, b in [
        ("queries", c, c // 8), ("keys", c, c // 8), ("values", c, c // 2), ("output", c // 2, c)]}
    halve = lambda x: last(F.max_pool2d(first(x), 2))
    flat = lambda x: x.flatten(1, 2)

    def apply(x, p, s, mode):
        f, g, h = [parts[part][3](x, p, s, mode) for part in ("queries", "keys", "values")]
        beta = torch.softmax(flat(f) @ flat(halve(g)).transpose(1, 2), -1)  # [batch, n, n / 4]
        o = (beta @ flat(halve(h))).reshape(*x.shape[:3], c // 2)
        return x + p[f"{name}/gamma"] * parts["output"][3](o, p, s, mode)
    parameters = {"gamma": (), **{k.removeprefix(f"{name}/"): v for n, own, _, _ in parts.values() for k, v in named(n, own).items()}}
    slots = {k.removeprefix(f"{name}/"): v for n, _, own, _ in parts.values() for k, v in named(n, own).items()}
    return name, parameters, slots, apply


def residual_nets(o, item, classes, tools):
    """SNGAN's ResNets (Miyato et al. 2018, table 4, for pictures up to 32), and SAGAN's: with attention, and spectral norm in G too."""
    base, stages = geometry(item[0])
    is_sagan = o["name"] == "sagan"
    wrap_g = spectral if is_sagan else lambda layer: layer
    d, g, attended = o["width"], 2 * o["width"], item[0] // 2 if is_sagan else None
    relu = plain(torch.relu)
    norm = norm_of(o, classes, tools)
    G = [wrap_g(tools.dense("project", o["latent"], base * base * g, True)), plain(lambda x: x.reshape(len(x), base, base, g))]
    for i in range(1, stages + 1):
        at = f"block{i}/main"
        G.append(residual([norm(f"{at}/norm1", g), relu, plain(double), wrap_g(conv(f"{at}/conv1", g, g, 3)),
                           norm(f"{at}/norm2", g), relu, wrap_g(conv(f"{at}/conv2", g, g, 3))],
                          [plain(double), wrap_g(conv(f"block{i}/shortcut/conv", g, g, 1))]))
        if base * 2 ** i == attended:
            G.append(attention("attention", g, spectral))
    G += [norm("norm", g), relu, wrap_g(conv("image", g, item[2], 3)), plain(torch.tanh)]

    side, halving = item[0], min(stages, 2)
    D = [residual([spectral(conv("block1/main/conv1", item[2], d, 3)), relu, spectral(conv("block1/main/conv2", d, d, 3)), plain(pool)],
                  [plain(pool), spectral(conv("block1/shortcut/conv", item[2], d, 1))])]
    for i in range(1, halving + 3):
        if i > 1:
            main = [relu, spectral(conv(f"block{i}/main/conv1", d, d, 3)), relu, spectral(conv(f"block{i}/main/conv2", d, d, 3))]
            halves = i <= halving
            D.append(residual(main + [plain(pool)] * halves, [spectral(conv(f"block{i}/shortcut/conv", d, d, 1)), plain(pool)] * halves))
        side //= 2
        if side == attended and i <= halving:
            D.append(attention("attention", d, spectral))
    return G, D + [relu, plain(lambda x: x.sum((1, 2))), spectral(tools.head(o, d, classes, True))]


def biggan(o, item, classes, tools):
    """Brock et al. 2019, appendix B; ajbrock/BigGAN-PyTorch's widths for side 32 and less. Scale and offset are linear in [class, latents]."""
    base, stages = geometry(item[0])
    ch, conditional, share = o["width"], o.get("conditional", "none") != "none", o["latent"] // (stages + 1)
    is_even = stages <= 3
    g = [4 * ch] * stages if is_even else [16 * ch // 2 ** i for i in range(stages)]
    d = [(4 * ch, True)] * min(stages, 2) + [(4 * ch, False)] * 2 if is_even else [(ch * 2 ** i, True) for i in range(stages)] + [(16 * ch, False)]
    condition, relu = share + conditional * o["shared"], plain(torch.relu)
    z, y = None, None  # of the batch that is under way

    def begin(x, p, s, mode):
        nonlocal z, y
        z = x.split(share, 1)
        y = mode.labels @ p["shared/table"] if conditional else None
        return z[0]

    def norm(name, c, block):
        _, _, slots, whiten = tools.batch_norm(name, c)
        flat = {part: spectral(tools.dense(f"{name}/{part}", condition, c, False)) for part in ("scale", "offset")}

        def apply(x, p, s, mode):
            told = torch.cat([y, z[block]], 1) if conditional else z[block]
            white = whiten(x, {f"{name}/scale": torch.ones(c), f"{name}/offset": torch.zeros(c)}, s, mode)
            scale, offset = [flat[part][3](told, p, s, mode)[:, None, None, :] for part in ("scale", "offset")]
            return white * (1 + scale) + offset
        own = {f"{part}/{k}": v for part in flat for k, v in flat[part][1].items()}
        return name, own, {**slots, **{f"{part}/{k}": v for part in flat for k, v in flat[part][2].items()}}, apply

    G, c, attended = [("shared", {"table": (classes, o["shared"])} if conditional else {}, {}, begin),
                      spectral(tools.dense("project", share, base * base * g[0], True)), plain(lambda x: x.reshape(len(x), base, base, g[0]))], g[0], item[0] // 2
    for i, units in enumerate(g, 1):
        at = f"block{i}/main"
        G.append(residual([norm(f"{at}/norm1", c, i), relu, plain(double), spectral(conv(f"{at}/conv1", c, units, 3)),
                           norm(f"{at}/norm2", units, i), relu, spectral(conv(f"{at}/conv2", units, units, 3))],
                          [plain(double), spectral(conv(f"block{i}/shortcut/conv", c, units, 1))]))
        if base * 2 ** i == attended:
            G.append(attention("attention", units, spectral))
        c = units
    G += [tools.batch_norm("norm", c), relu, spectral(conv("image", c, item[2], 3)), plain(torch.tanh)]
    D, c, side = [], item[2], item[0]
    for i, (units, halves) in enumerate(d, 1):
        at, begins = f"block{i}", i == 1
        main = [relu] * (not begins) + [spectral(conv(f"{at}/main/conv1", c, units, 3)), relu, spectral(conv(f"{at}/main/conv2", units, units, 3))]
        learned = [spectral(conv(f"{at}/shortcut/conv", c, units, 1))] * (halves or c != units)
        shortcut = [plain(pool)] * (halves and begins) + learned + [plain(pool)] * (halves and not begins)
        D.append(residual(main + [plain(pool)] * halves, shortcut))
        side, c = side // (2 if halves else 1), units
        if side == attended and halves:
            D.append(attention("attention", units, spectral))
    return G, D + [relu, plain(lambda x: x.sum((1, 2))), spectral(tools.head(o, c, classes, True))]


def sngan_cnn(o, item, classes, tools):
    """Miyato et al. 2018, table 3."""
    base, stages = geometry(item[0])
    inwards, inner = [o["width"] * 2 ** i for i in range(stages)], o["width"] * 2 ** stages
    leaky, norm = plain(lambda x: F.leaky_relu(x, 0.1)), norm_of(o, classes, tools)
    G, c = [tools.dense("project", o["latent"], base * base * inner, True), plain(lambda x: x.reshape(len(x), base, base, inner)),
            norm("norm0", inner), plain(torch.relu)], inner
    for i, units in enumerate(inwards[::-1], 1):
        G += [deconvolution(f"deconv{i}", c, units), norm(f"norm{i}", units), plain(torch.relu)]
        c = units
    G += [conv("image", c, item[2], 3), plain(torch.tanh)]
    D, c = [], item[2]
    for i, units in enumerate(inwards, 1):
        D += [spectral(conv(f"conv{i}a", c, units, 3)), leaky, spectral(conv(f"conv{i}b", units, units, 4, 2)), leaky]
        c = units
    D += [spectral(conv("conv", c, inner, 3)), leaky]
    return G, D + [spectral(tools.head(o, base * base * inner, classes, True))]


def deconvolution(name, c_in, c_out):
    def apply(x, p, s, mode):
        return last(F.conv_transpose2d(first(x), p[f"{name}/kernel"].permute(3, 2, 0, 1).contiguous(), p[f"{name}/bias"], 2, 1))
    return name, {"kernel": (4, 4, c_out, c_in), "bias": (c_out,)}, {}, apply


def sngan(o, item, classes, tools):
    return (sngan_cnn if o.get("architecture") == "cnn" else residual_nets)(o, item, classes, tools)


# ---- StyleGAN2 and R3GAN -----------------------------------------------------------------------------------------------------------

def upfirdn(x, up=1, down=1, pad=(0, 0), gain=1):
    """Zeros between pixels, zeros around, the filter 1 3 3 1, every so manieth pixel: of NVlabs's op what is used here. [b, c, h, w]"""
    b, c, h, w = x.shape
    x = F.pad(x.reshape(b, c, h, 1, w, 1), (0, up - 1, 0, 0, 0, up - 1)).reshape(b, c, h * up, w * up)
    x = F.pad(x, (*pad, *pad))
    f = torch.tensor([1.0, 3, 3, 1])
    f = torch.outer(f, f) / f.sum() ** 2 * gain
    return F.conv2d(x, f.flip(0, 1).expand(c, 1, 4, 4), groups=c)[:, :, ::down, ::down]


SQRT2 = math.sqrt(2)
lrelu = lambda x: F.leaky_relu(x, 0.2) * SQRT2
second_moment = lambda x: x * (x.square().mean(1, keepdim=True) + 1e-8).rsqrt()


def modulated(x, w, style, demodulate, up):
    """Karras et al. 2020, equations 1 to 3: a kernel for each sample, by a grouped convolution. w: [out, in, k, k]; style: [b, in]"""
    b, c, h, side = x.shape
    ws = w[None] * style[:, None, :, None, None]
    if demodulate:
        ws = ws * (ws.square().sum((2, 3, 4), keepdim=True) + 1e-8).rsqrt()
    out, k = w.shape[0], w.shape[-1]
    x = x.reshape(1, b * c, h, side)
    if up:
        y = F.conv_transpose2d(x, ws.transpose(1, 2).reshape(b * c, out, k, k), stride=2, groups=b)
        return upfirdn(y.reshape(b, out, *y.shape[2:]), pad=(1, 1), gain=4)
    y = F.conv2d(x, ws.reshape(b * out, c, k, k), padding=k // 2, groups=b)
    return y.reshape(b, out, h, side)


def stylegan2(o, item, classes, tools):
    base, stages = geometry(item[0])
    channels = [min(o.get("widthMax", 512), o["width"] * 2 ** (stages - i)) for i in range(stages + 1)]
    sides = [base * 2 ** i for i in range(stages + 1)]
    latent, styles, mapping, mixing = o["latent"], o["styles"], o["mapping"], o["mixing"]
    conditional, count = o.get("conditional", "none") != "none", 2 * (stages + 1)
    label = {"label/kernel": (classes, latent)} if conditional else {}
    fans = [latent * (1 + conditional)] + [styles] * mapping

    def to_style(z, p, mode):
        x = second_moment(z)
        if conditional:
            x = torch.cat([x, second_moment(mode.labels @ p["label/kernel"])], 1)
        for i in range(1, mapping + 1):  # weights are used at lr_multiplier / sqrt(fan-in), biases at lr_multiplier
            x = lrelu(x @ p[f"mapping{i}/kernel"] * (0.01 / math.sqrt(x.shape[1])) + 0.01 * p[f"mapping{i}/bias"])
        return x

    def to_codes(z, p, s, mode):
        w = to_style(z, p, mode)
        ws = w[:, None].repeat(1, count, 1)
        if not mode.training:
            return ws
        mode.written["meanStyle"] = w.mean(0)
        if mixing > 0:  # a share of the samples goes on, from a layer that is uniform on 1 … count - 1, with another style
            other = to_style(mode.draws.normal(z.shape), p, mode)
            mixed = mode.draws.uniform((len(z), 1)) < mixing
            cutoff = 1 + (mode.draws.uniform((len(z), 1)) * (count - 1)).floor()
            ws = torch.where((mixed & (torch.arange(count) >= cutoff))[:, :, None], other[:, None], ws)
        return ws
    mapping_layer = "", {**label, **{f"mapping{i}/{k}": shape for i in range(1, mapping + 1) for k, shape in
                                     {"kernel": (fans[i - 1], styles), "bias": (styles,)}.items()}}, {"meanStyle": (styles,)}, to_codes

    parameters = {"constant": (base, base, channels[0])}
    for i, (side, c) in enumerate(zip(sides, channels)):
        kinds = [("conv", c, c, 3), ("image", c, item[2], 1)]
        for kind, a, b, k in [("up", channels[i - 1], c, 3), *kinds] if i else kinds:
            at = f"{side}/{kind}"
            parameters |= {f"{at}/style/kernel": (styles, a), f"{at}/style/bias": (a,),
                           f"{at}/kernel": (k, k, b, a) if kind == "up" else (k, k, a, b), f"{at}/bias": (b,)}
            parameters |= {f"{at}/noise": ()} if kind != "image" else {}

    def layer(at, x, w, p, mode=None, up=False):
        style = w @ p[f"{at}/style/kernel"] / math.sqrt(styles) + p[f"{at}/style/bias"]
        kernel = p[f"{at}/kernel"].permute(*((2, 3, 0, 1) if up else (3, 2, 0, 1))).contiguous()
        y = modulated(x, kernel / math.sqrt(kernel[0].numel()), style, mode is not None, up)
        if mode is None:  # ToRGB
            return y + p[f"{at}/bias"][:, None, None]
        noise = mode.draws.normal((len(y), *y.shape[2:], 1))[..., 0][:, None]
        return lrelu(y + noise * p[f"{at}/noise"] + p[f"{at}/bias"][:, None, None])

    def synthesis(ws, p, s, mode):
        x, at, image = first(p["constant"][None].expand(len(ws), -1, -1, -1)), 0, 0
        for i, side in enumerate(sides):
            if i:
                x, at = layer(f"{side}/up", x, ws[:, at], p, mode, True), at + 1
                image = upfirdn(image, up=2, pad=(2, 1), gain=4)
            x, at = layer(f"{side}/conv", x, ws[:, at], p, mode), at + 1
            image = image + layer(f"{side}/image", x, ws[:, at], p)
        return last(image)

    leaky, D = plain(lrelu), [equalized(conv("image", item[2], channels[-1], 1)), plain(lrelu)]
    for side, c, c_next in zip(sides[:0:-1], channels[:0:-1], channels[-2::-1]):
        main, shortcut = f"{side}/main", f"{side}/shortcut"
        D.append(residual([equalized(conv(f"{main}/conv1", c, c, 3)), leaky, equalized(down(f"{main}/conv2", c, c_next)), leaky],
                          [plain(halve), equalized(conv(f"{shortcut}/conv", c, c_next, 1, bias=False))], math.sqrt(0.5)))
    c = channels[0]
    D += [minibatch_deviation(), equalized(conv("conv", c + 1, c, 3)), leaky,
          equalized(tools.dense("dense", base * base * c, c, True)), leaky, equalized(tools.head(o, c, classes, True))]
    return [mapping_layer, ("", parameters, {}, synthesis)], D


halve = lambda x: last(upfirdn(first(x), down=2, pad=(1, 1)))


def down(name, c_in, c_out):
    def apply(x, p, s, mode):
        return last(F.conv2d(upfirdn(first(x), pad=(2, 2)), p[f"{name}/kernel"].permute(3, 2, 0, 1).contiguous(), p[f"{name}/bias"], 2))
    return name, {"kernel": (3, 3, c_in, c_out), "bias": (c_out,)}, {}, apply


def minibatch_deviation():
    """Karras et al. 2018, section 3, in groups of 4, or of the most up to 4 that divide the batch; one feature."""
    def apply(x, p, s, mode):
        coupled = mode.group or len(x)
        size = max(n for n in range(1, 5) if coupled % n == 0)
        y = x.reshape(-1, size, *x.shape[1:])
        y = (y.var(1, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3)).repeat_interleave(size)
        return torch.cat([x, y[:, None, None, None].expand(*x.shape[:3], 1)], 3)
    return "", {}, {}, apply


def r3gan(o, item, classes, tools):
    """Huang et al. 2024, configuration E, with convolutions that are not grouped."""
    base, stages = geometry(item[0])
    w, inner = o["width"], o["width"] * o.get("expansion", 1)
    sides = [base * 2 ** i for i in range(stages + 1)]

    def biased(name, c):
        return name, {"bias": (c,)}, {}, lambda x, p, s, mode: F.leaky_relu(x + p[f"{name}/bias"], 0.2)

    def blocks(side):
        ways = [f"{side}block{i + 1}/main" for i in range(o.get("blocks", 2))]
        return [residual([conv(f"{at}/conv1", w, inner, 1, bias=False), biased(f"{at}/leaky1", inner),
                          conv(f"{at}/conv2", inner, inner, 3, bias=False), biased(f"{at}/leaky2", inner),
                          conv(f"{at}/conv3", inner, w, 1, bias=False)], []) for at in ways]
    G, more = tools.beside(o, "generator", classes)
    G = [*G, ("basis", {"basis": (base, base, w), "kernel": (o["latent"] + more, w)}, {},
              lambda x, p, s, mode: (x @ p["basis/kernel"])[:, None, None, :] * p["basis/basis"])]
    D = [conv("fromImage", item[2], w, 1, bias=False)]
    for side in sides:
        G += [plain(lambda x: last(upfirdn(first(x), up=2, pad=(2, 1), gain=4)))] * (side > base) + blocks(side)
    for side in sides[::-1]:
        D += [plain(halve)] * (side < sides[-1]) + blocks(side)
    D.append(("basis", {"basis": (base, base, w)}, {}, lambda x, p, s, mode: torch.einsum("bhwc,hwc->bc", x, p["basis/basis"])))
    return G + [conv("image", w, item[2], 1, bias=False)], D + [tools.head(o, w, classes, False)]


# ---- the 2014 paper's convolutional nets ----------------------------------------------------------------------------------------------

def maxout_conv(o, item, classes, tools):
    """goodfeli/adversarial, cifar10_convolutional.yaml: pools that hang over, as pylearn2's, and a transposed convolution of stride 3."""
    g, d, side = o["generator"], o["discriminator"], item[0]
    seed = math.ceil((side - 5) / 3) + 1
    G, more = tools.beside(o, "generator", classes)

    def image(x, p, s, mode):
        y = F.conv_transpose2d(first(x), p["image/kernel"].permute(3, 2, 0, 1).contiguous(), stride=3)
        return last(y)[:, :item[0], :item[0]] + p["image/bias"]
    G = [*G, tools.dense("dense1", o["latent"] + more, g["hidden"], True), plain(torch.relu),
         tools.dense("dense2", g["hidden"], seed * seed * g["channels"], True), plain(torch.sigmoid),
         plain(lambda x: x.reshape(len(x), seed, seed, g["channels"])),
         ("image", {"kernel": (5, 5, item[2], g["channels"]), "bias": tuple(item)}, {}, image)]
    D, c = [tools.dropout("", d["keepInput"])], item[2]
    for i, (units, (k, pad, window)) in enumerate(zip(d["channels"], [(8, 4, 4), (8, 3, 4), (5, 3, 2)]), 1):
        def apply(x, p, s, mode, name=f"maxout{i}", units=units, pad=pad, window=window):
            y = F.conv2d(first(x), p[f"{name}/kernel"].permute(3, 2, 0, 1).contiguous(), p[f"{name}/bias"], padding=pad)
            y = y.reshape(len(y), units, 2, *y.shape[2:]).amax(2)
            return last(F.max_pool2d(y, window, 2, ceil_mode=True))
        D += [(f"maxout{i}", {"kernel": (k, k, c, 2 * units), "bias": (2 * units,)}, {}, apply), tools.dropout("", d["keepHidden"])]
        side = math.ceil((side + 2 * pad - k + 1 - window) / 2) + 1
        c = units
    D += [tools.dense("dense4", side * side * c, 5 * d["units"], True), plain(lambda x: x.reshape(len(x), d["units"], 5).amax(2)),
          tools.dropout("", d["keepHidden"])]
    return G, D + [tools.head(o, d["units"], classes, True)]


# ---- pix2pix ---------------------------------------------------------------------------------------------------------------------------

def pix2pix(o, item, classes, tools):
    """Isola et al. 2017, section 6.1: U-Net and PatchGAN. Convolutions that keep the side pad one pixel before and two behind."""
    w, side, stages = o["width"], item[0], 0
    while stages < 8 and side % 2 == 0:
        side, stages = side // 2, stages + 1
    widths = [w * min(2 ** i, 8) for i in range(stages)]

    def conv4(name, c_in, c_out, stride=2, bias=False):
        def apply(x, p, s, mode):
            k, b = p[f"{name}/kernel"].permute(3, 2, 0, 1).contiguous(), p[f"{name}/bias"] if bias else None
            return last(F.conv2d(F.pad(first(x), (1, 1, 1, 1) if stride == 2 else (1, 2, 1, 2)), k, b, stride))
        return name, {"kernel": (4, 4, c_in, c_out), **({"bias": (c_out,)} if bias else {})}, {}, apply

    def deconv4(name, c_in, c_out, bias=False):
        def apply(x, p, s, mode):
            k, b = p[f"{name}/kernel"].permute(3, 2, 0, 1).contiguous(), p[f"{name}/bias"] if bias else None
            return last(F.conv_transpose2d(first(x), k, b, stride=2, padding=1))
        return name, {"kernel": (4, 4, c_out, c_in), **({"bias": (c_out,)} if bias else {})}, {}, apply

    drop = ("", {}, {}, lambda x, p, s, mode: x * (mode.draws.uniform(x.shape) < 0.5) * 2)  # in sampling too
    down, c = [], tools.condition.shape[-1]
    for i, units in enumerate(widths):
        leaky = [plain(lambda x: F.leaky_relu(x, 0.2))] if i else []
        norm = [tools.batch_norm(f"down{i + 1}/norm", units)] if 0 < i < stages - 1 else []
        down.append([*leaky, conv4(f"down{i + 1}/conv", c, units), *norm])
        c = units
    up = []
    for i, units in enumerate(widths[-2::-1]):
        noise = [drop] if i < min(3, max(1, stages - 4)) else []
        up.append([plain(torch.relu), deconv4(f"up{i + 1}/deconv", c, units), tools.batch_norm(f"up{i + 1}/norm", units), *noise])
        c = 2 * units
    end = [plain(torch.relu), deconv4("image/deconv", c, item[2], True), plain(torch.tanh)]

    def unet(x, p, s, mode):
        def run(layers, x):
            for _, _, _, f in layers:
                x = f(x, p, s, mode)
            return x
        skips = []
        for layers in down:
            x = run(layers, x)
            skips.append(x)
        for i, layers in enumerate(up):
            x = torch.cat([skips[-2 - i], run(layers, x)], 3)
        return run(end, x)
    inside = [layer for layers in [*down, *up, end] for layer in layers]
    parameters = {k: v for name, own, _, _ in inside for k, v in named(name, own).items()}
    slots = {k: v for name, _, own, _ in inside for k, v in named(name, own).items()}
    D = [("", {}, {}, lambda x, p, s, mode: torch.cat([mode.condition, x], 3))]
    strided, c = {16: 1, 34: 2, 70: 3}[o.get("patch", 16)], item[2] + tools.condition.shape[-1]
    for i in range(strided + 1):
        units = w * min(2 ** i, 8)
        D.append(conv4(f"conv{i + 1}", c, units, 2 if i < strided else 1, i == 0))
        D += [tools.batch_norm(f"norm{i + 1}", units)] if i else []
        D.append(plain(lambda x: F.leaky_relu(x, 0.2)))
        c = units
    return [("", parameters, slots, unet)], [*D, conv4("logits", c, 1, 1, True)]


NETWORKS = {"sngan": sngan, "biggan": biggan, "sagan": residual_nets, "stylegan2": stylegan2, "r3gan": r3gan, "maxout-conv": maxout_conv,
            "pix2pix": pix2pix}
