"""The steps of against.py in PyTorch; flags: fused (optimizer), channels_last."""

import torch
from torch.nn import functional as F
from torch_models import MODELS
from workloads import batch_of


def start(threads):
    torch.set_num_threads(threads)
    torch.manual_seed(0)


def make_optimizer(o, parameters, fused):
    if o.name == "sgd":
        return torch.optim.SGD(parameters, o.lr, momentum=o.momentum, fused=fused)
    return torch.optim.Adam(parameters, o.lr, fused=fused)


def training(model, optimizer, x, y):
    def step():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def both(s, forward, *leaves, variables=()):
    """A forward step, or forward and backward with a given gradient of the output."""
    if not s.backward:
        return torch.inference_mode()(forward)
    for leaf in leaves:
        leaf.requires_grad = True
    dy = torch.ones_like(forward())

    def step():
        for leaf in (*leaves, *variables):
            leaf.grad = None
        forward().backward(dy)

    return step


# ---------------------------------------------------------------- single operations
def image(s, layout):
    return torch.randn(s.n, s.c, s.hw, s.hw).to(memory_format=layout)


def matmul(s, layout, fused):
    a, b = torch.randn(s.m, s.k), torch.randn(s.k, s.n)
    return lambda: a @ b


def conv(s, layout, fused):
    layer = torch.nn.Conv2d(s.c, s.o, s.k, s.stride, s.pad, groups=s.groups)
    layer, x = layer.to(memory_format=layout), image(s, layout)
    return both(s, lambda: layer(x), x, variables=tuple(layer.parameters()))


def maxpool(s, layout, fused):
    x = image(s, layout)
    return both(s, lambda: F.max_pool2d(x, 2), x)


def batchnorm(s, layout, fused):
    layer, x = torch.nn.BatchNorm2d(s.c), image(s, layout)
    return both(s, lambda: layer(x), x, variables=tuple(layer.parameters()))


def softmax(s, layout, fused):
    x = torch.randn(s.rows, s.cols)
    return both(s, lambda: torch.softmax(x, -1), x)


def gelu(s, layout, fused):
    x = torch.randn(s.n)
    return both(s, lambda: F.gelu(x), x)


def adam(s, layout, fused):
    parameters = [torch.randn(s.size, requires_grad=True) for _ in range(s.tensors)]
    for parameter in parameters:
        parameter.grad = torch.full((s.size,), 1e-3)
    return torch.optim.Adam(parameters, fused=fused).step


OPS = {
    "matmul": matmul,
    "conv": conv,
    "maxpool": maxpool,
    "batchnorm": batchnorm,
    "softmax": softmax,
    "gelu": gelu,
    "adam": adam,
}


def build(s, flags):
    """The step of a workload of workloads.py, and the number of its trained parameters."""
    layout = torch.channels_last if "channels_last" in flags else torch.contiguous_format
    fused = "fused" in flags
    if s.op:
        return OPS[s.op](s, layout, fused), 0
    model = MODELS[s.model]().to(memory_format=layout)
    x, y = map(torch.from_numpy, batch_of(s.shape))
    if s.images:
        x = x.permute(0, 3, 1, 2).contiguous(memory_format=layout)
    optimizer = make_optimizer(s.opt, model.parameters(), fused)
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return training(model, optimizer, x, y), parameters
