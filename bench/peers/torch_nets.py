# SNGAN's ResNets and StyleGAN2 of 32x32 pictures for the bench, as PyTorch's users write them: torch.nn.utils' spectral norm; equalized
# layers, upfirdn by conv2d, and modulated convolutions either grouped, one kernel a sample (rosinality's), or by scaling what goes in
# and comes out (as NVlabs' code trains).
import math
import torch, torch.nn as nn, torch.nn.functional as F
from torch.nn.utils.parametrizations import spectral_norm


class Block(nn.Module):
    def __init__(self, main, shortcut):
        super().__init__()
        self.main, self.shortcut = nn.Sequential(*main), nn.Sequential(*shortcut)

    def forward(self, x):
        return self.main(x) + self.shortcut(x)


class SumPool(nn.Module):
    def forward(self, x):
        return x.sum((2, 3))


def sngan_generator(latent=128, c=256):
    def up(a, b):
        return Block([nn.BatchNorm2d(a), nn.ReLU(), nn.Upsample(scale_factor=2), nn.Conv2d(a, b, 3, 1, 1),
                      nn.BatchNorm2d(b), nn.ReLU(), nn.Conv2d(b, b, 3, 1, 1)], [nn.Upsample(scale_factor=2), nn.Conv2d(a, b, 1)])
    return nn.Sequential(nn.Linear(latent, 16 * c), nn.Unflatten(1, (c, 4, 4)), up(c, c), up(c, c), up(c, c),
                         nn.BatchNorm2d(c), nn.ReLU(), nn.Conv2d(c, 3, 3, 1, 1), nn.Tanh())


