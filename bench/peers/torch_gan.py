# PyTorch's side of the bench: DCGAN-32 as its users write it, eager. A persistent child: one JSON request { task, count } a line on
# stdin, one reply { ms: [...] } a line on stdout. Tasks: "discriminator 64 float32", "generator 16 bfloat16", "iteration 64 float32",
# "matmul 2048 float32". Usage: torch_gan.py THREADS
import json, sys, time
import torch, torch.nn as nn, torch.nn.functional as F

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


def gradient_step(net, width, precision):
    g, d = generator(width), discriminator(width)
    real = torch.rand(BATCH, 3, 32, 32) * 2 - 1
    trained = d if net == "discriminator" else g
    if net == "generator":
        d.requires_grad_(False)

    def step():
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bfloat16"):
            z = torch.randn(BATCH, LATENT)
            if net == "discriminator":
                with torch.no_grad():
                    fake = g(z)
                loss = discriminator_loss(d, real, fake)
            else:
                loss = F.softplus(-d(g(z))).mean()
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
    autocast = lambda: torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bfloat16")

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
    return gradient_step(kind, int(size), precision)


def timed(step, count):
    ms = []
    for _ in range(count):
        start = time.perf_counter()
        step()
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
