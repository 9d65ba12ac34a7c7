# Golden numbers for src/steps from PyTorch: one D step, one G step and samples of each network under each loss.
#   pip install torch tensorflow-cpu==2.21.* && python3 tests/golden/steps.py > tests/golden/steps.json
#   python3 tests/golden/steps.py pictures > tests/golden/steps-pictures.json
import json, math, sys
import torch
from nets import Game, digits, pattern

SEED = [7, -9]
mlp = lambda **o: {"name": "mlp", "latent": 3, **o}
cases = [
    ("mlp", mlp(generator={"hidden": [6, 5]}, discriminator={"hidden": [5, 7]}), [2], 7, 1.5),
    ("mlp with batch norm, leaky ReLU and tanh", mlp(
        generator={"hidden": [6, 5], "activation": "leakyRelu", "normalization": "batch", "output": "tanh"},
        discriminator={"hidden": [6], "activation": "tanh"}), [2], 9, 1.5),
    ("mlp with tanh and sigmoid, uniform latents", mlp(
        latentDistribution="uniform", generator={"hidden": [5], "activation": "tanh", "output": "sigmoid"},
        discriminator={"hidden": [5, 4], "activation": "leakyRelu"}), [3, 2, 1], 6, 1.5),
    ("mlp with batch norm and tanh, linear", mlp(
        latentDistribution="uniform", generator={"hidden": [4, 4], "activation": "tanh", "normalization": "batch"},
        discriminator={"hidden": [4], "activation": "relu"}), [1], 8, 1.5),
    ("maxout with dropout", {"name": "maxout", "latent": 4, "generator": {"hidden": [6, 5]},
                             "discriminator": {"units": [5, 4], "pieces": 3, "keepInput": 0.8, "keepHidden": 0.5}}, [3, 3, 1], 7, 0.7),
    ("maxout, normal latents, no dropout on the input, tanh", {
        "name": "maxout", "latent": 3, "latentDistribution": "normal", "generator": {"hidden": [5], "output": "tanh"},
        "discriminator": {"units": [6], "pieces": 2, "keepInput": 1, "keepHidden": 0.7}}, [2, 2, 2], 6, 1.5),
    ("dcgan of side 32", {"name": "dcgan", "width": 2, "latent": 3}, [32, 32, 3], 4, 0.25),
    ("dcgan of side 28", {"name": "dcgan", "width": 2, "latent": 4, "latentDistribution": "uniform"}, [28, 28, 1], 3, 0.25),
]

STATISTICS = {"discriminator": ["loss", "accuracyReal", "accuracyFake", "valueFunction", "classAccuracyReal", "classAccuracyFake"], "generator": ["loss", "accuracyFake"]}
PENALTIES = {"discriminator": [{"name": "r1", "weight": 3}, {"name": "weight-decay", "weight": 0.2}],
             "generator": [{"name": "weight-decay", "weight": 0.1}]}


def golden(name, model, item, batch, gain, loss, penalties, group=None, counts=(), pairs=None):
    beside = [*item[:2], 1] if pairs == {"name": "grayscale"} else item
    condition = torch.tensor(pattern("condition", batch * math.prod(beside))).reshape(batch, *beside) if pairs else None
    game = Game(model, item, loss, penalties, group, counts, condition)
    labels = [(3 * i + 1) % len(counts) for i in range(batch)] if counts else None
    d, g = game.start("discriminator", gain), game.start("generator", gain)
    real = torch.tensor(pattern("real", batch * math.prod(item))).reshape(batch, *item)
    case = {"name": name, "model": model, "item": item, "batch": batch, "gain": gain, "loss": loss, "penalties": penalties, "group": group or batch, "seed": SEED}
    if counts:
        case |= {"counts": counts, "labels": labels}
    if pairs:
        case |= {"pairs": pairs, "condition": beside}
    for net, (grads, slots, statistics) in [("discriminator", game.d_step(d, g, real, SEED, labels)), ("generator", game.g_step(d, g, batch, SEED, real))]:
        case[net] = {"gradient": {n: digits(v) for n, v in grads.items()}, "slots": {n: digits(v) for n, v in slots.items()},
                     "statistics": dict(zip(STATISTICS[net], digits(statistics)))}
    if loss == "minimax" or model.get("conditional") == "concat":  # G is the same under every other
        case["samples"] = digits(game.sample(g, batch, SEED, labels))
    return case


