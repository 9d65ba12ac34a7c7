# PyTorch's side of the bench: DCGAN-32 as its users write it, eager. A persistent child: one JSON request { task, count } a line on
# stdin, one reply { ms: [...] } a line on stdout. Tasks: "discriminator 64 float32", "generator 16 bfloat16" (DCGAN of a width),
# "discriminator r1 float32" (a name of GAMES), "iteration 64 float32", "matmul 2048 float32". Usage: torch_gan.py THREADS [cpu | gpu]
import json, sys, time
import torch, torch.nn as nn, torch.nn.functional as F

DEVICE = "cuda" if sys.argv[2:] == ["gpu"] else "cpu"
torch.set_default_device(DEVICE)
torch.backends.cudnn.benchmark = True  # as GAN trainers set it: kernels are chosen by trial in the first steps

import torch_nets as nets  # makes tensors

BATCH, LATENT = 64, 100


def initialize(module):  # Radford et al. 2016, section 4
    if isinstance(module, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, 0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1, 0.02)


def generator(w):
    up = lambda a, b: [nn.ConvTranspose2d(a, b, 4, 2, 1, bias=False)]
    norm = lambda c: [nn.BatchNorm2d(c), nn.ReLU()]
    return nn.Sequential(
        nn.Linear(LATENT, 16 * 4 * w, bias=False), nn.Unflatten(1, (4 * w, 4, 4)), *norm(4 * w),
        *up(4 * w, 2 * w), *norm(2 * w), *up(2 * w, w), *norm(w), *up(w, 3), nn.Tanh()).apply(initialize)


def discriminator(w):
    down = lambda a, b: [nn.Conv2d(a, b, 4, 2, 1, bias=False)]
    norm = lambda c: [nn.BatchNorm2d(c), nn.LeakyReLU(0.2)]
    return nn.Sequential(
        *down(3, w), nn.LeakyReLU(0.2), *down(w, 2 * w), *norm(2 * w), *down(2 * w, 4 * w), *norm(4 * w),
        nn.Flatten(), nn.Linear(16 * 4 * w, 1, bias=False)).apply(initialize)


def discriminator_loss(d, real, fake):
    return F.softplus(-d(real)).mean() + F.softplus(d(fake)).mean()


def with_r1(d, real, fake):  # Mescheder et al. 2018, equation 9
    real = real.clone().requires_grad_()
    on_real = d(real)
    slope, = torch.autograd.grad(on_real.sum(), real, create_graph=True)
    return F.softplus(-on_real).mean() + F.softplus(d(fake)).mean() + 5 * slope.square().sum((1, 2, 3)).mean()


def with_gradient_penalty(d, real, fake):  # Gulrajani et al. 2017, algorithm 1
    share = torch.rand(BATCH, 1, 1, 1)
    between = (share * real + (1 - share) * fake).requires_grad_()
    slope, = torch.autograd.grad(d(between).sum(), between, create_graph=True)
    return d(fake).mean() - d(real).mean() + 10 * (slope.flatten(1).norm(dim=1) - 1).square().mean()


def hinge(d, real, fake):
    return F.relu(1 - d(real)).mean() + F.relu(1 + d(fake)).mean()


saturates_not = lambda logit: F.softplus(-logit).mean()
GAMES = {  # G, D, latents, D's loss, G's loss
    "r1": lambda: (generator(64), discriminator(64), LATENT, with_r1, saturates_not),
    "gradient-penalty": lambda: (generator(64), discriminator(64), LATENT, with_gradient_penalty, lambda logit: -logit.mean()),
    "sngan": lambda: (nets.sngan_generator(), nets.sngan_discriminator(), 128, hinge, lambda logit: -logit.mean()),
    "stylegan2": lambda: (nets.StyleGenerator(False), nets.style_discriminator(), 512, discriminator_loss, saturates_not),
    "stylegan2-grouped": lambda: (nets.StyleGenerator(True), nets.style_discriminator(), 512, discriminator_loss, saturates_not),
}


def game_of(name):
    if name in GAMES:
        return GAMES[name]()
    return generator(int(name)), discriminator(int(name)), LATENT, discriminator_loss, saturates_not


def gradient_step(net, name, precision):
    g, d, latent, d_loss, g_loss = game_of(name)
    real = torch.rand(BATCH, 3, 32, 32) * 2 - 1
    trained = d if net == "discriminator" else g
    if net == "generator":
        d.requires_grad_(False)

    def step():
        with torch.autocast(DEVICE, dtype=torch.bfloat16, enabled=precision == "bfloat16"):
            z = torch.randn(BATCH, latent)
            if net == "discriminator":
                with torch.no_grad():
                    fake = g(z)
                loss = d_loss(d, real, fake)
            else:
                loss = g_loss(d(g(z)))
        trained.zero_grad(set_to_none=True)
        loss.backward()
        return loss.item()

    return step


def iteration(width, precision, batch=BATCH, wrap=lambda net: net):
    """One D step and one G step with Adam. `wrap` puts a net under DistributedDataParallel."""
    g, d = wrap(generator(width)), wrap(discriminator(width))
    bare = lambda net: getattr(net, "module", net)
    adam = lambda net: torch.optim.Adam(net.parameters(), 2e-4, (0.5, 0.999))
    adam_g, adam_d = adam(g), adam(d)
    real = torch.rand(batch, 3, 32, 32) * 2 - 1
    autocast = lambda: torch.autocast(DEVICE, dtype=torch.bfloat16, enabled=precision == "bfloat16")

    def step():
        with autocast():
            with torch.no_grad():
                fake = bare(g)(torch.randn(batch, LATENT))
            # one forward of both halves would share batch statistics; under DDP only the last backward may synchronize
            loss_real = F.softplus(-d(real)).mean()
        adam_d.zero_grad(set_to_none=True)
        if d is not bare(d):
            with d.no_sync():
                loss_real.backward()
        else:
            loss_real.backward()
        with autocast():
            loss_fake = F.softplus(d(fake)).mean()
        loss_fake.backward()
        adam_d.step()
        bare(d).requires_grad_(False)
        with autocast():
            loss_g = F.softplus(-bare(d)(g(torch.randn(batch, LATENT)))).mean()
        adam_g.zero_grad(set_to_none=True)
        loss_g.backward()
        adam_g.step()
        bare(d).requires_grad_(True)
        return loss_real.item() + loss_fake.item() + loss_g.item()

    return step


def matmul(size, precision):
    a, b = (torch.rand(size, size).to(getattr(torch, precision)) for _ in range(2))
    return lambda: a @ b


def prepare(task):
    kind, size, precision = task.split()
    if kind == "matmul":
        return matmul(int(size), precision)
    if kind == "iteration":
        return iteration(int(size), precision)
    return gradient_step(kind, size, precision)


def timed(step, count):
    ms = []
    for _ in range(count):
        start = time.perf_counter()
        step()
        if DEVICE == "cuda":
            torch.cuda.synchronize()
        ms.append(1e3 * (time.perf_counter() - start))
    return ms


def main():
    torch.manual_seed(1)
    torch.set_num_threads(int(sys.argv[1]))
    ready = {}
    for line in sys.stdin:
        request = json.loads(line)
        task = request["task"]
        try:
            if task not in ready:
                ready[task] = prepare(task)
                timed(ready[task], 3)
            reply = {"ms": timed(ready[task], request["count"])}
        except Exception as error:
            reply = {"error": str(error)}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
