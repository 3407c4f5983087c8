"""Layers by Keras's names, loaded on first use: `dl.layers.Dense(10)`."""

from .._lazy import attach

# Where each name lives.
_MODULES = {
    "Layer": "layer",
    "Input": "input",
    "InputLayer": "input",
    "InputSpec": "input_spec",
    "KerasTensor": "keras_tensor",
    # serialization
    "deserialize": "serialization",
    "serialize": "serialization",
    # core
    "Dense": "core",
    "Embedding": "core",
    "Identity": "core",
    "Lambda": "core",
    # activation
    "Activation": "activation",
    "ELU": "activation",
    "LeakyReLU": "activation",
    "PReLU": "activation",
    "ReLU": "activation",
    "Softmax": "activation",
    # convolutional
    "Conv2D": "convolutional",
    "Convolution2D": "convolutional",
    "DepthwiseConv2D": "convolutional",
    # pooling
    "AveragePooling2D": "pooling",
    "AvgPool2D": "pooling",
    "GlobalAveragePooling2D": "pooling",
    "GlobalAvgPool2D": "pooling",
    "GlobalMaxPool2D": "pooling",
    "GlobalMaxPooling2D": "pooling",
    "MaxPool2D": "pooling",
    "MaxPooling2D": "pooling",
    # normalization
    "BatchNormalization": "normalization",
    "LayerNormalization": "normalization",
    "UnitNormalization": "normalization",
    # regularization
    "ActivityRegularization": "regularization",
    "Dropout": "regularization",
    "GaussianDropout": "regularization",
    "GaussianNoise": "regularization",
    "SpatialDropout2D": "regularization",
    # reshaping
    "Cropping2D": "reshaping",
    "Flatten": "reshaping",
    "Permute": "reshaping",
    "RepeatVector": "reshaping",
    "Reshape": "reshaping",
    "UpSampling2D": "reshaping",
    "ZeroPadding2D": "reshaping",
    # merging
    "Add": "merging",
    "Average": "merging",
    "Concatenate": "merging",
    "Maximum": "merging",
    "Minimum": "merging",
    "Multiply": "merging",
    "Subtract": "merging",
    "add": "merging",
    "average": "merging",
    "concatenate": "merging",
    "maximum": "merging",
    "minimum": "merging",
    "multiply": "merging",
    "subtract": "merging",
    # preprocessing
    "Rescaling": "preprocessing",
}

__getattr__, __dir__ = attach(__name__, _MODULES)