out = [golden(*case, loss, {}) for case in cases for loss in ["minimax", "non-saturating", "wasserstein"]]
out += [golden(f"{name}, R1 and weight decay", *case, "non-saturating", PENALTIES) for name, *case in cases]
GROUPS = {"mlp with batch norm, leaky ReLU and tanh": 3, "dcgan of side 32": 2}
out += [golden(f"{name}, groups of {GROUPS[name]}", *case, "minimax", {}, GROUPS[name]) for name, *case in cases if name in GROUPS]
HIDDEN = {"name": "dcgan", "width": 2, "latent": 3, "hidden": [6, 5]}
out.append(golden("dcgan with hidden layers, R1 and weight decay", HIDDEN, [14, 14, 1], 4, 0.5, "minimax", PENALTIES))
COUNTS = [5, 0, 2, 6]  # of a class there may be nothing
for how in ["concat", "projection", "auxiliary"]:
    for name, model, item, batch, gain in [cases[1], cases[4], cases[-1]]:
        weight = {"auxiliaryWeight": 0.7} if how == "auxiliary" and model["name"] == "mlp" else {}
        conditional = {**model, "conditional": how, **weight}
        R1 = {} if model["name"] == "maxout" else {"discriminator": [{"name": "r1", "weight": 3}]}
        out.append(golden(f"{name}, {how}", conditional, item, batch, gain, "non-saturating", R1, None, COUNTS))
R1_R2 = {"discriminator": [{"name": "r1", "weight": 3}, {"name": "r2", "weight": 2}]}
ONE = lambda name, weight, **o: {"discriminator": [{"name": name, "weight": weight, **o}]}
PATH = {"generator": [{"name": "path-length", "weight": 2}]}
for case, loss, penalties in [
    (cases[0], "wasserstein", ONE("gradient-penalty", 10)), (cases[0], "wasserstein", ONE("gradient-penalty", 10, sides=1)),
    (cases[0], "non-saturating", {**ONE("r2", 3), **PATH}), (cases[2], "non-saturating", ONE("dragan", 10)),
    (cases[1], "non-saturating", {**ONE("lecam", 0.3), **PATH}), (cases[4], "non-saturating", ONE("gradient-penalty", 10)),
    (cases[6], "non-saturating", ONE("gradient-penalty", 10)), (cases[6], "non-saturating", R1_R2),
]:
    terms = " and ".join(" ".join(map(str, o.values())) for net in penalties.values() for o in net)
    out.append(golden(f"{case[0]}, {terms}", *case[1:], loss, penalties))

NORMS = [
    ("mlp with layer norm and batch norm in D", mlp(
        generator={"hidden": [6, 5], "normalization": "layer"}, discriminator={"hidden": [5, 7], "normalization": "batch", "activation": "tanh"}), [2], 7, 1.5),
    ("maxout with batch norm and layer norm in D", {
        "name": "maxout", "latent": 4, "generator": {"hidden": [6, 5], "normalization": "batch"},
        "discriminator": {"units": [5, 4], "pieces": 3, "keepInput": 0.8, "keepHidden": 0.5, "normalization": "layer"}}, [3, 3, 1], 7, 0.7),
]
out += [golden(*case, "minimax", {}) for case in NORMS]
out.append(golden(f"{NORMS[0][0]}, gradient penalty 10", *NORMS[0][1:], "wasserstein", ONE("gradient-penalty", 10)))
BOTH = {"spectralNorm": ["discriminator", "generator"]}
out.append(golden("mlp with spectral norm and batch norm in G, gradient penalty 10", {**cases[1][1], **BOTH}, *cases[1][2:], "wasserstein", ONE("gradient-penalty", 10)))
out.append(golden("dcgan of side 16 with spectral norm, R1", {**cases[6][1], **BOTH}, [16, 16, 3], 4, 1.5, "minimax", ONE("r1", 3)))
out.append(golden("mlp of truncated latents", {**cases[0][1], "latentDistribution": "truncated"}, *cases[0][2:], "minimax", {}))
CODES = {"latent": 11, "latentCodes": {"categories": [4, 3], "continuous": 2}}
out.append(golden("dcgan of side 28, of uniform noise and codes", {**cases[-1][1], **CODES}, *cases[-1][2:], "minimax", {}))

TOLD = {"latent": 10, "latentCodes": {"categories": [4], "continuous": 2, "weight": 0.6}}
out.append(golden("mlp that tells codes, R1", {**cases[1][1], **TOLD}, *cases[1][2:], "non-saturating", ONE("r1", 3)))
out.append(golden("mlp that tells classes and codes", {**cases[2][1], **TOLD, "conditional": "auxiliary"}, *cases[2][2:], "minimax", {}, None, COUNTS))

