"""The nets of the benchmarks, in danlu: images are channels last, results are logits."""

from workloads import GOOGLENET, RESNET18, RESNET50, VGG11

import danlu as dl
from danlu import layers as L


def mlp():
    return dl.Sequential([L.Input((784,)), L.Dense(512, "relu"), L.Dense(512, "relu"), L.Dense(10)])


def lenet5():
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


def alexnet_cifar():
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


def vgg11_cifar():
    layers = [L.Input((32, 32, 3))]
    for filters in VGG11:
        if filters == "pool":
            layers.append(L.MaxPooling2D())
        else:
            layers += [L.Conv2D(filters, 3, padding="same"), batch_norm(), L.ReLU()]
    return dl.Sequential([*layers, L.Flatten(), L.Dense(10)])


def batch_norm():
    return L.BatchNormalization(momentum=0.9, epsilon=1e-5)


def conv_bn(x, filters, size, strides=1, relu=True, bias=False):
    """Convolution, padded by size // 2 on every side, then batch normalization."""
    if strides > 1 and size > 1:
        x = L.ZeroPadding2D(size // 2)(x)
        x = L.Conv2D(filters, size, strides, use_bias=bias)(x)
    else:
        x = L.Conv2D(filters, size, strides, padding="same", use_bias=bias)(x)
    x = batch_norm()(x)
    return L.ReLU()(x) if relu else x


def classifier(inputs, x, classes):
    return dl.Model(inputs, L.Dense(classes)(L.GlobalAveragePooling2D()(x)))


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
    return classifier(inputs, x, classes)


def resnet18_cifar():
    inputs = L.Input((32, 32, 3))
    return resnet(inputs, conv_bn(inputs, 64, 3), RESNET18, False, 10)


def resnet50():
    inputs = L.Input((224, 224, 3))
    stem = L.ZeroPadding2D(1)(conv_bn(inputs, 64, 7, 2))
    return resnet(inputs, L.MaxPooling2D(3, 2)(stem), RESNET50, True, 1000)


def inception(x, single, double, triple, pooled):
    def chain(x, filters, sizes):
        for count, size in zip(filters, sizes, strict=True):
            x = conv_bn(x, count, size, bias=True)
        return x

    reduce, filters = triple
    branches = [
        chain(x, (single,), (1,)),
        chain(x, double, (1, 3)),
        chain(x, (reduce, filters, filters), (1, 3, 3)),
        chain(L.MaxPooling2D(3, 1, padding="same")(x), (pooled,), (1,)),
    ]
    return L.Concatenate()(branches)


def googlenet_cifar():
    inputs = L.Input((32, 32, 3))
    x = conv_bn(inputs, 192, 3, bias=True)
    for block in GOOGLENET:
        if block == "pool":
            x = L.MaxPooling2D(3, 2)(L.ZeroPadding2D(1)(x))  # after a ReLU, zeros change nothing
        else:
            x = inception(x, *block)
    return classifier(inputs, x, 10)


MODELS = {
    "mlp": mlp,
    "lenet5": lenet5,
    "alexnet_cifar": alexnet_cifar,
    "vgg11_cifar": vgg11_cifar,
    "resnet18_cifar": resnet18_cifar,
    "googlenet_cifar": googlenet_cifar,
    "resnet50": resnet50,
}
