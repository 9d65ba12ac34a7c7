# Golden vectors for src/reference-trainer.ts: a few rounds of Algorithm 1 (Goodfellow et al. 2014) in PyTorch, float64.
#   pip install torch tensorflow-cpu==2.21.* && python3 tests/golden/training.py > tests/golden/training.json
import json, math, sys
import numpy as np
import torch
from descent import Lookahead, OptimisticAdam
from nets import Game, digits, pattern
from streams import Stream, permutation, seed_of

f32 = lambda values: torch.tensor(np.array(values, dtype=np.float32).astype(np.float64))
ADAM = {"name": "adam", "learningRate": 0.01, "beta1": 0.5, "beta2": 0.99, "schedule": {"name": "linear", "steps": 8}}
RMSPROP = {"name": "rmsprop", "learningRate": 0.002, "decay": 0.9, "epsilon": 1e-3}  # a smaller one would make whole updates of gradients that cancel to rounding errors
SGD = {"name": "sgd", "learningRate": 0.1, "momentum": {"from": 0.5, "to": 0.7, "steps": 4},
       "schedule": {"name": "exponential", "factor": 1.25, "minimum": 0.05}}
ADAMW = {"name": "adamw", "learningRate": 0.01, "beta1": 0.5, "beta2": 0.99, "weightDecay": 0.5, "clipNorm": 0.2, "lookahead": {"steps": 2, "rate": 0.5}}
OPTIMISTIC = {"name": "optimistic-adam", "learningRate": 0.01, "beta1": 0.5, "beta2": 0.99, "clipNorm": 100}
MAXOUT = {"name": "maxout", "latent": 4, "generator": {"hidden": [12], "range": 0.5},
          "discriminator": {"units": [10, 4], "pieces": 3, "keepInput": 0.8, "keepHidden": 0.6, "range": 0.4}}  # wide: where all inputs are 0, pieces tie

