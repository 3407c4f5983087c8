"""One row for every public class that Keras has too: its arguments and the data to try it on.

`Row(name, kwargs, ...)`: kwargs beyond the required ones choose what is not the default. A class
may have several rows. `test_complete.py` fails when a public class has none.
"""

from dataclasses import dataclass, field


@dataclass
class Row:
    """A class of Keras's, how to make it, and what to feed it."""

    name: str
    kwargs: dict = field(default_factory=dict)
    # The shapes of the inputs, batch first; a list of several for layers that merge.
    shape: object = (2, 5)
    kind: str = "normal"
    # In training mode the numbers agree too: false for what draws random numbers.
    training: bool = True
    # Constructor arguments and configuration entries of Keras that danlu does not have.
    without: tuple = ()
    # Arguments that Keras's configuration leaves out; danlu's has them.
    forgotten: tuple = ()
    gradient: bool = True

    def __str__(self):
        values = ",".join(f"{k}={v}" for k, v in self.kwargs.items())
        return f"{self.name}({values})" if values else self.name


ADAPTERS = ("lora_rank", "lora_alpha", "quantization_config")
IMAGES = (2, 7, 8, 3)
FIRST = (2, 3, 7, 8)

LAYERS = [
    Row("Dense", {"units": 3}, without=ADAPTERS),
    Row("Dense", {"units": 3, "activation": "relu"}, shape=(2, 4, 5), without=ADAPTERS),
    Row(
        "Dense",
        {
            "units": 4,
            "activation": "softmax",
            "use_bias": False,
            "kernel_initializer": "he_normal",
            "kernel_regularizer": "l2",
            "kernel_constraint": "max_norm",
            "activity_regularizer": "l1",
        },
        without=ADAPTERS,
    ),
    Row("Dense", {"units": 3, "activation": "gelu", "bias_initializer": "ones"}, without=ADAPTERS),
    Row("Embedding", {"input_dim": 5, "output_dim": 3}, (2, 4), "ids", without=ADAPTERS),
    Row(
        "Embedding",
        {"input_dim": 5, "output_dim": 3, "mask_zero": True, "embeddings_initializer": "zeros"},
        (4,),
        "ids",
        without=ADAPTERS,
    ),
    Row("Activation", {"activation": "tanh"}),
    Row("Activation", {"activation": "softmax"}),
    Row("ReLU"),
    Row("ReLU", {"max_value": 1.0, "negative_slope": 0.2, "threshold": 0.3}, shape=(4, 9)),
    Row("ReLU", {"negative_slope": 0.1}),
    Row("LeakyReLU"),
    Row("LeakyReLU", {"negative_slope": 0.05}),
    Row("ELU"),
    Row("ELU", {"alpha": 0.7}),
    Row("PReLU", shape=(2, 4, 5)),
    Row("PReLU", {"alpha_initializer": "ones", "shared_axes": [1, 2]}, shape=IMAGES),
    Row("Softmax"),
    Row("Softmax", {"axis": 1}, shape=(2, 4, 5)),
    Row("Softmax", {"axis": (1, 2)}, shape=(2, 4, 5)),
    Row("Identity"),
    Row("Flatten", shape=(2, 3, 4)),
    Row("Flatten", shape=(2,)),
    Row("Flatten", {"data_format": "channels_first"}, shape=FIRST),
    Row("Reshape", {"target_shape": (6, 2)}, shape=(2, 3, 4)),
    Row("Reshape", {"target_shape": (-1, 2)}, shape=(2, 3, 4)),
    Row("Permute", {"dims": (2, 1)}, shape=(2, 3, 4)),
    Row("RepeatVector", {"n": 3}),
    Row("Dropout", {"rate": 0.3}, training=False),
    Row("Dropout", {"rate": 0.3, "noise_shape": (None, 1), "seed": 5}, training=False),
    Row("SpatialDropout2D", {"rate": 0.3}, shape=IMAGES, training=False),
    Row("GaussianNoise", {"stddev": 0.3}, training=False),
    Row("GaussianDropout", {"rate": 0.3}, training=False),
    Row("ActivityRegularization", {"l1": 0.1, "l2": 0.2}),
    Row("Conv2D", {"filters": 4, "kernel_size": 3}, shape=IMAGES),
    Row(
        "Conv2D",
        {"filters": 4, "kernel_size": (3, 2), "strides": 2, "padding": "same"},
        shape=IMAGES,
    ),
    Row("Conv2D", {"filters": 2, "kernel_size": 2, "dilation_rate": (2, 3)}, shape=IMAGES),
    Row(
        "Conv2D",
        {"filters": 4, "kernel_size": 3, "groups": 2, "activation": "relu", "use_bias": False},
        shape=(2, 5, 6, 4),
    ),
    Row("Conv2D", {"filters": 4, "kernel_size": 3, "data_format": "channels_first"}, shape=FIRST),
    Row("DepthwiseConv2D", {"kernel_size": 3}, shape=IMAGES),
    Row(
        "DepthwiseConv2D",
        {"kernel_size": 3, "depth_multiplier": 2, "padding": "same", "strides": 2},
        shape=IMAGES,
    ),
    Row("MaxPooling2D", shape=IMAGES),
    Row("MaxPooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, shape=IMAGES),
    Row("MaxPooling2D", {"pool_size": 2, "data_format": "channels_first"}, shape=FIRST),
    Row("AveragePooling2D", {"pool_size": 2}, shape=IMAGES),
    Row("AveragePooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}, shape=IMAGES),
    Row("GlobalAveragePooling2D", shape=IMAGES),
    Row("GlobalAveragePooling2D", {"keepdims": True}, shape=IMAGES),
    Row("GlobalMaxPooling2D", shape=IMAGES),
    Row("GlobalMaxPooling2D", {"data_format": "channels_first"}, shape=FIRST),
    Row("BatchNormalization", shape=(6, 4)),
    Row("BatchNormalization", {"momentum": 0.8, "epsilon": 1e-5, "scale": False}, shape=IMAGES),
    Row("BatchNormalization", {"axis": 1, "center": False}, shape=FIRST),
    Row("LayerNormalization", shape=(3, 6)),
    Row("LayerNormalization", {"axis": [1, 2], "epsilon": 1e-5}, shape=(3, 4, 5)),
    Row("LayerNormalization", {"center": False, "scale": False}, shape=(3, 6)),
    Row("UnitNormalization", shape=(3, 6)),
    Row("ZeroPadding2D", shape=IMAGES),
    Row("ZeroPadding2D", {"padding": ((1, 0), (2, 3))}, shape=IMAGES),
    Row("ZeroPadding2D", {"padding": 2, "data_format": "channels_first"}, shape=FIRST),
    Row("Cropping2D", {"cropping": ((1, 0), (2, 3))}, shape=IMAGES),
    Row("UpSampling2D", {"size": (2, 3)}, shape=IMAGES),
    Row("Add", shape=[(2, 5), (2, 5), (2, 5)]),
    Row("Add", shape=[(2, 3, 5), (2, 5)]),
    Row("Subtract", shape=[(2, 5), (2, 5)]),
    Row("Multiply", shape=[(2, 5), (2, 1)]),
    Row("Average", shape=[(2, 5), (2, 5), (2, 5)]),
    Row("Maximum", shape=[(2, 5), (2, 5)]),
    Row("Minimum", shape=[(2, 5), (2, 5)]),
    Row("Concatenate", shape=[(2, 5), (2, 3)]),
    Row("Concatenate", {"axis": 1}, shape=[(2, 5, 4), (2, 3, 4)]),
    Row("Rescaling", {"scale": 1 / 255, "offset": -0.5}, shape=IMAGES, kind="bytes"),
]
# Made by the base class's tests, or with a function, which the rows cannot hold.
LAYERS_ELSEWHERE = {"Layer", "InputSpec", "Lambda"}

# Where a model begins: not called, so that there are arguments and a configuration to compare.
INPUTS = [
    Row("InputLayer", {"shape": (3,)}),
    Row("InputLayer", {"batch_shape": (None, 4, 2), "dtype": "int32", "name": "tokens"}),
    Row("InputLayer", {"shape": (3,), "batch_size": 5, "optional": True}),
]

# What targets and predictions look like.
REGRESSION, BINARY, SIGNS, ONE_HOT, SPARSE = "regression", "binary", "signs", "one_hot", "sparse"

LOSSES = [
    Row("MeanSquaredError", kind=REGRESSION),
    Row("MeanAbsoluteError", kind=REGRESSION),
    Row("MeanAbsolutePercentageError", kind=REGRESSION),
    Row("MeanSquaredLogarithmicError", kind=REGRESSION),
    Row("CosineSimilarity", kind=REGRESSION),
    Row("CosineSimilarity", {"axis": 0}, kind=REGRESSION, forgotten=("axis",)),
    Row("Huber", kind=REGRESSION),
    Row("Huber", {"delta": 0.3}, kind=REGRESSION, forgotten=("delta",)),
    Row("LogCosh", kind=REGRESSION),
    Row("Hinge", kind=SIGNS),
    Row("Hinge", kind=BINARY),
    Row("SquaredHinge", kind=SIGNS),
    Row("CategoricalHinge", kind=ONE_HOT),
    Row("KLDivergence", kind=ONE_HOT),
    Row("Poisson", kind=BINARY),
    Row("BinaryCrossentropy", kind=BINARY),
    Row("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, kind=BINARY),
    Row("BinaryFocalCrossentropy", kind=BINARY),
    Row(
        "BinaryFocalCrossentropy",
        {"apply_class_balancing": True, "gamma": 1.5, "from_logits": True},
        kind=BINARY,
    ),
    Row("CategoricalCrossentropy", kind=ONE_HOT),
    Row("CategoricalCrossentropy", {"label_smoothing": 0.1}, kind=ONE_HOT),
    Row("CategoricalCrossentropy", {"from_logits": True}, kind=ONE_HOT),
    Row("CategoricalFocalCrossentropy", kind=ONE_HOT),
    Row(
        "CategoricalFocalCrossentropy",
        {"from_logits": True, "label_smoothing": 0.2, "gamma": 1.0},
        kind=ONE_HOT,
    ),
    Row("SparseCategoricalCrossentropy", kind=SPARSE),
    Row("SparseCategoricalCrossentropy", {"from_logits": True}, kind=SPARSE),
    Row("SparseCategoricalCrossentropy", {"ignore_class": 2}, kind=SPARSE),
    Row("Dice", kind=BINARY),
    Row("Tversky", {"alpha": 0.3, "beta": 0.7}, kind=BINARY),
]
LOSSES_ELSEWHERE = {"Loss"}

METRICS = [
    Row("Mean"),
    Row("Sum"),
    Row("Accuracy", kind=BINARY),
    Row("BinaryAccuracy", kind=BINARY),
    Row("BinaryAccuracy", {"threshold": 0.3}, kind=BINARY),
    Row("CategoricalAccuracy", kind=ONE_HOT),
    Row("SparseCategoricalAccuracy", kind=SPARSE),
    Row("TopKCategoricalAccuracy", {"k": 2}, kind=ONE_HOT),
    Row("SparseTopKCategoricalAccuracy", {"k": 2}, kind=SPARSE),
    Row("MeanSquaredError", kind=REGRESSION),
    Row("RootMeanSquaredError", kind=REGRESSION),
    Row("MeanAbsoluteError", kind=REGRESSION),
    Row("MeanAbsolutePercentageError", kind=REGRESSION),
    Row("MeanSquaredLogarithmicError", kind=REGRESSION),
    Row("LogCoshError", kind=REGRESSION),
    Row("CosineSimilarity", kind=REGRESSION),
    Row("CosineSimilarity", {"axis": 1}, kind=REGRESSION, forgotten=("axis",)),
    Row("Hinge", kind=SIGNS),
    Row("SquaredHinge", kind=SIGNS),
    Row("CategoricalHinge", kind=ONE_HOT),
    Row("KLDivergence", kind=ONE_HOT),
    Row("Poisson", kind=BINARY),
    Row("BinaryCrossentropy", kind=BINARY),
    Row("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, kind=BINARY),
    Row("CategoricalCrossentropy", kind=ONE_HOT),
    Row("CategoricalCrossentropy", {"from_logits": True}, kind=ONE_HOT),
    Row("SparseCategoricalCrossentropy", kind=SPARSE),
    Row("SparseCategoricalCrossentropy", {"ignore_class": 1}, kind=SPARSE),
]
METRICS += [
    Row(name, kwargs, kind=BINARY)
    for name in ("Precision", "Recall")
    for kwargs in ({}, {"thresholds": [0.1, 0.3]}, {"top_k": 2}, {"class_id": 1})
]
METRICS += [
    Row(name, kwargs, kind=BINARY)
    for name in ("TruePositives", "TrueNegatives", "FalsePositives", "FalseNegatives")
    for kwargs in ({}, {"thresholds": [0.1, 0.3]})
]
METRICS += [
    Row("F1Score", kind=ONE_HOT),
    Row("F1Score", {"average": "macro", "threshold": 0.3}, kind=ONE_HOT),
    Row("FBetaScore", {"average": "weighted", "beta": 2.0}, kind=ONE_HOT),
    Row("FBetaScore", {"average": "micro"}, kind=ONE_HOT),
]
# The functions behind the metrics that are no losses: one value a sample.
ACCURACIES = [
    Row("binary_accuracy", kind=BINARY),
    Row("binary_accuracy", {"threshold": 0.3}, kind=BINARY),
    Row("categorical_accuracy", kind=ONE_HOT),
    Row("sparse_categorical_accuracy", kind=SPARSE),
    Row("top_k_categorical_accuracy", {"k": 2}, kind=ONE_HOT),
    Row("sparse_top_k_categorical_accuracy", {"k": 2}, kind=SPARSE),
]
METRICS_ELSEWHERE = {"Metric", "MeanMetricWrapper"}

CLIPPED = {"clipnorm": 0.5, "weight_decay": 0.01}
OPTIMIZERS = [
    Row("SGD"),
    Row("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
    Row("SGD", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    Row("SGD", {"learning_rate": 0.1, "clipvalue": 0.3}),
    Row("SGD", {"learning_rate": 0.1, "global_clipnorm": 0.7}),
    Row("SGD", {"learning_rate": 0.1, "gradient_accumulation_steps": 2}),
    Row("SGD", {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.9}),
    Row("RMSprop"),
    Row("RMSprop", {"rho": 0.8, "momentum": 0.5, "centered": True, **CLIPPED}),
    Row("Adagrad"),
    Row("Adagrad", {"learning_rate": 0.1, "initial_accumulator_value": 0.2, **CLIPPED}),
    Row("Adam"),
    Row("Adam", {"learning_rate": 0.1, "beta_1": 0.8, "amsgrad": True, **CLIPPED}),
    Row("AdamW"),
    Row("AdamW", {"learning_rate": 0.1, "weight_decay": 0.1, "clipvalue": 0.2}),
    Row("Adadelta"),
    Row("Adamax"),
    Row("Nadam"),
    Row("Lion"),
]
OPTIMIZERS_ELSEWHERE = {"Optimizer"}

SCHEDULES = [
    Row("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.9}),
    Row(
        "ExponentialDecay",
        {
            "initial_learning_rate": 0.1,
            "decay_steps": 7,
            "decay_rate": 0.9,
            "staircase": True,
        },
    ),
    Row("PiecewiseConstantDecay", {"boundaries": [4, 9], "values": [1.0, 0.5, 0.1]}),
    Row("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "alpha": 0.05}),
    Row(
        "CosineDecay",
        {
            "initial_learning_rate": 0.0,
            "decay_steps": 10,
            "warmup_target": 0.2,
            "warmup_steps": 4,
        },
    ),
    Row("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 5}),
    Row("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.5}),
    Row("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 9, "power": 2.0}),
]
SCHEDULES_ELSEWHERE = {"LearningRateSchedule"}

# kind: "exact" for those that draw nothing, else how the numbers are distributed.
INITIALIZERS = [
    Row("Zeros", kind="exact"),
    Row("Ones", kind="exact"),
    Row("Constant", {"value": 0.3}, kind="exact"),
    Row("Identity", {"gain": 2.0}, kind="square", forgotten=("gain",)),
    Row("RandomNormal", {"mean": 0.5, "stddev": 0.2}, kind="random"),
    Row("RandomUniform", {"minval": -0.1, "maxval": 0.3}, kind="random"),
    Row("TruncatedNormal", {"stddev": 0.2}, kind="random"),
    Row("VarianceScaling", {"scale": 0.5, "mode": "fan_avg"}, kind="random"),
    Row(
        "VarianceScaling",
        {"mode": "fan_out", "distribution": "untruncated_normal"},
        kind="random",
    ),
    Row("GlorotUniform", kind="random"),
    Row("GlorotNormal", kind="random"),
    Row("HeUniform", kind="random"),
    Row("HeNormal", kind="random"),
    Row("LecunUniform", kind="random"),
    Row("LecunNormal", kind="random"),
    Row("Orthogonal", {"gain": 1.5}, kind="orthogonal"),
]
INITIALIZERS_ELSEWHERE = {"Initializer"}

REGULARIZERS = [
    Row("L1"),
    Row("L2", {"l2": 0.3}),
    Row("L1L2", {"l1": 0.1, "l2": 0.2}),
    Row("OrthogonalRegularizer", {"factor": 0.2}, shape=(4, 6)),
    Row("OrthogonalRegularizer", {"mode": "columns"}, shape=(4, 6)),
]
REGULARIZERS_ELSEWHERE = {"Regularizer"}

CONSTRAINTS = [
    Row("MaxNorm", {"max_value": 1.0}),
    Row("MaxNorm", {"max_value": 1.0, "axis": 1}),
    Row("NonNeg"),
    Row("UnitNorm"),
    Row("MinMaxNorm", {"min_value": 0.5, "max_value": 0.8, "rate": 0.7}),
]
CONSTRAINTS_ELSEWHERE = {"Constraint"}

ACTIVATIONS = [
    Row("celu", {"alpha": 0.7}),
    Row("elu", {"alpha": 0.7}),
    Row("exponential"),
    Row("gelu"),
    Row("gelu", {"approximate": True}),
    Row("glu", shape=(3, 6)),
    Row("hard_shrink", {"threshold": 0.3}),
    Row("hard_sigmoid"),
    Row("hard_silu"),
    Row("hard_swish"),
    Row("hard_tanh"),
    Row("leaky_relu"),
    Row("linear"),
    Row("log_sigmoid"),
    Row("log_softmax"),
    Row("mish"),
    Row("relu"),
    Row("relu", {"negative_slope": 0.1, "max_value": 0.9, "threshold": 0.2}),
    Row("relu6"),
    Row("selu"),
    Row("sigmoid"),
    Row("silu"),
    Row("soft_shrink"),
    Row("softmax"),
    Row("softmax", {"axis": 0}),
    Row("softplus"),
    Row("softsign"),
    Row("sparse_plus"),
    Row("sparse_sigmoid"),
    Row("squareplus"),
    Row("swish"),
    Row("tanh"),
    Row("tanh_shrink"),
    Row("threshold", {"threshold": 0.3, "default_value": -1.0}),
]
# sparsemax: Keras 3.15 adds up cumulative sums, so what it returns does not sum to 1; the op table
# has the definition.
ACTIVATIONS_ELSEWHERE = {"get", "serialize", "deserialize", "sparsemax"}