# Networks of pictures, small: pictures of side 8 (4 doubled once), 16 (twice) and 28 (7 twice).
SNGAN = {"name": "sngan", "width": 2, "latent": 3}
CNN = {**SNGAN, "architecture": "cnn"}
SAGAN = {"name": "sagan", "width": 8, "latent": 3}
STYLEGAN2 = {"name": "stylegan2", "width": 2, "widthMax": 4, "latent": 3, "styles": 4, "mapping": 2}
R3GAN = {"name": "r3gan", "width": 3, "latent": 4, "expansion": 2}
BIGGAN = {"name": "biggan", "width": 2, "latent": 6, "shared": 3}
MAXOUT = {"name": "maxout-conv", "latent": 3, "generator": {"hidden": 4, "channels": 2},
          "discriminator": {"channels": [2, 3, 2], "units": 3, "keepInput": 0.8, "keepHidden": 0.7}}
PROJECTION = {"conditional": "projection"}
pictures = []
for name, model, side, batch, gain, loss, penalties, counts in [
    ("sngan resnet of side 8", SNGAN, 8, 4, 0.7, "minimax", {}, ()),
    ("sngan resnet of side 16, projection, gradient penalty",
     {**SNGAN, **PROJECTION}, 16, 3, 0.7, "wasserstein", ONE("gradient-penalty", 10), COUNTS),
    ("sngan resnet of side 28, R1", SNGAN, 28, 2, 0.7, "non-saturating", ONE("r1", 3), ()),
    ("sngan cnn of side 16", CNN, 16, 3, 0.7, "minimax", {}, ()),
    ("sngan cnn of side 28, projection, DRAGAN", {**CNN, **PROJECTION}, 28, 2, 0.7, "non-saturating", ONE("dragan", 5), COUNTS),
    ("sagan of side 16", SAGAN, 16, 3, 0.7, "minimax", {}, ()),
    ("sagan of side 8, projection, R1 and R2", {**SAGAN, **PROJECTION}, 8, 2, 0.7, "non-saturating", R1_R2, COUNTS),
    ("biggan of side 16", BIGGAN, 16, 3, 0.7, "minimax", {}, ()),
    ("biggan of side 8, projection, R1", {**BIGGAN, **PROJECTION}, 8, 3, 0.7, "non-saturating", ONE("r1", 3), COUNTS),
    ("stylegan2 of side 8, no mixing", {**STYLEGAN2, "mixing": 0}, 8, 4, 1, "minimax", {}, ()),
    ("stylegan2 of side 16, mixing, R1 and path length",
     {**STYLEGAN2, "mixing": 0.9}, 16, 4, 1, "non-saturating", {**R1_R2, **PATH}, ()),
    ("stylegan2 of side 28, mixing, projection, LeCam",
     {**STYLEGAN2, **PROJECTION, "mixing": 0.7}, 28, 3, 1, "non-saturating", ONE("lecam", 0.3), COUNTS),
    ("r3gan of side 8", R3GAN, 8, 3, 0.7, "minimax", {}, ()),
    ("r3gan of side 28, projection, R1 and R2", {**R3GAN, **PROJECTION}, 28, 2, 0.7, "non-saturating", R1_R2, COUNTS),
    ("maxout-conv of side 16", MAXOUT, 16, 3, 0.3, "minimax", {}, ()),
    ("maxout-conv of side 28, projection, one-sided gradient penalty",
     {**MAXOUT, **PROJECTION}, 28, 2, 0.3, "non-saturating", ONE("gradient-penalty", 10, sides=1), COUNTS),
]:
    pictures.append(golden(name, model, [side, side, 1 if side == 28 else 3], batch, gain, loss, penalties, None, counts))
PIX2PIX = {"name": "pix2pix", "width": 2}
L1 = {"generator": [{"name": "pixel-l1", "weight": 100}]}
for name, model, item, batch, gain, loss, penalties, pairs in [
    ("pix2pix of side 16, of grey", PIX2PIX, [16, 16, 3], 3, 0.5, "minimax", {}, {"name": "grayscale"}),
    ("pix2pix of side 32, pixel L1", {**PIX2PIX, "patch": 34}, [32, 32, 1], 2, 1, "non-saturating", L1, {"name": "masked"}),
    ("pix2pix of side 28, R1 and pixel L1", PIX2PIX, [28, 28, 1], 3, 1, "non-saturating", {**ONE("r1", 3), **L1}, {"name": "downsampled"}),
]:
    pictures.append(golden(name, model, item, batch, gain, loss, penalties, pairs=pairs))
json.dump({"torch": torch.__version__, "cases": pictures if sys.argv[1:] == ["pictures"] else out}, sys.stdout, separators=(",", ":"), allow_nan=False)
print()
