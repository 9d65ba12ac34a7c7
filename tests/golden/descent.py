# Optimizers that PyTorch does not have, around those that it has.
import torch


class OptimisticAdam(torch.optim.Optimizer):
    """Daskalakis et al. 2018, algorithm 1, around PyTorch's Adam at rate 1, whose step is what it takes off weights of its own."""

    def __init__(self, parameters, rate, betas, epsilon):
        super().__init__(parameters, {"lr": rate})
        self.weights = self.param_groups[0]["params"]
        self.shadows = [torch.nn.Parameter(torch.zeros_like(w)) for w in self.weights]
        self.adam, self.last = torch.optim.Adam(self.shadows, 1, betas, epsilon), [torch.zeros_like(w) for w in self.weights]

    @torch.no_grad()
    def step(self):
        rate = self.param_groups[0]["lr"]
        for w, s in zip(self.weights, self.shadows):
            s.grad = w.grad
            s.zero_()
        self.adam.step()
        for i, (w, s) in enumerate(zip(self.weights, self.shadows)):
            w += -2 * rate * -s + rate * self.last[i]
            self.last[i] = -s.clone()


class Lookahead:
    """Zhang et al. 2019, algorithm 1."""

    def __init__(self, fast, k, alpha):
        self.fast, self.k, self.alpha, self.t = fast, k, alpha, 0
        self.param_groups = fast.param_groups
        self.slow = [w.detach().clone() for w in fast.param_groups[0]["params"]]

    @torch.no_grad()
    def step(self):
        self.fast.step()
        self.t += 1
        if self.t % self.k == 0:
            for w, slow in zip(self.param_groups[0]["params"], self.slow):
                slow += self.alpha * (w - slow)
                w.copy_(slow)
