"""The generator of this folder in PyTorch: `from generator import load; g = load()`, then `g(latents)`, or `g(latents, labels)`.

Needs torch and numpy. Run as a program, it says how far what it gives is from samples.npy.
"""

import json
import pathlib
import struct
from collections import OrderedDict

import numpy
import torch
from torch import nn

HERE = pathlib.Path(__file__).resolve().parent
EPSILON = 1e-5


def weights(path):
    """Tensors by name, and the metadata: the safetensors format is a length, a JSON header and numbers."""
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    metadata = header.pop("__metadata__")
    tensors = OrderedDict()
    for name, entry in header.items():
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = torch.tensor(numpy.frombuffer(raw[begin:end], "<f4").reshape(entry["shape"]).copy())
    return tensors, metadata


class Stretched(nn.Module):
    """The logistic sigmoid on [-1, 1]."""

    def forward(self, x):
        return torch.tanh(x / 2)


class Divided(nn.Module):
    """By a number: the span of normalized pictures."""

    def __init__(self, by):
        super().__init__()
        self.by = by

    def forward(self, x):
        return x / self.by


ACTIVATIONS = {
    "relu": nn.ReLU,
    "leakyRelu": lambda: nn.LeakyReLU(0.2),
    "tanh": nn.Tanh,
    "sigmoid": Stretched,
    "linear": nn.Identity,
}


def norm(parts, is_picture):
    width = len(parts["weight"])
    if "running_mean" not in parts:
        return nn.LayerNorm(width, eps=EPSILON)
    return (nn.BatchNorm2d if is_picture else nn.BatchNorm1d)(width, eps=EPSILON)


def sequence(tensors, model, shape):
    """The layers of `mlp`, `maxout` and `dcgan`, by the names and shapes of their tensors."""
    layers = OrderedDict()
    for name, tensor in tensors.items():
        layers.setdefault(name.rpartition(".")[0], {})[name.rpartition(".")[2]] = tensor
    options = model.get("generator", {})
    hidden = ACTIVATIONS[options.get("activation", "relu")]
    inner = [{"relu": nn.ReLU, "sigmoid": nn.Sigmoid}[name] for name in options.get("activations", [])]
    modules, is_picture = OrderedDict(), False
    names = list(layers)
    for i, name in enumerate(names):
        parts = layers[name]
        kernel, bias = parts["weight"], "bias" in parts
        following = layers[names[i + 1]]["weight"] if i + 1 < len(names) else None
        if kernel.dim() == 1:
            modules[name] = norm(parts, is_picture)
        elif kernel.dim() == 2:
            modules[name] = nn.Linear(kernel.shape[1], kernel.shape[0], bias=bias)
        else:
            side = kernel.shape[2]
            modules[name] = nn.ConvTranspose2d(kernel.shape[0], kernel.shape[1], side, 2, (side - 2) // 2, bias=bias)
        if name == "project":
            channels = len(following)
            side = round((kernel.shape[0] / channels) ** 0.5)
            modules["seed"], is_picture = nn.Unflatten(1, (channels, side, side)), True
        if following is not None and following.dim() > 1:
            modules[f"{name}_activation"] = (inner.pop(0) if inner else hidden)()
    modules["range"] = ACTIVATIONS[options.get("output", "tanh")]()
    modules["span"] = Divided(model.get("span", 1))
    if len(shape) == 3 and not is_picture:
        modules["item"] = nn.Unflatten(1, shape)
    return modules


class Generator(nn.Sequential):
    """`latents` [n, latent] and, of a conditional run, `labels` [n] to samples, pictures [n, channels, height, width]."""

    classes = 0

    def forward(self, latents, labels=None):
        if self.classes > 0:
            latents = torch.cat([latents, nn.functional.one_hot(labels.long(), self.classes).float()], 1)
        return super().forward(latents)


def load(path=HERE / "generator.safetensors"):
    tensors, metadata = weights(pathlib.Path(path))
    model = json.loads(metadata["config"])["model"]
    if model.get("name") not in ("mlp", "maxout", "dcgan"):
        raise NotImplementedError(f"{model.get('name') or 'a module of its own'} is not built here; its weights are those of weights()")
    generator = Generator(sequence(tensors, model, json.loads(metadata["shape"])))
    generator.classes = len(json.loads(metadata.get("classes", "[]")))
    generator.load_state_dict(tensors, strict=True)
    return generator.eval()


if __name__ == "__main__":
    given = [torch.tensor(numpy.load(HERE / "latents.npy"))]
    if (HERE / "labels.npy").exists():
        given.append(torch.tensor(numpy.load(HERE / "labels.npy")))
    with torch.no_grad():
        samples = load()(*given).numpy()
    if samples.ndim == 4:
        samples = samples.transpose(0, 2, 3, 1)
    print(f"largest difference: {127.5 * abs(samples - numpy.load(HERE / 'samples.npy')).max():.6f} of 255")
