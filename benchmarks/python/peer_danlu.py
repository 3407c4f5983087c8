"""danlu as a peer of a harness that runs frameworks side by side.

The harness (`bench`) gives workload specifications; a builder returns a zero-argument `step`.
Its data are NCHW; danlu's images are channels last, so the builders transpose once.
"""

import math

import numpy as np
from bench.peers import Peer
from bench.workloads import SEED, VGG11, make_data

import danlu as dl
from danlu import layers as L
from danlu import ops

peer = Peer()
peer.version = lambda: dl.__version__


@peer.setup
def setup(threads, flags):
    dl.config.set_num_threads(threads)
    dl.utils.set_random_seed(SEED)


# ---------------------------------------------------------------- models
def mlp(s):
    return dl.Sequential([L.Input((784,)), L.Dense(512, "relu"), L.Dense(512, "relu"), L.Dense(10)])


def lenet5(s):
    return dl.Sequential(
        [
            L.Input((28, 28, 1)),
            L.Conv2D(6, 5, padding="same", activation="relu"),
            L.MaxPooling2D(),
            L.Conv2D(16, 5, activation="relu"),
            L.MaxPooling2D(),
            L.Flatten(),
            L.Dense(120, "relu"),
            L.Dense(84, "relu"),
            L.Dense(10),
        ]
    )


def alexnet_cifar(s):
    def conv(filters):
        return L.Conv2D(filters, 3, padding="same", activation="relu")

    return dl.Sequential(
        [
            L.Input((32, 32, 3)),
            L.ZeroPadding2D(1),
            L.Conv2D(64, 3, strides=2, activation="relu"),
            L.MaxPooling2D(),
            conv(192),
            L.MaxPooling2D(),
            *(conv(384), conv(256), conv(256)),
            L.MaxPooling2D(),
            L.Flatten(),
            *(L.Dropout(0.5), L.Dense(4096, "relu")),
            *(L.Dropout(0.5), L.Dense(4096, "relu")),
            L.Dense(10),
        ]
    )


def vgg11_cifar(s):
    layers = [L.Input((32, 32, 3))]
    for filters in VGG11:
        if filters == "M":
            layers.append(L.MaxPooling2D())
        else:
            layers += [L.Conv2D(filters, 3, padding="same"), L.BatchNormalization(), L.ReLU()]
    return dl.Sequential([*layers, L.Flatten(), L.Dense(10)])


