"""What against.py measures: nets, operations, their sizes and data, for every framework alike."""

from types import SimpleNamespace

import numpy as np

# Filters of the 3x3 convolutions; "pool" halves the image.
VGG11 = (64, "pool", 128, "pool", 256, 256, "pool", 512, 512, "pool", 512, 512, "pool")

# Blocks of each stage; the filters double from stage to stage.
RESNET18 = (2, 2, 2, 2)
RESNET50 = (3, 4, 6, 3)

# GoogLeNet for CIFAR-10. Filters of the four branches of an inception block: 1x1; 1x1 then 3x3;
# 1x1 then two 3x3; 1x1 after pooling.
GOOGLENET = (
    (64, (96, 128), (16, 32), 32),
    (128, (128, 192), (32, 96), 64),
    "pool",
    (192, (96, 208), (16, 48), 64),
    (160, (112, 224), (24, 64), 64),
    (128, (128, 256), (24, 64), 64),
    (112, (144, 288), (32, 64), 64),
    (256, (160, 320), (32, 128), 128),
    "pool",
    (256, (160, 320), (32, 128), 128),
    (384, (192, 384), (48, 128), 128),
)

# Learning rates are tiny: on a batch that never changes a net would soon have a loss of zero, and
# then gradients are denormal numbers, which are slow where a framework does not flush them.
MOMENTUM = SimpleNamespace(name="sgd", lr=1e-4, momentum=0.9)
ADAM = SimpleNamespace(name="adam", lr=1e-6)

WORKLOADS = {}


def add(name, **numbers):
    WORKLOADS[name] = SimpleNamespace(**{"name": name, "op": None, "images": False, **numbers})


for batch in (64, 1024):
    add(f"mlp_{batch}", model="mlp", shape=(batch, 784), opt=ADAM)
add("lenet5", model="lenet5", shape=(64, 28, 28, 1), opt=MOMENTUM, images=True)
for model in ("alexnet_cifar", "vgg11_cifar", "resnet18_cifar"):
    add(model, model=model, shape=(32, 32, 32, 3), opt=MOMENTUM, images=True)
add("matmul_1024", op="matmul", m=1024, k=1024, n=1024)
add(
    "conv3x3_32x64x32_fwdbwd",
    **dict(op="conv", backward=True, images=True, n=32, c=64, hw=32),
    **dict(o=64, k=3, stride=1, pad=1, groups=1),
)
for op in ("maxpool", "batchnorm"):
    add(f"{op}_32x64x32_fwdbwd", op=op, backward=True, images=True, n=32, c=64, hw=32)
add("softmax_4096x1024_fwdbwd", op="softmax", backward=True, rows=4096, cols=1024)
add("gelu_1e7_fwd", op="gelu", backward=False, n=10**7)
add("adam_25m_100t", op="adam", tensors=100, size=250_000)


def batch_of(shape):
    """A batch, images channels last, and its labels."""
    rng = np.random.default_rng(0)
    return rng.standard_normal(shape, dtype=np.float32), rng.integers(0, 10, shape[0])
