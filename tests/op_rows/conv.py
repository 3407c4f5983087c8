"""Convolution: strides, padding, dilation, groups, one to three spatial axes, and its gradients."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from op_harness import Bad, Case

import danlu as dl


def each(value: Any, count: int) -> list[int]:
    return [value] * count if isinstance(value, int) else list(value)


def np_pads(sizes: Any, taps: Any, strides: Any, padding: Any, dilation: Any) -> list[Any]:
    if padding == "valid":
        return [(0, 0)] * len(sizes)
    if padding != "same":
        return list(padding)
    pads = []
    for size, tap, stride, rate in zip(sizes, taps, strides, dilation, strict=True):
        total = max(0, (-(-size // stride) - 1) * stride + (tap - 1) * rate + 1 - size)
        pads.append((total // 2, total - total // 2))
    return pads


def np_conv(
    x: Any,
    kernel: Any,
    bias: Any = None,
    addend: Any = None,
    strides: Any = 1,
    padding: Any = "valid",
    dilation_rate: Any = 1,
    activation: Any = None,
) -> Any:
    taps, count = kernel.shape[:-2], kernel.ndim - 2
    strides, rates = each(strides, count), each(dilation_rate, count)
    pads = np_pads(x.shape[1:-1], taps, strides, padding, rates)
    x = np.pad(x, [(0, 0), *pads, (0, 0)])
    sizes = [
        (size - (tap - 1) * rate - 1) // stride + 1
        for size, tap, rate, stride in zip(x.shape[1:-1], taps, rates, strides, strict=True)
    ]
    groups = x.shape[-1] // kernel.shape[-2]
    y = np.zeros((x.shape[0], *sizes, kernel.shape[-1]))
    for tap in product(*map(range, taps)):
        window = tuple(
            slice(t * rate, t * rate + (size - 1) * stride + 1, stride)
            for t, rate, size, stride in zip(tap, rates, sizes, strides, strict=True)
        )
        seen = x[(slice(None), *window)]
        for g in range(groups):
            channels = slice(g * kernel.shape[-2], (g + 1) * kernel.shape[-2])
            filters = kernel.shape[-1] // groups
            to = slice(g * filters, (g + 1) * filters)
            y[..., to] += seen[..., channels] @ kernel[tap][:, to]
    for more in (addend, bias):
        y = y if more is None else y + more
    return np.maximum(y, 0) if activation == "relu" else y


def torch_conv(strides: Any = 1, padding: Any = 0, dilation: Any = 1) -> Any:
    """PyTorch's convolution on channels last; `padding` is symmetric."""

    def call(torch: Any, x: Any, kernel: Any) -> Any:
        count = kernel.ndim - 2
        f = [torch.nn.functional.conv1d, torch.nn.functional.conv2d, torch.nn.functional.conv3d]
        weight = kernel.movedim((-1, -2), (0, 1))
        groups = x.shape[-1] // kernel.shape[-2]
        y = f[count - 1](x.movedim(-1, 1), weight, None, strides, padding, dilation, groups)
        return y.movedim(1, -1)

    return call


def conv_with_bias(x: Any, kernel: Any, bias: Any, addend: Any = None, **options: Any) -> Any:
    return dl.ops.conv(x, kernel, bias=bias, addend=addend, **options)


def case(name: str, *shapes: Any, large: Any, torch: Any = None, **options: Any) -> Case:
    x, kernel = shapes[0] if isinstance(shapes[0], list) else shapes
    return Case(
        name,
        dl.ops.conv,
        np_conv,
        shapes=shapes,
        kwargs=options.pop("kwargs", {}),
        takes="floating",
        empty=options.pop("empty", [(0, *x[1:]), kernel]),
        size1=[(1,) * len(x), (1,) * len(kernel)],
        large=large,
        torch=torch,
        **options,
    )


