"""Elementwise functions, comparisons, casts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from op_harness import Bad, Case, binary, elementwise

import danlu as dl
from danlu import ops

erf = np.vectorize(math.erf, otypes=["float64"])
erfc = np.vectorize(math.erfc, otypes=["float64"])


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def unary(
    name: str, ref: Any, domain: Any = (-2.0, 2.0), function: Any = None, **options: Any
) -> Case:
    if function is None:
        function = getattr(dl, name) if name in dl.__dir__() else getattr(ops, name)
    return elementwise(name, function, ref, domain=domain, **options)


def away(step: float, low: float, high: float) -> Any:
    """Arguments that lie no nearer than 0.05 to a multiple of `step`, where the function breaks."""

    def inputs(rng: Any, shapes: Any) -> list[Any]:
        arrays = []
        for shape in shapes:
            cell = rng.integers(round(low / step), round(high / step), shape)
            arrays.append(np.asarray((cell + rng.uniform(0.05, 0.95, shape)) * step))
        return arrays

    return inputs


def apart(rng: Any, shapes: Any) -> list[Any]:
    """Two arguments that differ by at least 0.1."""
    a = rng.uniform(-2, 2, shapes[0])
    b = rng.uniform(-2, 2, shapes[1])
    return [a, b + 5 * np.where(rng.uniform(size=shapes[1]) < 0.5, 1, -1)]


def fractions(rng: Any, shapes: Any) -> list[Any]:
    """Numbers that are no integers, and 1 or -1 to divide them by."""
    a = rng.uniform(0.1, 0.9, shapes[0]) + rng.integers(-5, 5, shapes[0])
    return [np.asarray(a), np.asarray(rng.choice([-1.0, 1.0], shapes[1]))]


def with_infinities(rng: Any, shapes: Any) -> list[Any]:
    return [np.asarray(rng.choice([-np.inf, -1.0, 2.0, np.inf, np.nan], s)) for s in shapes]


def nearly_equal(rng: Any, shapes: Any) -> list[Any]:
    """Multiples of 1/4, and the same with a half of the relative tolerance, or a hundred of it."""
    a, b = (rng.integers(-2, 3, s) / 4 for s in shapes)
    return [a, b * (1 + rng.choice([5e-6, 1e-3], shapes[1]))]


def integers(low: int, high: int, dtype: str = "int64") -> Any:
    return lambda rng, shapes: [rng.integers(low, high, shape).astype(dtype) for shape in shapes]


def torch_of(name: str) -> Any:
    return lambda torch, *x: getattr(torch, name)(*x)


def functional(name: str, **arguments: Any) -> Any:
    return lambda torch, x: getattr(torch.nn.functional, name)(x, **arguments)


ARITHMETIC = [
    unary("negative", np.negative, torch=torch_of("neg"), takes="numbers"),
    unary("positive", np.positive),
    unary("abs", np.abs, inputs=away(1.0, -3, 3), torch=torch_of("abs"), takes="numbers"),
    unary("sign", np.sign, inputs=away(1.0, -3, 3), takes="numbers"),
    unary("square", np.square, torch=torch_of("square"), takes="numbers"),
    unary("reciprocal", np.reciprocal, (0.5, 2.0), torch=torch_of("reciprocal")),
    unary("floor", np.floor, inputs=away(1.0, -3, 3)),
    unary("ceil", np.ceil, inputs=away(1.0, -3, 3)),
    unary("trunc", np.trunc, inputs=away(1.0, -3, 3)),
    unary("round", np.round, inputs=away(0.5, -3, 3)),
    unary("sqrt", np.sqrt, (0.2, 4.0), torch=torch_of("sqrt")),
    unary("rsqrt", lambda x: 1 / np.sqrt(x), (0.5, 4.0), torch=torch_of("rsqrt")),
    unary("cbrt", np.cbrt, (0.3, 4.0)),
    binary("add", dl.add, np.add, torch=torch_of("add"), bad=[
        Bad(lambda: dl.zeros((2, 3)) + dl.zeros((4,)), ValueError, r"\[add\].*\(2, 3\).*\(4")]),
    binary("subtract", dl.subtract, np.subtract, torch=torch_of("sub"), bad=[
        Bad(lambda: dl.asarray([True]) - dl.asarray([True]), TypeError,
            r"\[subtract\] wants numbers, got bool")], takes="numbers"),
    binary("multiply", dl.multiply, np.multiply, torch=torch_of("mul")),
    binary("divide", dl.divide, np.divide, domain=[(-2, 2), (0.5, 2)],
           torch=torch_of("div")),
    binary("floor_divide", dl.floor_divide, np.floor_divide,
           inputs=fractions, takes="numbers"),
    binary("remainder", dl.remainder, np.remainder, inputs=fractions, takes="numbers",
           torch=torch_of("remainder")),
    binary("pow", dl.pow, np.power, domain=[(0.5, 2), (-2, 2)], torch=torch_of("pow"),
           takes="numbers"),
    binary("maximum", dl.maximum, np.maximum, inputs=apart, torch=torch_of("maximum")),
    binary("minimum", dl.minimum, np.minimum, inputs=apart, torch=torch_of("minimum")),
    binary("atan2", dl.atan2, np.arctan2, domain=(0.3, 2), torch=torch_of("atan2")),
    binary("hypot", dl.hypot, np.hypot, domain=(0.3, 2), torch=torch_of("hypot")),
    binary("copysign", dl.copysign, np.copysign, inputs=away(1.0, -3, 3)),
    binary("logaddexp", dl.logaddexp, np.logaddexp, torch=torch_of("logaddexp")),
    binary("logaddexp2", ops.logaddexp2, np.logaddexp2, torch=torch_of("logaddexp2")),
    binary("nextafter", dl.nextafter, np.nextafter, dtypes=("float64",), differentiable=()),
    binary("fmod", ops.fmod, np.fmod, inputs=fractions, takes="numbers", torch=torch_of("fmod")),
    binary("fmax", ops.fmax, np.fmax, inputs=apart, torch=torch_of("fmax")),
    binary("fmin", ops.fmin, np.fmin, inputs=apart, torch=torch_of("fmin")),
    binary("heaviside", ops.heaviside, np.heaviside, inputs=away(1.0, -3, 3)),
    unary("round_decimals", lambda x: np.round(x, 1), function=lambda x: ops.round(x, 1),
          inputs=away(0.05, -3, 3)),
    unary("angle", np.angle, inputs=away(1.0, -3, 3)),
    unary("real", np.real),
    unary("imag", np.imag),
    unary("conj", np.conj),
    binary("ldexp", ops.ldexp, np.ldexp,
           inputs=lambda rng, shapes: [rng.uniform(-2, 2, shapes[0]),
                                       rng.integers(-3, 4, shapes[1])],
           bad=(Bad(lambda: ops.ldexp(1.0, 0.5), TypeError, r"\[ldexp\] .* integers"),)),
    binary("divide_no_nan", ops.divide_no_nan, np.divide, domain=[(-2, 2), (0.5, 2)]),
]  # fmt: skip

EXPONENTIAL = [
    unary("exp", np.exp, torch=torch_of("exp")),
    unary("exp2", np.exp2, torch=torch_of("exp2")),
    unary("expm1", np.expm1, torch=torch_of("expm1")),
    unary("log", np.log, (0.3, 4.0), torch=torch_of("log")),
    unary("log2", np.log2, (0.3, 4.0), torch=torch_of("log2")),
    unary("log10", np.log10, (0.3, 4.0), torch=torch_of("log10")),
    unary("log1p", np.log1p, (-0.6, 4.0), torch=torch_of("log1p")),
    unary("sin", np.sin, (-9.0, 9.0), torch=torch_of("sin")),
    unary("cos", np.cos, (-9.0, 9.0), torch=torch_of("cos")),
    unary("tan", np.tan, (-1.2, 1.2), torch=torch_of("tan")),
    unary("asin", np.arcsin, (-0.8, 0.8), torch=torch_of("asin")),
    unary("acos", np.arccos, (-0.8, 0.8), torch=torch_of("acos")),
    unary("atan", np.arctan, torch=torch_of("atan")),
    unary("sinh", np.sinh, torch=torch_of("sinh")),
    unary("cosh", np.cosh, torch=torch_of("cosh")),
    unary("tanh", np.tanh, torch=torch_of("tanh")),
    unary("asinh", np.arcsinh, torch=torch_of("asinh")),
    unary("acosh", np.arccosh, (1.3, 4.0), torch=torch_of("acosh")),
    unary("atanh", np.arctanh, (-0.8, 0.8), torch=torch_of("atanh")),
    unary("erf", erf, torch=torch_of("erf")),
    unary("erfc", erfc, torch=torch_of("erfc")),
    elementwise("erfinv", ops.erfinv, None, domain=(-0.9, 0.9), torch=torch_of("erfinv")),
    unary("sinc", np.sinc, (0.2, 2.0), torch=torch_of("sinc")),
    unary(
        "sinc_near_zero",
        np.sinc,
        function=ops.sinc,
        inputs=lambda rng, shapes: [rng.integers(-4, 5, shapes[0]) * 0.01],
    ),
    unary("rad2deg", np.rad2deg, torch=torch_of("rad2deg")),
    unary("deg2rad", np.deg2rad, torch=torch_of("deg2rad")),
]

ACTIVATIONS = [
    unary("relu", lambda x: np.maximum(x, 0), inputs=away(1.0, -3, 3), torch=torch_of("relu"),
          takes="numbers"),
    unary("relu6", lambda x: np.clip(x, 0, 6), inputs=away(1.0, -3, 9), torch=functional("relu6"),
          takes="numbers"),
    unary("sigmoid", sigmoid, torch=torch_of("sigmoid")),
    unary("log_sigmoid", lambda x: np.log(sigmoid(x)), torch=functional("logsigmoid")),
    unary("hard_sigmoid", lambda x: np.clip(x / 6 + 0.5, 0, 1), inputs=away(1.0, -5, 5)),
    unary("hard_silu", lambda x: x * np.clip(x / 6 + 0.5, 0, 1), inputs=away(1.0, -5, 5),
          torch=functional("hardswish")),
    unary("hard_tanh", lambda x: np.clip(x, -1, 1), inputs=away(1.0, -3, 3),
          torch=functional("hardtanh")),
    unary("silu", lambda x: x * sigmoid(x), torch=functional("silu")),
    unary("softplus", lambda x: np.log1p(np.exp(x)), torch=functional("softplus")),
    unary("softsign", lambda x: x / (1 + np.abs(x)), inputs=away(1.0, -3, 3),
          torch=functional("softsign")),
    unary("selu",
          lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x)),
          inputs=away(1.0, -3, 3), torch=functional("selu")),
    unary("sparse_plus", lambda x: np.where(x <= -1, 0, np.where(x >= 1, x, (x + 1) ** 2 / 4)),
          inputs=away(1.0, -3, 3)),
    elementwise("gelu_exact", ops.gelu, lambda x, approximate: x * (1 + erf(x / np.sqrt(2))) / 2,
                kwargs={"approximate": False}, torch=functional("gelu")),
    elementwise("gelu_tanh", ops.gelu,
                lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
                torch=functional("gelu", approximate="tanh")),
    elementwise("elu", ops.elu, lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(x)),
                kwargs={"alpha": 1.3}, inputs=away(1.0, -3, 3),
                torch=functional("elu", alpha=1.3)),
    elementwise("celu", ops.celu, lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(x / alpha)),
                kwargs={"alpha": 1.3}, inputs=away(1.0, -3, 3)),
    elementwise("leaky_relu", ops.leaky_relu,
                lambda x, negative_slope: np.where(x > 0, x, negative_slope * x),
                kwargs={"negative_slope": 0.3}, inputs=away(1.0, -3, 3),
                torch=functional("leaky_relu", negative_slope=0.3)),
    elementwise("soft_shrink", ops.soft_shrink,
                lambda x: np.where(np.abs(x) > 0.5, x - 0.5 * np.sign(x), 0),
                inputs=away(0.5, -3, 3), torch=functional("softshrink")),
    elementwise("hard_shrink", ops.hard_shrink, lambda x: np.where(np.abs(x) > 0.5, x, 0),
                inputs=away(0.5, -3, 3), torch=functional("hardshrink")),
    elementwise("squareplus", ops.squareplus, lambda x, b: (x + np.sqrt(x * x + b)) / 2,
                kwargs={"b": 3.0}),
]  # fmt: skip

LOGIC = [
    binary("equal", dl.equal, np.equal, inputs=integers(0, 3), differentiable=()),
    binary("not_equal", dl.not_equal, np.not_equal, inputs=integers(0, 3), differentiable=()),
    binary("less", dl.less, np.less, differentiable=()),
    binary("less_equal", dl.less_equal, np.less_equal, inputs=integers(0, 3), differentiable=()),
    binary("greater", dl.greater, np.greater, differentiable=()),
    binary("greater_equal", dl.greater_equal, np.greater_equal, inputs=integers(0, 3),
           differentiable=()),
    binary("logical_and", dl.logical_and, np.logical_and, inputs=integers(0, 2), differentiable=()),
    binary("logical_or", dl.logical_or, np.logical_or, inputs=integers(0, 2), differentiable=()),
    binary("logical_xor", dl.logical_xor, np.logical_xor, inputs=integers(0, 2), differentiable=()),
    elementwise("logical_not", dl.logical_not, np.logical_not, inputs=integers(0, 2),
                differentiable=()),
    binary("bitwise_and", dl.bitwise_and, np.bitwise_and, inputs=integers(-99, 99),
           differentiable=(), bad=[Bad(lambda: dl.asarray([1.5]) & dl.asarray([1.5]), TypeError,
                                       r"\[bitwise_and\] wants integers or booleans")]),
    binary("gcd", ops.gcd, np.gcd, inputs=integers(-60, 60), differentiable=()),
    binary("lcm", ops.lcm, np.lcm, inputs=integers(-60, 60), differentiable=()),
    binary("bitwise_or", dl.bitwise_or, np.bitwise_or, inputs=integers(-99, 99), differentiable=()),
    binary("bitwise_xor", dl.bitwise_xor, np.bitwise_xor, inputs=integers(-99, 99),
           differentiable=()),
    elementwise("bitwise_invert", dl.bitwise_invert, np.bitwise_not, inputs=integers(-99, 99),
                differentiable=()),
    binary("bitwise_left_shift", dl.bitwise_left_shift, np.left_shift, inputs=integers(0, 20),
           differentiable=()),
    binary("bitwise_right_shift", dl.bitwise_right_shift, np.right_shift, inputs=integers(0, 20),
           differentiable=()),
    unary("isfinite", np.isfinite, inputs=with_infinities, differentiable=()),
    unary("isposinf", np.isposinf, inputs=with_infinities, differentiable=()),
    unary("isneginf", np.isneginf, inputs=with_infinities, differentiable=()),
    unary("isreal", np.isreal, differentiable=()),
    unary("isinf", np.isinf, inputs=with_infinities, differentiable=()),
    unary("isnan", np.isnan, inputs=with_infinities, differentiable=()),
    unary("signbit", np.signbit, differentiable=()),
    binary("isclose", ops.isclose, np.isclose, inputs=nearly_equal, differentiable=()),
    binary("allclose", ops.allclose, np.allclose, inputs=nearly_equal, differentiable=()),
]  # fmt: skip

OTHER = [
    Case(
        "where",
        dl.where,
        np.where,
        shapes=[[(2, 3, 5), (2, 3, 5), (5,)], [(5,), (), (2, 3, 5)], [(), (3, 1), (7,)]],
        inputs=lambda rng, shapes: [
            rng.uniform(size=shapes[0]) < 0.5,
            rng.uniform(-2, 2, shapes[1]),
            rng.uniform(-2, 2, shapes[2]),
        ],
        empty=[(0, 3), (3,), ()],
        size1=[(1,), (1, 1), ()],
        large=[(3, 45007), (45007,), ()],
        torch=lambda torch, c, a, b: torch.where(c, a, b),
    ),
    elementwise(
        "clip",
        dl.clip,
        lambda x, **limits: np.clip(x, -1, 1),
        inputs=away(1.0, -3, 3),
        kwargs={"min": -1, "max": 1},
        torch=lambda torch, x: torch.clamp(x, -1, 1),
    ),
    elementwise(
        "astype",
        lambda x: dl.astype(dl.astype(x, "float64"), ops.dtype(x)),
        lambda x: x,
    ),
    elementwise(
        "cast",
        lambda x: ops.cast(x, "float32"),
        lambda x: x.astype("int32"),
        inputs=integers(-99, 99),
    ),
    elementwise(
        "saturate_cast",
        lambda x: ops.saturate_cast(x, "uint8"),
        lambda x: np.clip(x, 0, 255).astype("uint8"),
        domain=(-300, 600),
        differentiable=(),
    ),
    elementwise("nan_to_num", ops.nan_to_num, np.nan_to_num),
    elementwise(
        "nan_to_num_values",
        ops.nan_to_num,
        np.nan_to_num,
        inputs=with_infinities,
        kwargs={"nan": 1.5, "posinf": 7.0, "neginf": -8.0},
    ),
    Case(
        "select",
        lambda c, d, a, b: ops.select([c, d], [a, b], 0.5),
        lambda c, d, a, b: np.select([c, d], [a, b], 0.5),
        shapes=[(2, 3, 5)] * 4,
        inputs=lambda rng, shapes: [
            *(rng.uniform(size=s) < 0.5 for s in shapes[:2]),
            *(rng.uniform(-2, 2, s) for s in shapes[2:]),
        ],
        empty=[(0, 3)] * 4,
        size1=[(1,)] * 4,
        large=[(3, 45007)] * 4,
        bad=[Bad(lambda: ops.select([dl.asarray(True)], [1.0, 2.0]), ValueError, "1 conditions")],
    ),
]

CASES: list[Case] = [*ARITHMETIC, *EXPONENTIAL, *ACTIVATIONS, *LOGIC, *OTHER]
