"""The nets of models.py, in PyTorch: images are channels first."""

import torch
from torch import nn
from workloads import GOOGLENET, RESNET18, VGG11


def mlp():
    return nn.Sequential(
        *(nn.Linear(784, 512), nn.ReLU()),
        *(nn.Linear(512, 512), nn.ReLU()),
        nn.Linear(512, 10),
    )


def lenet5():
    return nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding="same"), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2)),
        nn.Flatten(),
        *(nn.Linear(400, 120), nn.ReLU()),
        *(nn.Linear(120, 84), nn.ReLU()),
        nn.Linear(84, 10),
    )


def alexnet_cifar():
    def conv(inputs, outputs, stride=1):
        return nn.Conv2d(inputs, outputs, 3, stride, padding=1), nn.ReLU()

    return nn.Sequential(
        *(*conv(3, 64, stride=2), nn.MaxPool2d(2)),
        *(*conv(64, 192), nn.MaxPool2d(2)),
        *(*conv(192, 384), *conv(384, 256), *conv(256, 256), nn.MaxPool2d(2)),
        nn.Flatten(),
        *(nn.Dropout(0.5), nn.Linear(1024, 4096), nn.ReLU()),
        *(nn.Dropout(0.5), nn.Linear(4096, 4096), nn.ReLU()),
        nn.Linear(4096, 10),
    )


def conv_bn(inputs, outputs, size, stride=1, bias=False):
    convolution = nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=bias)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs))


def vgg11_cifar():
    layers, channels = [], 3
    for filters in VGG11:
        if filters == "pool":
            layers.append(nn.MaxPool2d(2))
        else:
            layers += [conv_bn(channels, filters, 3, bias=True), nn.ReLU()]
            channels = filters
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels, 10))


class Residual(nn.Module):
    """relu(body(x) + x), where x is projected if its shape differs."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        first, second = conv_bn(inputs, outputs, 3, stride), conv_bn(outputs, outputs, 3)
        self.body = nn.Sequential(first, nn.ReLU(), second)
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else conv_bn(inputs, outputs, 1, stride)

    def forward(self, x):
        return torch.relu(self.body(x) + self.shortcut(x))


def classifier(layers, channels):
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 10))


def resnet18_cifar():
    layers, channels = [conv_bn(3, 64, 3), nn.ReLU()], 64
    for stage, count in enumerate(RESNET18):
        for block in range(count):
            layers.append(Residual(channels, 64 << stage, 2 if stage and not block else 1))
            channels = 64 << stage
    return classifier(layers, channels)


class Inception(nn.Module):
    def __init__(self, inputs, single, double, triple, pooled):
        super().__init__()

        def chain(filters, sizes):
            layers, channels = [], inputs
            for count, size in zip(filters, sizes, strict=True):
                layers += [conv_bn(channels, count, size, bias=True), nn.ReLU()]
                channels = count
            return layers

        reduce, filters = triple
        self.outputs = single + double[1] + filters + pooled
        branches = [
            chain((single,), (1,)),
            chain(double, (1, 3)),
            chain((reduce, filters, filters), (1, 3, 3)),
            [nn.MaxPool2d(3, 1, padding=1), *chain((pooled,), (1,))],
        ]
        self.branches = nn.ModuleList(nn.Sequential(*branch) for branch in branches)

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.branches], 1)


def googlenet_cifar():
    layers, channels = [conv_bn(3, 192, 3, bias=True), nn.ReLU()], 192
    for block in GOOGLENET:
        if block == "pool":
            layers.append(nn.MaxPool2d(3, 2, padding=1))
        else:
            layers.append(Inception(channels, *block))
            channels = layers[-1].outputs
    return classifier(layers, channels)


MODELS = {
    "mlp": mlp,
    "lenet5": lenet5,
    "alexnet_cifar": alexnet_cifar,
    "vgg11_cifar": vgg11_cifar,
    "resnet18_cifar": resnet18_cifar,
    "googlenet_cifar": googlenet_cifar,
}