# items: None for a ring of Gaussians, else how many items of a data set there are, item i filled by pattern('item i')
CASES = [
    ("mlp with batch norm, Adam, alternating, k = 2", None, [2], 3, {
        "seed": 5, "data": {"source": "ring", "modes": 5, "radius": 2, "deviation": 0.1},
        "model": {"name": "mlp", "latent": 2, "generator": {"hidden": [6, 5], "normalization": "batch"}, "discriminator": {"hidden": [7]}},
        "loss": {"name": "non-saturating"}, "optimizer": {"discriminator": ADAM, "generator": ADAM},
        "schedule": {"order": "alternating", "discriminatorSteps": 2}, "minibatch": {"size": 12, "shards": 2}, "averaging": {"decay": 0.999}}),
    ("mlp, Wasserstein with clip, RMSProp, simultaneous, k = 2", 10, [2, 1, 1], 4, {
        "seed": 2**40 + 3, "data": {"source": "mnist"},
        "model": {"name": "mlp", "latent": 3, "latentDistribution": "uniform",
                  "generator": {"hidden": [5], "activation": "tanh", "output": "sigmoid"},
                  "discriminator": {"hidden": [6], "activation": "leakyRelu"}},
        "loss": {"name": "wasserstein", "clip": 0.3}, "optimizer": {"discriminator": RMSPROP, "generator": RMSPROP},
        "schedule": {"order": "simultaneous", "discriminatorSteps": 2}, "minibatch": {"size": 6, "shards": 3}, "averaging": {"decay": 0.28}}),
    ("maxout with dropout, minimax, SGD, alternating", 7, [3, 3, 1], 5, {
        "seed": 1, "data": {"source": "mnist"}, "model": MAXOUT, "loss": {"name": "minimax"},
        "optimizer": {"discriminator": SGD, "generator": SGD},
        "schedule": {"order": "alternating", "discriminatorSteps": 1}, "minibatch": {"size": 12, "shards": 2}, "averaging": {"decay": 0.9}}),
    ("dcgan, Adam, simultaneous", 9, [16, 16, 1], 3, {
        "seed": 77, "data": {"source": "mnist"}, "model": {"name": "dcgan", "width": 2, "latent": 3}, "loss": {"name": "non-saturating"},
        "optimizer": {"discriminator": {**ADAM, "schedule": {"name": "constant"}}, "generator": ADAM},
        "schedule": {"order": "simultaneous", "discriminatorSteps": 1}, "minibatch": {"size": 8, "shards": 2}, "averaging": {"decay": 0}}),
    ("mlp conditional by projection, on a ring, alternating", None, [2], 3, {
        "seed": 9, "data": {"source": "ring", "modes": 3, "radius": 1, "deviation": 0.1},
        "model": {"name": "mlp", "latent": 2, "conditional": "projection", "generator": {"hidden": [6]}, "discriminator": {"hidden": [7]}},
        "loss": {"name": "non-saturating"}, "optimizer": {"discriminator": ADAM, "generator": ADAM},
        "schedule": {"order": "alternating", "discriminatorSteps": 2}, "minibatch": {"size": 12, "shards": 2}, "averaging": {"decay": 0.9}}),
    ("mlp with an auxiliary classifier, simultaneous", 10, [2, 1, 1], 4, {
        "seed": 12, "data": {"source": "mnist"},
        "model": {"name": "mlp", "latent": 3, "conditional": "auxiliary", "auxiliaryWeight": 0.5,
                  "generator": {"hidden": [5], "activation": "tanh"}, "discriminator": {"hidden": [6], "activation": "leakyRelu"}},
        "loss": {"name": "minimax"}, "optimizer": {"discriminator": SGD, "generator": SGD},
        "schedule": {"order": "simultaneous", "discriminatorSteps": 1}, "minibatch": {"size": 6, "shards": 3}, "averaging": {"decay": 0.28}}),
    ("mlp, AdamW with lookahead on clipped gradients against optimistic Adam", None, [2], 4, {
        "seed": 21, "data": {"source": "ring", "modes": 5, "radius": 2, "deviation": 0.1},
        "model": {"name": "mlp", "latent": 2, "generator": {"hidden": [6]}, "discriminator": {"hidden": [7]}},
        "loss": {"name": "non-saturating"}, "optimizer": {"discriminator": ADAMW, "generator": OPTIMISTIC},
        "schedule": {"order": "alternating", "discriminatorSteps": 1, "generatorSteps": 2}, "minibatch": {"size": 12, "shards": 2}, "averaging": {"decay": 0.9}}),
    ("mlp, Wasserstein with clip, RMSProp, pipelined, k = 2", 10, [2, 1, 1], 4, {
        "seed": 2**40 + 3, "data": {"source": "mnist"},
        "model": {"name": "mlp", "latent": 3, "latentDistribution": "uniform",
                  "generator": {"hidden": [5], "activation": "tanh", "output": "sigmoid"},
                  "discriminator": {"hidden": [6], "activation": "leakyRelu"}},
        "loss": {"name": "wasserstein", "clip": 0.3}, "optimizer": {"discriminator": RMSPROP, "generator": RMSPROP},
        "schedule": {"order": "pipelined", "discriminatorSteps": 2}, "minibatch": {"size": 6, "shards": 3}, "averaging": {"decay": 0.28}}),
    ("mlp with batch norm, extragradient, Adam against RMSProp", None, [2], 5, {
        "seed": 5, "data": {"source": "ring", "modes": 5, "radius": 2, "deviation": 0.1},
        "model": {"name": "mlp", "latent": 2, "generator": {"hidden": [6, 5], "normalization": "batch"}, "discriminator": {"hidden": [7]}},
        "loss": {"name": "non-saturating"}, "optimizer": {"discriminator": ADAM, "generator": RMSPROP},
        "schedule": {"order": "simultaneous", "discriminatorSteps": 1, "extragradient": True}, "minibatch": {"size": 12, "shards": 2}, "averaging": {"decay": 0.9}}),
]


