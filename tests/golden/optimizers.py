# Golden numbers for src/optimizers from PyTorch, in float64: python3 tests/golden/optimizers.py > tests/golden/optimizers.json
# Gradients are small dyadic fractions, exact in float32: element i of update t is ((37 i + 101 t) mod 64 - 32) / 16.
import json, sys, torch
from descent import Lookahead, OptimisticAdam

SIZE, RECORDED = 5, [1, 2, 10, 100, 1000]
gradient = lambda t: torch.tensor([((37 * i + 101 * t) % 64 - 32) / 16 for i in range(SIZE)], dtype=torch.float64)
weights = lambda: torch.tensor([(i - 2) / 4 for i in range(SIZE)], dtype=torch.float64)


def run(make, rate_at=None):
    w = torch.nn.Parameter(weights())
    optimizer, recorded = make([w]), {}
    for t in range(1, RECORDED[-1] + 1):
        if rate_at:
            optimizer.param_groups[0]["lr"] = rate_at(t)
        w.grad = gradient(t)
        optimizer.step()
        if t in RECORDED:
            recorded[t] = w.tolist()
    return recorded


def pylearn2(rate_at, momentum_at):  # the two lines of pylearn2/training_algorithms/learning_rule.py
    w, v, recorded = weights(), torch.zeros(SIZE, dtype=torch.float64), {}
    for t in range(1, RECORDED[-1] + 1):
        v = momentum_at(t) * v - rate_at(t) * gradient(t)
        w = w + v
        if t in RECORDED:
            recorded[t] = w.tolist()
    return recorded


linear = lambda rate, steps: lambda t: rate * max(0, 1 - (t - 1) / steps)


def scheduled(rate, *schedulers):  # the rates of PyTorch's own schedulers, one after the other
    optimizer = torch.optim.SGD([torch.nn.Parameter(weights())], rate)
    made, milestones = [make(optimizer) for make, _ in schedulers], [at for _, at in schedulers[1:]]
    chain, rates = torch.optim.lr_scheduler.SequentialLR(optimizer, made, milestones), []
    for _ in range(RECORDED[-1]):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        chain.step()
    return lambda t: rates[t - 1]


schedulers = torch.optim.lr_scheduler
flat = lambda o: schedulers.ConstantLR(o, 1)
cases = [
    ({"name": "adam"}, run(lambda p: torch.optim.Adam(p, 2e-4, (0.5, 0.999), 1e-8))),
    ({"name": "adam", "learningRate": 0.01, "beta1": 0.9, "beta2": 0.99, "epsilon": 1e-3},
     run(lambda p: torch.optim.Adam(p, 0.01, (0.9, 0.99), 1e-3))),
    ({"name": "adam", "learningRate": 0.01, "schedule": {"name": "linear", "steps": 50}},
     run(lambda p: torch.optim.Adam(p, 0.01, (0.5, 0.999), 1e-8), linear(0.01, 50))),
    ({"name": "adam", "learningRate": 0.01, "warmup": 20, "schedule": {"name": "cosine", "steps": 400, "minimum": 0.001}},
     run(lambda p: torch.optim.Adam(p, 0.01, (0.5, 0.999), 1e-8),
         scheduled(0.01, (lambda o: schedulers.LinearLR(o, 1 / 20, 1, 19), 0), (lambda o: schedulers.CosineAnnealingLR(o, 400, 0.001), 19),
                   (lambda o: schedulers.ConstantLR(o, 0.1, 10000), 419)))),
    ({"name": "adam", "learningRate": 0.01, "schedule": {"name": "linear", "after": 100, "steps": 300, "minimum": 0.002}},
     run(lambda p: torch.optim.Adam(p, 0.01, (0.5, 0.999), 1e-8),
         scheduled(0.01, (flat, 0), (lambda o: schedulers.LinearLR(o, 1, 0.2, 300), 100)))),
    ({"name": "adamw"}, run(lambda p: torch.optim.AdamW(p, 2e-4, (0.5, 0.999), 1e-8, 0.01))),
    ({"name": "adamw", "learningRate": 0.01, "beta1": 0.9, "weightDecay": 0.5, "schedule": {"name": "linear", "steps": 50, "minimum": 0.001}},
     run(lambda p: torch.optim.AdamW(p, 0.01, (0.9, 0.999), 1e-8, 0.5), lambda t: 0.001 + linear(0.009, 50)(t))),
    ({"name": "optimistic-adam", "learningRate": 0.001}, run(lambda p: OptimisticAdam(p, 0.001, (0.5, 0.999), 1e-8))),
    ({"name": "optimistic-adam", "learningRate": 0.01, "beta1": 0.9, "epsilon": 1e-3, "schedule": {"name": "linear", "steps": 50}},
     run(lambda p: OptimisticAdam(p, 0.01, (0.9, 0.999), 1e-3), linear(0.01, 50))),
    ({"name": "adam", "learningRate": 0.01, "lookahead": {"steps": 5, "rate": 0.5}},
     run(lambda p: Lookahead(torch.optim.Adam(p, 0.01, (0.5, 0.999), 1e-8), 5, 0.5))),
    ({"name": "sgd", "learningRate": 0.01, "momentum": 0.9, "lookahead": {"steps": 3, "rate": 0.8}},
     run(lambda p: Lookahead(torch.optim.SGD(p, 0.01, 0.9), 3, 0.8))),
    ({"name": "rmsprop", "learningRate": 0.001}, run(lambda p: torch.optim.RMSprop(p, 0.001, 0.99, 1e-8))),
    ({"name": "rmsprop", "learningRate": 0.01, "decay": 0.9, "epsilon": 0.1}, run(lambda p: torch.optim.RMSprop(p, 0.01, 0.9, 0.1))),
    ({"name": "sgd", "learningRate": 0.01, "momentum": 0}, run(lambda p: torch.optim.SGD(p, 0.01))),
    ({"name": "sgd", "learningRate": 0.01, "momentum": 0.9}, run(lambda p: torch.optim.SGD(p, 0.01, 0.9))),
    ({"name": "sgd", "learningRate": 0.1, "momentum": {"from": 0.5, "to": 0.7, "steps": 80},
      "schedule": {"name": "exponential", "factor": 1.01, "minimum": 0.01}},
     pylearn2(lambda t: max(0.01, 0.1 / 1.01 ** (t - 1)), lambda t: 0.5 + 0.2 * min(1, (t - 1) / 80))),
]
json.dump({"torch": torch.__version__, "cases": [{"options": o, "weights": w} for o, w in cases]}, sys.stdout, indent=1)
print()