def channels_first(x: Any, kernel: Any) -> Any:
    return dl.ops.conv(x, kernel, padding="same", data_format="channels_first")


def depthwise_rows(x: Any, kernel: Any, **options: Any) -> Any:
    return np_conv(x, kernel.reshape(*kernel.shape[:-2], 1, -1), **options)


def np_conv_transpose(
    x: Any, kernel: Any, strides: Any = 1, padding: Any = "valid", dilation_rate: Any = 1
) -> Any:
    """Every element of x adds its multiple of the kernel, `strides` further on; then the border."""
    taps, count = kernel.shape[:-2], kernel.ndim - 2
    strides, rates = each(strides, count), each(dilation_rate, count)
    extents = [(tap - 1) * rate + 1 for tap, rate in zip(taps, rates, strict=True)]
    sizes = [n * s + max(e - s, 0) for n, s, e in zip(x.shape[1:-1], strides, extents, strict=True)]
    y = np.zeros((x.shape[0], *sizes, kernel.shape[-2]))
    for tap in product(*map(range, taps)):
        window = tuple(
            slice(t * rate, t * rate + (n - 1) * s + 1, s)
            for t, rate, n, s in zip(tap, rates, x.shape[1:-1], strides, strict=True)
        )
        y[(slice(None), *window)] += x @ kernel[tap].T
    if padding == "valid":
        return y
    kept = []
    for n, s, e in zip(x.shape[1:-1], strides, extents, strict=True):
        before = max(e - s, 0) // 2
        kept.append(slice(before, before + n * s))
    return y[(slice(None), *kept)]


def torch_transposed(strides: int, crop: int) -> Any:
    """PyTorch's transposed convolution without the last `crop` rows and columns."""

    def call(torch: Any, x: Any, kernel: Any) -> Any:
        weight = kernel.movedim((-1, -2), (0, 1))
        y = torch.nn.functional.conv_transpose2d(x.movedim(-1, 1), weight, None, strides)
        return y.movedim(1, -1)[:, : y.shape[2] - crop, : y.shape[3] - crop]

    return call


def transposed(name: str, *shapes: Any, **options: Any) -> Case:
    x, kernel = shapes
    return Case(
        name,
        dl.ops.conv_transpose,
        np_conv_transpose,
        shapes=shapes,
        takes="floating",
        empty=[(0, *x[1:]), kernel],
        size1=[(1,) * len(x), (1,) * len(kernel)],
        large=[(3, 19, 17, 11), (*kernel[:2], 13, 11)],
        **options,
    )


