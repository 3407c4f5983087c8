"""Names of Keras and TensorFlow that danlu lacks: what to use instead, or that it is not there yet.

Loaded when a name was not found, never before. There are no aliases for TensorFlow's functions: the
answer names the function of the array API standard or of `keras.ops` that does the same.
"""

from __future__ import annotations

import sys

# By module, "" for danlu itself.
INSTEAD = {
    "": {
        "GradientTape": "use loss.backward() or dl.value_and_grad",
        "Module": "use dl.Model or dl.layers.Layer",
        "Session": "operations run at once: leave it out",
        "array": "use dl.asarray",
        "assert_equal": "use an assert of Python",
        "bitcast": "use x.numpy().view(...)",
        "boolean_mask": "use x[mask]",
        "clip_by_value": "use dl.clip",
        "compat": "danlu has the names of Keras 3",
        "constant": "use dl.asarray",
        "constant_initializer": "use dl.initializers.Constant",
        "data": "fit takes arrays, generators and dl.utils.PyDataset",
        "device": "use x.to_device or the argument device=",
        "disable_eager_execution": "operations run at once: leave it out",
        "dtypes": "dtypes are dl.float32 and so on",
        "enable_eager_execution": "operations run at once: leave it out",
        "executing_eagerly": "operations run at once: leave it out",
        "fill": "use dl.full",
        "function": "functions run as they are: leave the decorator out",
        "gather": "use dl.take",
        "global_variables_initializer": "Variables have their values at once: leave it out",
        "gradients": "use dl.grad",
        "io": "model.save and dl.saving.save_weights write files",
        "linalg": "dl.matmul and dl.tensordot are at the top",
        "math": "its functions are at the top and in dl.ops, such as dl.exp",
        "nn": "its functions are in dl.ops, such as dl.ops.softmax",
        "placeholder": "use dl.Input",
        "print": "use Python's print",
        "random_normal_initializer": "use dl.initializers.RandomNormal",
        "range": "use dl.arange",
        "reduce_all": "use dl.all",
        "reduce_any": "use dl.any",
        "reduce_max": "use dl.max",
        "reduce_mean": "use dl.mean",
        "reduce_min": "use dl.min",
        "reduce_prod": "use dl.prod",
        "reduce_std": "use dl.std",
        "reduce_sum": "use dl.sum",
        "reduce_variance": "use dl.var",
        "reverse": "use dl.flip",
        "rank": "use x.ndim",
        "saved_model": "use model.save",
        "set_random_seed": "use dl.utils.set_random_seed",
        "summary": "use dl.callbacks.CSVLogger",
        "test": "use pytest",
        "train": "use dl.optimizers, and model.save",
        "transpose": "use dl.permute_dims or dl.ops.transpose",
        "truncated_normal_initializer": "use dl.initializers.TruncatedNormal",
        "version": "use dl.__version__",
        "zeros_initializer": "use dl.initializers.Zeros",
        "mixed_precision": "use dl.config.set_dtype_policy",
        "dtype_policies": "use dl.DTypePolicy",
        "size": "use x.size",
        "shape": "use x.shape",
    },
    "layers": {
        "Dot": "use dl.ops.einsum",
        "dot": "use dl.ops.einsum",
        "SeparableConv2D": "use DepthwiseConv2D, then Conv2D of kernel_size 1",
        "SeparableConvolution2D": "use DepthwiseConv2D, then Conv2D of kernel_size 1",
        "ThresholdedReLU": "use ReLU(threshold=...)",
    },
    "random": {"set_seed": "use dl.utils.set_random_seed"},
    "utils": {
        "get_file": "download it yourself; dl.datasets has data sets",
        "plot_model": "use model.summary",
    },
    "backend": {"clip": "use dl.clip", "sum": "use dl.sum", "mean": "use dl.mean"},
}

# By module: names, or patterns of names, of Keras and TensorFlow.
NOT_YET = {
    "": "FloatDTypePolicy Function Operation Quantizer applications audio distillation "
    "distribution export feature_column image legacy lite name_scope preprocessing profiler "
    "quantizers ragged remat sets signal sparse strings tensorboard tpu visualization while_loop "
    "wrappers",
    "layers": "Adaptive* *Attention AlphaDropout AugMix AutoContrast Bidirectional "
    "CategoryEncoding CenterCrop *1D *3D *Transpose *1DTranspose *3DTranspose ConvLSTM2D CutMix "
    "Discretization EinsumDense Equalization GRU GRUCell CuDNN* GroupNormalization Hash* LSTM "
    "LSTMCell LocallyConnected2D Masking MelSpectrogram MixUp Normalization *Lookup Pipeline "
    "RMSNormalization RNN Rand* Resizing ReversibleEmbedding STFTSpectrogram SimpleRNN "
    "SimpleRNNCell Solarization SpectralNormalization StackedRNNCells TextVectorization "
    "TimeDistributed Wrapper Flax* Jax* TFSMLayer TorchModuleWrapper MaxNumBoundingBoxes "
    "ContrastLimitedAdaptiveHistogramEqualization",
    "metrics": "AUC *IoU ConcordanceCorrelation PearsonCorrelation *_correlation PrecisionAtRecall "
    "R2Score RecallAtPrecision SensitivityAtSpecificity SpecificityAtSensitivity",
    "callbacks": "BackupAndRestore OrbaxCheckpoint RemoteMonitor SwapEMAWeights TensorBoard",
    "datasets": "boston_housing california_housing cifar100 fashion_mnist imdb reuters",
    "utils": "FeatureSpace *_dataset_from_directory array_to_img img_to_array load_img save_img "
    "model_to_dot pad_sequences split_dataset timeseries_dataset_from_array bounding_boxes "
    "GeneratorEnqueuer OrderedEnqueuer",
    "optimizers": "Adafactor Ftrl Lamb LossScaleOptimizer MultiOptimizer OptimizerMap Muon "
    "ScheduleFreeAdamW legacy",
    "losses": "CTC CategoricalGeneralizedCrossEntropy Circle circle ctc "
    "categorical_generalized_cross_entropy",
    "initializers": "STFT STFTInitializer stft",
    "saving": "KerasFileEditor",
    "ops": "adaptive_*_pool associative_scan cdist cholesky cholesky_inverse corrcoef correlate "
    "cross ctc_* depth_to_space det dot_product_attention eig eigh *fft *fft2 fold histogram image "
    "inv istft kron logdet lstsq lu_factor map matrix_rank *median norm normalize *percentile "
    "pinv polar psnr qr *quantile scan segment_* slogdet solve* space_to_depth stft svd switch "
    "unfold unique vdot vectorize* view* extract_sequences",
}


# Where a name may be that somebody expects at the top: the packages that load next to nothing.
_HOMES = ("ops", "layers", "models", "optimizers", "callbacks", "utils")


def remedy(module: str, name: str) -> str:
    """Return what to write instead of a name of Keras or TensorFlow, or "" if it is none."""
    from fnmatch import fnmatchcase

    part = module.partition(".")[2].removeprefix("keras").removeprefix(".")
    if name in INSTEAD.get(part, ()):
        return INSTEAD[part][name]
    for home in () if part else _HOMES:
        __import__(f"danlu.{home}")
        if name in sys.modules[f"danlu.{home}"].__dir__():
            return f"it is dl.{home}.{name}"
    if any(fnmatchcase(name, pattern) for pattern in NOT_YET.get(part, "").split()):
        return "danlu does not have it yet"
    return ""
