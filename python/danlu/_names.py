"""Which names exist where. Tables only: nothing is imported here.

`dl.x` is a function of the array API standard, `dl.ops.x` one of `keras.ops`; both are functions of
the compiled core or compositions in `danlu/ops/`, and where the two standards name one function
differently there is one function and an alias here.
"""

SUBMODULES = frozenset(
    """activations backend callbacks config constraints datasets initializers keras layers
    losses metrics models ops optimizers random regularizers saving tree utils""".split()
)

DTYPES = frozenset(
    """bool uint8 uint16 uint32 uint64 int8 int16 int32 int64 float16 bfloat16 float32 float64
    DType""".split()
)

AUTOGRAD = frozenset("grad value_and_grad no_grad custom_gradient stop_gradient".split())

# The names that Keras has at its top, and where they live.
MODELS = {
    "DTypePolicy": "layers.dtypes",
    "Initializer": "initializers",
    "Input": "layers",
    "InputSpec": "layers",
    "KerasTensor": "layers",
    "Layer": "layers",
    "Loss": "losses",
    "Metric": "metrics",
    "Model": "models",
    "Optimizer": "optimizers",
    "Regularizer": "regularizers",
    "Sequential": "models",
}

# array API 2024.12, by family; `name=core_name` where ours is called by the Keras name.
STANDARD_NAMES = """
    abs acos acosh add asin asinh atan atan2 atanh bitwise_and bitwise_invert bitwise_left_shift
    bitwise_or bitwise_right_shift bitwise_xor ceil clip conj copysign cos cosh divide equal exp
    expm1 floor floor_divide greater greater_equal hypot imag isfinite isinf isnan less less_equal
    log log10 log1p log2 logaddexp logical_and logical_not logical_or logical_xor maximum minimum
    multiply negative nextafter not_equal positive pow real reciprocal remainder round sign signbit
    sin sinh sqrt square subtract tan tanh trunc

    all any argmax argmin count_nonzero cumulative_prod cumulative_sum diff max mean min prod
    searchsorted std sum var

    matmul matrix_transpose tensordot vecdot

    broadcast_arrays broadcast_to concat expand_dims flip moveaxis permute_dims repeat reshape roll
    squeeze stack tile unstack

    nonzero take take_along_axis where argsort sort
    unique_all unique_counts unique_inverse unique_values

    arange asarray empty empty_like eye from_dlpack full full_like linspace meshgrid ones ones_like
    tril triu zeros zeros_like

    astype can_cast finfo iinfo isdtype result_type __array_namespace_info__
"""

STANDARD = {
    name: core or name for name, _, core in (word.partition("=") for word in STANDARD_NAMES.split())
}

# keras.ops names of functions whose standard name is another: keras name -> ours. Where arguments
# differ, too, the function is in `ops/keras_arguments.py`.
KERAS_OPS = {
    "absolute": "abs",
    "amax": "max",
    "amin": "min",
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctan2": "atan2",
    "arctanh": "atanh",
    "bitwise_not": "bitwise_invert",
    "conjugate": "conj",
    "fabs": "abs",
    "hard_swish": "hard_silu",
    "mod": "remainder",
    "power": "pow",
    "swish": "silu",
    "transpose": "permute_dims",
    "true_divide": "divide",
}

# What else the core holds, for other parts of the package: no functions of tensors.
RUNTIME = frozenset(
    """DType LearningRate OptimizerStep Recording Tensor Variable Watching build_info device_name
    devices empty_cache grad_enabled isa memory_stats num_threads reset_peak_memory
    set_grad_enabled set_num_threads tensor_from_bytes with_gradient""".split()
)

# The modules below danlu/ops/ that hold compositions: looked through in this order.
OPS_MODULES = (
    "dtypes",
    "elementwise",
    "reduce",
    "linalg",
    "shapes",
    "index",
    "creation",
    "nn",
    "convolution",
    "core",
    "control",
)
