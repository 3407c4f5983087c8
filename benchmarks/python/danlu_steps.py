"""The steps of the benchmarks in danlu: a zero-argument function for each workload."""

import math

import numpy as np
from models import MODELS
from workloads import batch_of

import danlu as dl
from danlu import layers as L
from danlu import ops


def start(threads):
    dl.config.set_num_threads(threads)
    dl.utils.set_random_seed(0)


def make_optimizer(o):
    if o.name == "sgd":
        return dl.optimizers.SGD(o.lr, momentum=o.momentum)
    if o.name == "adam":
        return dl.optimizers.Adam(o.lr)
    beta_1, beta_2 = o.betas
    return dl.optimizers.AdamW(o.lr, o.weight_decay, beta_1=beta_1, beta_2=beta_2)


def training(model, optimizer, x, y, loop=False):
    """`train_on_batch`, as `fit` runs it, or the explicit loop."""
    x, y = dl.asarray(x), dl.asarray(y)
    if not loop:
        model.compile(optimizer, dl.losses.SparseCategoricalCrossentropy(from_logits=True))
        return lambda: model.train_on_batch(x, y)
    optimizer.build(model.trainable_variables)

    def step():
        logits = model(x, training=True)
        loss = dl.losses.sparse_categorical_crossentropy(y, logits, from_logits=True).mean()
        loss.backward()
        optimizer.step()
        return loss

    return step


def inference(model, x):
    x = dl.asarray(x)

    def step():
        with dl.no_grad():
            return model(x, training=False)

    return step


# ---------------------------------------------------------------- single operations
def randn(*shape):
    return dl.asarray(np.random.default_rng(0).standard_normal(shape, dtype=np.float32))


def wrap(s, forward, *leaves, variables=()):
    """A forward step, or forward and backward with a given gradient of the output."""
    if not s.backward:

        def step():
            with dl.no_grad():
                forward()

        return step
    for tensor in leaves:
        tensor.requires_grad = True
    dy = dl.ones_like(forward())

    def step():
        for leaf in (*leaves, *variables):
            leaf.grad = None
        forward().backward(dy)

    return step


def matmul(s):
    a, b = randn(s.m, s.k), randn(s.k, s.n)
    return lambda: dl.matmul(a, b)


def conv(s):
    x = randn(s.n, s.hw, s.hw, s.c)
    padded = s.pad and s.stride > 1  # "same" pads by less on one side there
    padding = "same" if s.pad and not padded else "valid"
    layer = L.Conv2D(s.o, s.k, s.stride, padding, groups=s.groups)
    model = dl.Sequential([L.ZeroPadding2D(s.pad), layer]) if padded else layer
    model(x)
    return wrap(s, lambda: model(x), x, variables=layer.trainable_variables)


def maxpool(s):
    x = randn(s.n, s.hw, s.hw, s.c)
    return wrap(s, lambda: ops.max_pool(x, 2), x)


def batchnorm(s):
    x = randn(s.n, s.hw, s.hw, s.c)
    layer = L.BatchNormalization(epsilon=1e-5)
    layer.build(x.shape)
    return wrap(s, lambda: layer(x, training=True), x, variables=layer.trainable_variables)


def layernorm(s):
    x = randn(s.rows, s.cols)
    layer = L.LayerNormalization(epsilon=1e-5)
    layer.build(x.shape)
    return wrap(s, lambda: layer(x), x, variables=layer.trainable_variables)


def softmax(s):
    x = randn(s.rows, s.cols)
    return wrap(s, lambda: ops.softmax(x), x)


def gelu(s):
    x = randn(s.n)
    return wrap(s, lambda: ops.gelu(x, approximate=False), x)


def add(s):
    a, b = randn(s.n), randn(s.n)
    return lambda: a + b


def total(s):
    a = randn(s.n)
    return lambda: dl.sum(a)


def adam(s):
    variables = [dl.Variable(randn(s.size)) for _ in range(s.tensors)]
    grads = [dl.full((s.size,), 1e-3) for _ in variables]
    optimizer = dl.optimizers.Adam()
    optimizer.build(variables)
    return lambda: optimizer.apply(grads, variables)


def embedding(s):
    w = randn(s.vocab, s.dim) / math.sqrt(s.dim)
    ids = dl.asarray(np.random.default_rng(0).integers(0, s.vocab, s.ids))
    return wrap(s, lambda: ops.take(w, ids, axis=0), w)


OPS = {
    "matmul": matmul,
    "conv": conv,
    "maxpool": maxpool,
    "batchnorm": batchnorm,
    "layernorm": layernorm,
    "softmax": softmax,
    "gelu": gelu,
    "add": add,
    "sum": total,
    "adam": adam,
    "embedding": embedding,
}


def build(s, flags):
    """The step of a workload of workloads.py, and the number of its trained parameters."""
    if s.op:
        return OPS[s.op](s), 0
    model = MODELS[s.model]()
    parameters = sum(math.prod(variable.shape) for variable in model.trainable_variables)
    return training(model, make_optimizer(s.opt), *batch_of(s.shape)), parameters