def conv_bn(x, filters, size, strides=1, relu=True):
    """Convolution without bias, padded by size // 2 on every side, then batch normalization."""
    if strides > 1 and size > 1:
        x = L.ZeroPadding2D(size // 2)(x)
        x = L.Conv2D(filters, size, strides, use_bias=False)(x)
    else:
        x = L.Conv2D(filters, size, strides, padding="same", use_bias=False)(x)
    x = L.BatchNormalization(epsilon=1e-5)(x)
    return L.ReLU()(x) if relu else x


def resnet(inputs, stem, counts, bottleneck, classes):
    x, channels = stem, 64
    for i, count in enumerate(counts):
        middle = 64 << i
        outputs = middle * 4 if bottleneck else middle
        for j in range(count):
            strides = 2 if i and j == 0 else 1
            if bottleneck:
                body = conv_bn(conv_bn(x, middle, 1), middle, 3, strides)
                body = conv_bn(body, outputs, 1, relu=False)
            else:
                body = conv_bn(conv_bn(x, middle, 3, strides), outputs, 3, relu=False)
            if strides != 1 or channels != outputs:
                x = conv_bn(x, outputs, 1, strides, relu=False)
            x = L.ReLU()(L.Add()([body, x]))
            channels = outputs
    return dl.Model(inputs, L.Dense(classes)(L.GlobalAveragePooling2D()(x)))


def resnet18_cifar(s):
    inputs = L.Input((32, 32, 3))
    return resnet(inputs, conv_bn(inputs, 64, 3), (2, 2, 2, 2), False, 10)


def resnet50(s):
    inputs = L.Input((224, 224, 3))
    stem = L.ZeroPadding2D(1)(conv_bn(inputs, 64, 7, 2))
    return resnet(inputs, L.MaxPooling2D(3, 2)(stem), (3, 4, 6, 3), True, 1000)


MODELS = {
    "mlp": mlp,
    "lenet5": lenet5,
    "alexnet_cifar": alexnet_cifar,
    "vgg11_cifar": vgg11_cifar,
    "resnet18_cifar": resnet18_cifar,
    "resnet50": resnet50,
}


def make_model(s):
    if s.model not in MODELS:
        raise NotImplementedError(s.model)
    dl.utils.set_random_seed(SEED)
    return MODELS[s.model](s)


def make_optimizer(o):
    if o.name == "sgd":
        return dl.optimizers.SGD(o.lr, momentum=o.momentum)
    if o.name == "adam":
        return dl.optimizers.Adam(o.lr)
    beta_1, beta_2 = o.betas
    return dl.optimizers.AdamW(o.lr, o.weight_decay, beta_1=beta_1, beta_2=beta_2)


def inputs_of(s):
    x, y = make_data(s)
    if x.ndim == 4:
        x = x.transpose(0, 2, 3, 1).copy()
    return dl.asarray(x), None if y is None else dl.asarray(y)


@peer.train
def train(s, flags):
    """`loop`: the explicit loop; otherwise `train_on_batch`, as `fit` runs it."""
    model, (x, y) = make_model(s), inputs_of(s)
    optimizer = make_optimizer(s.opt)
    if "loop" not in flags:
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


@peer.infer
def infer(s, flags):
    model, (x, _) = make_model(s), inputs_of(s)

    def step():
        with dl.no_grad():
            return model(x, training=False)

    return step


# ---------------------------------------------------------------- single operations
def randn(*shape):
    return dl.asarray(np.random.default_rng(SEED).standard_normal(shape, dtype=np.float32))


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


@peer.op("matmul")
def _(s, flags):
    a, b = randn(s.m, s.k), randn(s.k, s.n)
    return lambda: dl.matmul(a, b)


@peer.op("conv")
def _(s, flags):
    x = randn(s.n, s.hw, s.hw, s.c)
    padded = s.pad and s.stride > 1  # "same" pads by less on one side there
    padding = "same" if s.pad and not padded else "valid"
    layer = L.Conv2D(s.o, s.k, s.stride, padding, groups=s.groups)
    model = dl.Sequential([L.ZeroPadding2D(s.pad), layer]) if padded else layer
    model(x)
    return wrap(s, lambda: model(x), x, variables=layer.trainable_variables)


@peer.op("maxpool")
def _(s, flags):
    x = randn(s.n, s.hw, s.hw, s.c)
    return wrap(s, lambda: ops.max_pool(x, 2), x)


@peer.op("batchnorm")
def _(s, flags):
    x = randn(s.n, s.hw, s.hw, s.c)
    layer = L.BatchNormalization(epsilon=1e-5)
    layer.build(x.shape)
    return wrap(s, lambda: layer(x, training=True), x, variables=layer.trainable_variables)


@peer.op("layernorm")
def _(s, flags):
    x = randn(s.rows, s.cols)
    layer = L.LayerNormalization(epsilon=1e-5)
    layer.build(x.shape)
    return wrap(s, lambda: layer(x), x, variables=layer.trainable_variables)


@peer.op("softmax")
def _(s, flags):
    x = randn(s.rows, s.cols)
    return wrap(s, lambda: ops.softmax(x), x)


@peer.op("gelu")
def _(s, flags):
    x = randn(s.n)
    return wrap(s, lambda: ops.gelu(x, approximate=False), x)


@peer.op("add")
def _(s, flags):
    a, b = randn(s.n), randn(s.n)
    return lambda: a + b


@peer.op("sum")
def _(s, flags):
    a = randn(s.n)
    return lambda: dl.sum(a)


@peer.op("adam")
def _(s, flags):
    variables = [dl.Variable(randn(s.size)) for _ in range(s.tensors)]
    grads = [dl.full((s.size,), 1e-3) for _ in variables]
    optimizer = dl.optimizers.Adam()
    optimizer.build(variables)
    return lambda: optimizer.apply(grads, variables)


@peer.op("embedding")
def _(s, flags):
    w = randn(s.vocab, s.dim) / math.sqrt(s.dim)
    ids = dl.asarray(np.random.default_rng(SEED).integers(0, s.vocab, s.ids))
    return wrap(s, lambda: ops.take(w, ids, axis=0), w)