def label_of(index):
    """Class of an item of a data set: three classes, of which not all have as many."""
    return (index * index) % 5 % 3


def first_values(net, name, shape, slot, config):
    """He et al. 2015 for mlp; uniform in a range for maxout, biases too or 0; N(0, 0.02) and scales N(1, 0.02) for dcgan."""
    kind, model = name.split("/")[1], config["model"]
    stream = Stream(seed_of(config["seed"], "initial", net, name))
    count = math.prod(shape)
    if slot or kind == "offset" or kind == "bias":
        values = [1.0 if kind == "variance" else 0.0] * count
    elif model["name"] == "dcgan":
        values = [(1 if kind == "scale" else 0) + 0.02 * stream.normal() for _ in range(count)]
    elif kind == "scale":
        values = [1.0] * count
    elif model["name"] == "maxout":
        values = [model[net]["range"] * (2 * stream.uniform() - 1) for _ in range(count)]
    else:
        values = [math.sqrt(2 / (shape[1] if kind == "embedding" else shape[0])) * stream.normal() for _ in range(count)]
    return f32(values).reshape(shape)


def real_items(items, item, config, step, shard):
    """The items of a shard, and their classes."""
    size, shards = config["minibatch"]["size"], config["minibatch"]["shards"]
    count = size // shards
    if items is None:
        data, stream = config["data"], Stream(seed_of(config["seed"], 0, "data", step, shard))
        rows, labels = [], []
        for _ in range(count):
            labels.append(stream.below(data["modes"]))
            angle = 2 * math.pi * labels[-1] / data["modes"]
            rows += [data["radius"] * f(angle) + data["deviation"] * stream.normal() for f in (math.cos, math.sin)]
        return f32(rows).reshape(count, *item), labels
    first = step * size + shard * count  # an endless row of epochs, each a permutation of its own
    indices = [permutation(items, seed_of(config["seed"], "epoch", at // items))[at % items] for at in range(first, first + count)]
    return torch.stack([torch.tensor(pattern(f"item {i}", math.prod(item))).reshape(item) for i in indices]), [label_of(i) for i in indices]


def rate_at(options, t):
    rate, schedule = options["learningRate"], options.get("schedule", {"name": "constant"})
    if schedule["name"] == "linear":
        return rate * max(0, 1 - (t - 1) / schedule["steps"])
    if schedule["name"] == "exponential":
        return max(schedule["minimum"], rate / schedule["factor"] ** (t - 1))
    return rate


class Descent:
    def __init__(self, options, parameters):
        self.options, self.parameters, self.t = options, parameters, 0
        if options["name"] == "adam":
            self.torch = torch.optim.Adam(parameters, options["learningRate"], (options["beta1"], options["beta2"]), 1e-8)
        elif options["name"] == "adamw":
            self.torch = torch.optim.AdamW(parameters, options["learningRate"], (options["beta1"], options["beta2"]), 1e-8, options["weightDecay"])
        elif options["name"] == "optimistic-adam":
            self.torch = OptimisticAdam(parameters, options["learningRate"], (options["beta1"], options["beta2"]), 1e-8)
        elif options["name"] == "rmsprop":
            self.torch = torch.optim.RMSprop(parameters, options["learningRate"], options["decay"], options["epsilon"])
        else:
            self.velocity = [torch.zeros_like(w) for w in parameters]
        if "lookahead" in options:
            self.torch = Lookahead(self.torch, options["lookahead"]["steps"], options["lookahead"]["rate"])

    def step(self, grads):
        self.t += 1
        rate = rate_at(self.options, self.t)
        if self.options["name"] != "sgd":
            for w, g in zip(self.parameters, grads):
                w.grad = g
            if "clipNorm" in self.options:
                torch.nn.utils.clip_grad_norm_(self.parameters, self.options["clipNorm"])
            self.torch.param_groups[0]["lr"] = rate
            return self.torch.step()
        m = self.options["momentum"]  # pylearn2's MomentumAdjustor and Momentum
        momentum = m["from"] + (m["to"] - m["from"]) * min(1, (self.t - 1) / m["steps"])
        with torch.no_grad():
            for v, w, g in zip(self.velocity, self.parameters, grads):
                v.copy_(momentum * v - rate * g)
                w += v


def train(items, item, rounds, config):
    counts = [1] * config["data"].get("modes", 0) or np.bincount([label_of(i) for i in range(items)]).tolist()
    game = Game(config["model"], item, config["loss"]["name"], counts=counts if "conditional" in config["model"] else ())
    start = {net: [{f"{n}/{k}": first_values(net, f"{n}/{k}", shape, which, config)
                    for n, *specs, _ in game.layers[net] for k, shape in specs[which].items()} for which in (0, 1)]
             for net in game.layers}
    now = {net: [{n: w.clone().requires_grad_() for n, w in p.items()}, dict(s)] for net, (p, s) in start.items()}
    descent = {net: Descent(config["optimizer"][net], list(now[net][0].values())) for net in now}
    shards, k = config["minibatch"]["shards"], config["schedule"]["discriminatorSteps"]
    is_extra, base = config["schedule"].get("extragradient", False), {}
    frozen = lambda net: ({n: w.detach().clone() for n, w in now[net][0].items()}, dict(now[net][1]))

    def step(net, number, d, g):
        outcomes = []
        for shard in range(shards):
            seed = seed_of(config["seed"], 0, "shard", net, number, shard)
            if net == "discriminator":
                real, labels = real_items(items, item, config, number, shard)
                outcomes.append(game.d_step(d, g, real, seed, labels))
            else:
                outcomes.append(game.g_step(d, g, config["minibatch"]["size"] // shards, seed))
        mean = lambda which, name: sum(o[which][name] for o in outcomes) / shards
        p, s = now[net]
        if is_extra and number % 2 == 0:
            base[net] = [w.detach().clone() for w in p.values()]
        elif is_extra:  # Gidel et al. 2019, algorithm 4
            with torch.no_grad():
                for w, old in zip(p.values(), base[net]):
                    w.copy_(old)
        descent[net].step([mean(0, name) for name in p])
        if net == "discriminator" and config["loss"]["name"] == "wasserstein":
            with torch.no_grad():
                for w in p.values():
                    w.clamp_(-config["loss"]["clip"], config["loss"]["clip"])
        for name in s:  # PyTorch's momentum of 0.1
            s[name] = 0.9 * s[name] + 0.1 * mean(1, name)

    average = {n: w.clone() for part in start["generator"] for n, w in part.items()}
    m = config["schedule"].get("generatorSteps", 1)
    earlier = frozen("discriminator")
    for r in range(rounds // m):
        before = frozen("discriminator")
        for j in range(k):
            step("discriminator", r * k + j, frozen("discriminator"), frozen("generator"))
        d = {"alternating": frozen("discriminator"), "simultaneous": before, "pipelined": earlier}[config["schedule"]["order"]]
        earlier = before
        for t in range(r * m, r * m + m):
            step("generator", t, d, frozen("generator"))
            if is_extra and t % 2 == 0:
                continue
            keep = min(config["averaging"]["decay"], (2 + t) / (11 + t))  # TensorFlow's ExponentialMovingAverage with num_updates = t + 1
            newest = {**now["generator"][0], **now["generator"][1]}
            average = {n: keep * a + (1 - keep) * newest[n].detach() for n, a in average.items()}
    named = lambda values: {n: digits(v.detach()) for n, v in values.items()}
    return {"start": {net: named({**p, **s}) for net, (p, s) in start.items()},
            **{net: named({**p, **s}) for net, (p, s) in now.items()}, "average": named(average)}


json.dump({"torch": torch.__version__, "cases": [
    {"name": name, "items": items, "item": item, "rounds": rounds, "config": config, "trained": train(items, item, rounds, config)}
    for name, items, item, rounds, config in CASES]}, sys.stdout, separators=(",", ":"), allow_nan=False)
print()