def sngan_discriminator(c=128):
    conv = lambda a, b, k: spectral_norm(nn.Conv2d(a, b, k, 1, k // 2))
    body = lambda a: [nn.ReLU(), conv(a, c, 3), nn.ReLU(), conv(c, c, 3)]
    return nn.Sequential(
        Block([conv(3, c, 3), nn.ReLU(), conv(c, c, 3), nn.AvgPool2d(2)], [nn.AvgPool2d(2), conv(3, c, 1)]),
        Block([*body(c), nn.AvgPool2d(2)], [conv(c, c, 1), nn.AvgPool2d(2)]),
        Block(body(c), []), Block(body(c), []), nn.ReLU(), SumPool(), spectral_norm(nn.Linear(c, 1)))


lrelu = lambda x: F.leaky_relu(x, 0.2) * math.sqrt(2)


class Equalized(nn.Module):
    """A dense layer, or a convolution where k is given; with lrelu if asked."""
    def __init__(self, a, b, k=None, bias=0.0, rate=1.0, down=False, active=True):
        super().__init__()
        shape = (b, a) if k is None else (b, a, k, k)
        self.weight = nn.Parameter(torch.randn(shape) / rate)
        self.bias = None if bias is None else nn.Parameter(torch.full((b,), bias / rate))
        self.gain, self.rate, self.k, self.down, self.active = rate / math.sqrt(a * (k or 1) ** 2), rate, k, down, active

    def forward(self, x):
        w, b = self.weight * self.gain, None if self.bias is None else self.bias * self.rate
        if self.k is None:
            x = F.linear(x, w, b)
        elif self.down and self.k == 1:
            x = F.conv2d(upfirdn(x, down=2, pad=(1, 1)), w, b)
        elif self.down:
            x = F.conv2d(upfirdn(x, pad=(2, 2)), w, b, stride=2)
        else:
            x = F.conv2d(x, w, b, padding=self.k // 2)
        return lrelu(x) if self.active else x


TAPS = torch.tensor([1.0, 3, 3, 1])
TAPS = torch.outer(TAPS, TAPS) / 64


def upfirdn(x, up=1, down=1, pad=(0, 0), gain=1):  # NVlabs' reference: zeros between, zeros around, a depthwise convolution
    b, c, h, w = x.shape
    if up > 1:
        x = F.pad(x.reshape(b, c, h, 1, w, 1), [0, up - 1, 0, 0, 0, up - 1]).reshape(b, c, h * up, w * up)
    x = F.pad(x, [*pad, *pad])
    f = (TAPS * gain)[None, None].repeat(c, 1, 1, 1).to(x.dtype)
    return F.conv2d(x, f, groups=c, stride=down)


class Modulated(nn.Module):
    def __init__(self, a, b, k, styles, grouped, up=False, demodulate=True):
        super().__init__()
        self.affine = Equalized(styles, a, bias=1.0, active=False)
        self.weight = nn.Parameter(torch.randn(b, a, k, k))
        self.noise = nn.Parameter(torch.zeros([])) if demodulate else None
        self.bias = nn.Parameter(torch.zeros(b))
        self.gain, self.grouped, self.up, self.demodulate = 1 / math.sqrt(a * k * k), grouped, up, demodulate

    def forward(self, x, w):
        styles, weight, (b, c, h, _) = self.affine(w), self.weight * self.gain, x.shape
        y = self.by_groups(x, weight, styles) if self.grouped else self.by_scaling(x, weight, styles)
        if self.noise is None:
            return y + self.bias[:, None, None]
        y = y + torch.randn(b, 1, *y.shape[2:]) * self.noise
        return lrelu(y + self.bias[:, None, None].to(y.dtype))

    def convolve(self, x, weight, groups=1):
        if not self.up:
            return F.conv2d(x, weight, padding=weight.shape[-1] // 2, groups=groups)
        return F.conv_transpose2d(x, weight, stride=2, groups=groups)

    def blurred(self, y):
        return upfirdn(y, pad=(1, 1), gain=4) if self.up else y

    def by_scaling(self, x, weight, styles):
        y = self.convolve(x * styles[:, :, None, None], weight.transpose(0, 1) if self.up else weight)
        if self.demodulate:
            energy = (weight[None] * styles[:, None, :, None, None]).square().sum((2, 3, 4))
            y = y * (energy + 1e-8).rsqrt()[:, :, None, None]
        return self.blurred(y)

    def by_groups(self, x, weight, styles):
        b, c, h, w = x.shape
        ws = weight[None] * styles[:, None, :, None, None]
        if self.demodulate:
            ws = ws * (ws.square().sum((2, 3, 4), keepdim=True) + 1e-8).rsqrt()
        out, k = weight.shape[0], weight.shape[-1]
        ws = ws.transpose(1, 2).reshape(b * c, out, k, k) if self.up else ws.reshape(b * out, c, k, k)
        y = self.convolve(x.reshape(1, b * c, h, w), ws, b)
        return self.blurred(y.reshape(b, out, *y.shape[2:]))


CHANNELS = [512, 256, 128, 64]  # of sides 4 to 32, width 64


class StyleGenerator(nn.Module):
    def __init__(self, grouped, latent=512, styles=512, mixing=0.9):
        super().__init__()
        self.mapping = nn.Sequential(*[Equalized(a, styles, rate=0.01) for a in (latent, styles)])
        self.constant, self.mixing = nn.Parameter(torch.randn(1, CHANNELS[0], 4, 4)), mixing
        pairs = list(zip([None, *CHANNELS], CHANNELS))
        self.ups = nn.ModuleList([Modulated(a, c, 3, styles, grouped, up=True) for a, c in pairs[1:]])
        self.convs = nn.ModuleList([Modulated(c, c, 3, styles, grouped) for c in CHANNELS])
        self.images = nn.ModuleList([Modulated(c, 3, 1, styles, grouped, demodulate=False) for c in CHANNELS])

    def mapped(self, z):
        return self.mapping(z * (z.square().mean(1, keepdim=True) + 1e-8).rsqrt())

    def forward(self, z):
        ws = self.mapped(z)[:, None].repeat(1, 8, 1)
        other = self.mapped(torch.randn_like(z))
        cutoff = torch.where(torch.rand(len(z), 1) < self.mixing, torch.randint(1, 8, (len(z), 1)), 8)
        ws = torch.where((torch.arange(8) >= cutoff)[:, :, None], other[:, None], ws).unbind(1)
        x, at, image = self.constant.repeat(len(z), 1, 1, 1), 0, 0
        for i in range(len(CHANNELS)):
            if i:
                x, at = self.ups[i - 1](x, ws[at]), at + 1
                image = upfirdn(image, up=2, pad=(2, 1), gain=4)
            x, at = self.convs[i](x, ws[at]), at + 1
            image = image + self.images[i](x, ws[at])
        return image


class StyleBlock(nn.Module):
    def __init__(self, a, b):
        super().__init__()
        self.main = nn.Sequential(Equalized(a, a, 3), Equalized(a, b, 3, down=True))
        self.shortcut = Equalized(a, b, 1, bias=None, down=True, active=False)

    def forward(self, x):
        return (self.main(x) + self.shortcut(x)) * math.sqrt(0.5)


class MinibatchDeviation(nn.Module):
    def forward(self, x):
        y = x.reshape(-1, 4, *x.shape[1:])
        y = (y.var(1, unbiased=False) + 1e-8).sqrt().mean((1, 2, 3)).repeat_interleave(4)
        return torch.cat([x, y[:, None, None, None].expand(-1, 1, *x.shape[2:])], 1)


def style_discriminator():
    inwards = CHANNELS[::-1]
    return nn.Sequential(Equalized(3, inwards[0], 1), *[StyleBlock(a, b) for a, b in zip(inwards, inwards[1:])], MinibatchDeviation(),
                         Equalized(513, 512, 3), nn.Flatten(), Equalized(512 * 16, 512), Equalized(512, 1, active=False))