CASES: list[Case] = [
    case(
        "conv",
        [(2, 5, 7, 3), (3, 3, 3, 2)],
        [(2, 5, 4, 1), (2, 3, 1, 17)],
        [(1, 4, 5, 17), (1, 1, 17, 3)],
        large=[(3, 29, 31, 17), (3, 3, 17, 19)],
        torch=torch_conv(),
        bad=[
            Bad(
                lambda: dl.ops.conv(dl.ones((32, 28, 28, 1)), dl.ones((3, 3, 3, 8))),
                ValueError,
                r"kernel \(3, 3, 3, 8\) wants 3 input channels, x \(32, 28, 28, 1\) has 1",
            ),
            Bad(
                lambda: dl.ops.conv(dl.ones((2, 3, 28, 28)), dl.ones((3, 3, 3, 8))),
                ValueError,
                "channels_first",
            ),
            Bad(
                lambda: dl.ops.conv(dl.ones((2, 28, 28)), dl.ones((3, 3, 1, 8))),
                ValueError,
                r"x\[..., None\]",
            ),
            Bad(
                lambda: dl.ops.conv(dl.ones((2, 2, 2, 1)), dl.ones((3, 3, 1, 8))),
                ValueError,
                "does not fit",
            ),
            Bad(
                lambda: dl.ops.conv(dl.ones((2, 4, 4, 1)), dl.ones((3, 3, 1, 8)), padding="full"),
                ValueError,
                '"full"',
            ),
            Bad(
                lambda: dl.ops.conv(dl.ones((2, 4, 4, 4)), dl.ones((3, 3, 2, 3))),
                ValueError,
                "2 groups",
            ),
            Bad(
                lambda: dl.ops.conv(dl.ones((2, 4, 4, 1)), dl.ones((3, 3, 1, 3)), strides=0),
                ValueError,
                "strides",
            ),
            Bad(
                lambda: dl.ops.conv(
                    dl.ones((2, 4, 4, 1), dtype="uint8"), dl.ones((3, 3, 1, 3), dtype="uint8")
                ),
                TypeError,
                "floating",
            ),
        ],
    ),
    case(
        "conv_same",
        [(2, 5, 7, 3), (3, 2, 3, 5)],
        [(2, 4, 4, 2), (5, 5, 2, 3)],
        kwargs={"padding": "same"},
        empty=[(2, 0, 7, 3), (3, 2, 3, 5)],
        large=[(64, 28, 28, 1), (5, 5, 1, 6)],
    ),
    case(
        "conv_strided",
        (2, 7, 8, 3),
        (3, 2, 3, 2),
        kwargs={"strides": (2, 3)},
        torch=torch_conv((2, 3)),
        large=[(2, 33, 31, 19), (3, 2, 19, 23)],
    ),
    case(
        "conv_strided_same",
        [(2, 7, 6, 3), (3, 3, 3, 2)],
        [(1, 5, 4, 17), (1, 1, 17, 2)],
        kwargs={"strides": 2, "padding": "same"},
        large=[(3, 32, 32, 3), (7, 7, 3, 19)],
    ),
    case(
        "conv_dilated",
        (2, 7, 8, 3),
        (3, 2, 3, 2),
        kwargs={"dilation_rate": (2, 3)},
        torch=torch_conv(dilation=(2, 3)),
        large=[(2, 23, 29, 19), (3, 2, 19, 23)],
    ),
    case(
        "conv_dilated_strided",
        (2, 9, 11, 2),
        (3, 3, 2, 3),
        kwargs={"strides": (2, 3), "dilation_rate": (3, 2), "padding": ((1, 2), (3, 0))},
        large=[(2, 41, 37, 19), (3, 3, 19, 23)],
    ),
    case(
        "conv_even_same",  # an odd number of zeros: the one more comes after
        [(2, 5, 6, 2), (2, 4, 2, 3)],
        [(1, 7, 9, 3), (4, 2, 3, 17)],
        kwargs={"strides": (2, 3), "padding": "same"},
        large=[(2, 33, 31, 19), (4, 2, 19, 23)],
    ),
    case(
        "conv_grouped_dilated_same",
        [(2, 6, 7, 6), (2, 3, 2, 9)],
        [(1, 5, 9, 4), (3, 4, 2, 4)],
        kwargs={"dilation_rate": (2, 3), "padding": "same"},
        large=[(2, 19, 23, 12), (2, 3, 4, 21)],
    ),
    case(
        "conv_grouped_strided_same",
        (2, 6, 7, 6),
        (2, 4, 2, 9),
        kwargs={"strides": 2, "padding": "same"},
        large=[(2, 19, 23, 12), (2, 4, 4, 21)],
    ),
    case(  # few channels: read in place from a frame that ends before the image does
        "conv_few_channels",
        [(2, 9, 11, 3), (3, 4, 3, 5)],
        [(1, 12, 8, 2), (2, 2, 2, 18)],
        kwargs={"strides": (3, 2), "padding": ((1, 0), (2, 0))},
        large=[(3, 71, 230, 3), (7, 7, 3, 33)],
    ),
    case(  # and with more rows of positions than one block of segments holds
        "conv_few_channels_same",
        [(3, 8, 8, 1), (5, 5, 1, 6)],
        [(1, 2, 16, 1), (3, 2, 1, 3)],
        [(2, 5, 41, 1), (2, 7, 1, 7)],
        [(1, 9, 8, 5), (4, 3, 5, 2)],
        kwargs={"padding": "same"},
        large=[(19, 40, 29, 1), (5, 5, 1, 6)],
    ),
    case(
        "conv_padded",
        (2, 5, 6, 2),
        (3, 3, 2, 3),
        kwargs={"padding": ((2, 1), (0, 3))},
        large=[(2, 23, 29, 19), (3, 3, 19, 23)],
    ),
    case(
        "conv_grouped",
        (2, 5, 6, 6),
        (3, 3, 2, 9),
        torch=torch_conv(),
        large=[(3, 19, 23, 12), (3, 3, 4, 21)],
    ),
    case(
        "conv_depthwise",
        [(2, 5, 6, 5), (3, 3, 1, 5)],
        [(2, 5, 6, 19), (3, 2, 1, 19)],
        torch=torch_conv(),
        large=[(3, 33, 31, 37), (3, 3, 1, 37)],
    ),
    case(
        "conv_depthwise_same",
        [(1, 4, 9, 3), (3, 3, 1, 3)],
        [(1, 4, 4, 17), (3, 3, 1, 17)],
        [(1, 3, 5, 3), (2, 5, 1, 3)],
        kwargs={"padding": "same"},
        large=[(3, 13, 31, 37), (5, 5, 1, 37)],
    ),
    case(
        "conv_depthwise_padded",
        [(1, 3, 6, 3), (2, 3, 1, 3)],
        kwargs={"padding": ((0, 1), (2, 5))},
        large=[(3, 13, 31, 37), (3, 3, 1, 37)],
    ),
    case(
        "conv_depthwise_strided",
        (2, 8, 7, 3),
        (3, 2, 1, 3),
        kwargs={"strides": (2, 3), "padding": "same", "dilation_rate": (2, 1)},
        large=[(3, 33, 31, 37), (3, 2, 1, 37)],
    ),
    case(
        "conv_1d",
        (2, 11, 3),
        (4, 3, 5),
        kwargs={"strides": 2, "padding": "same"},
        large=[(5, 301, 19), (4, 19, 23)],
    ),
    case(
        "conv_3d",
        (2, 4, 5, 6, 2),
        (2, 3, 2, 2, 3),
        kwargs={"strides": (2, 1, 2)},
        torch=torch_conv((2, 1, 2)),
        large=[(2, 9, 11, 13, 5), (2, 3, 2, 5, 7)],
    ),
    Case(
        "conv_bias_relu",
        conv_with_bias,
        np_conv,
        shapes=[[(2, 5, 6, 2), (3, 3, 2, 4), (4,)], [(2, 5, 6, 1), (3, 3, 1, 17), (17,)]],
        kwargs={"activation": "relu"},
        takes="floating",
        empty=[(0, 5, 6, 2), (3, 3, 2, 4), (4,)],
        size1=[(1, 1, 1, 1), (1, 1, 1, 1), (1,)],
        large=[(16, 28, 28, 1), (5, 5, 1, 6), (6,)],
        bad=[
            Bad(
                lambda: dl.ops.conv(
                    dl.ones((1, 3, 3, 1)), dl.ones((3, 3, 1, 2)), bias=dl.ones((3,))
                ),
                ValueError,
                "bias",
            )
        ],
    ),
    Case(
        # In place, along rows, depthwise, joined, blocked; large, by Winograd's algorithm.
        "conv_addend",
        conv_with_bias,
        np_conv,
        shapes=[
            [(2, 5, 6, 2), (3, 3, 2, 4), (4,), (2, 5, 6, 4)],
            [(1, 4, 20, 1), (3, 3, 1, 5), (5,), (1, 4, 20, 5)],
            [(1, 4, 9, 3), (3, 3, 1, 3), (3,), (1, 4, 9, 3)],
            [(1, 4, 8, 17), (3, 5, 17, 2), (2,), (1, 4, 8, 2)],
            [(1, 3, 5, 24), (2, 2, 24, 19), (19,), (1, 3, 5, 19)],
        ],
        kwargs={"padding": "same", "activation": "relu"},
        takes="floating",
        empty=[(0, 5, 6, 2), (3, 3, 2, 4), (4,), (0, 5, 6, 4)],
        size1=[(1, 1, 1, 1), (1, 1, 1, 1), (1,), (1, 1, 1, 1)],
        large=[(3, 18, 21, 40), (3, 3, 40, 48), (48,), (3, 18, 21, 48)],
        bad=[
            Bad(
                lambda: dl.ops.conv(
                    dl.ones((1, 3, 3, 1)), dl.ones((3, 3, 1, 2)), addend=dl.ones((2,))
                ),
                ValueError,
                r"addend \(2,\) does not fit: it wants the shape of y, \(1, 1, 1, 2\)",
            )
        ],
    ),
    Case(
        "conv_channels_first",
        channels_first,
        lambda x, k: np.moveaxis(np_conv(np.moveaxis(x, 1, -1), k, padding="same"), -1, 1),
        shapes=[(2, 3, 5, 6), (3, 3, 3, 2)],
        takes="floating",
        empty=[(0, 3, 5, 6), (3, 3, 3, 2)],
        size1=[(1, 1, 1, 1), (1, 1, 1, 1)],
        large=[(2, 19, 23, 29), (3, 3, 19, 23)],
    ),
    Case(
        "depthwise_conv",
        dl.ops.depthwise_conv,
        depthwise_rows,
        shapes=[(2, 5, 6, 3), (3, 3, 3, 2)],
        kwargs={"padding": "same"},
        takes="floating",
        empty=[(0, 5, 6, 3), (3, 3, 3, 2)],
        size1=[(1, 1, 1, 1), (1, 1, 1, 1)],
        large=[(3, 23, 29, 19), (3, 3, 19, 2)],
    ),
    Case(
        "separable_conv",
        dl.ops.separable_conv,
        lambda x, d, p: np_conv(depthwise_rows(x, d), p),
        shapes=[(2, 5, 6, 3), (3, 3, 3, 2), (1, 1, 6, 5)],
        takes="floating",
        empty=[(0, 5, 6, 3), (3, 3, 3, 2), (1, 1, 6, 5)],
        size1=[(1, 1, 1, 1), (1, 1, 1, 1), (1, 1, 1, 1)],
        large=[(3, 23, 29, 19), (3, 3, 19, 2), (1, 1, 38, 5)],
    ),
    transposed(
        "conv_transpose",
        (2, 4, 5, 3),
        (3, 3, 2, 3),
        kwargs={"strides": 2},
        torch=torch_transposed(2, 0),
        bad=[
            Bad(
                lambda: dl.ops.conv_transpose(dl.ones((2, 4, 4, 3)), dl.ones((3, 3, 3))),
                ValueError,
                r"\[conv_transpose\] kernel \(3, 3, 3\) does not fit x \(2, 4, 4, 3\)",
            )
        ],
    ),
    transposed(
        "conv_transpose_same",
        (2, 4, 5, 3),
        (3, 3, 2, 3),
        kwargs={"strides": 2, "padding": "same"},
        torch=torch_transposed(2, 1),
    ),
    transposed(
        "conv_transpose_gaps",
        (2, 3, 4, 3),
        (2, 1, 2, 3),
        kwargs={"strides": (1, 3), "padding": "same"},
    ),
    transposed(
        "conv_transpose_dilated",
        (2, 3, 4, 3),
        (3, 2, 2, 3),
        kwargs={"strides": 1, "dilation_rate": (2, 3), "padding": "same"},
    ),
]
