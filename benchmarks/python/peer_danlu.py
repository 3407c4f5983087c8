"""danlu as a peer of a harness that runs frameworks side by side.

The harness (`bench`) gives workload specifications; a builder returns a zero-argument `step`.
Its data are NCHW; danlu's images are channels last, so the builders transpose once.
Nets and operations with attention are left out on purpose: danlu has no attention yet.
"""

from bench.peers import Peer
from bench.workloads import make_data
from danlu_steps import OPS, inference, make_optimizer, start, training
from models import MODELS

import danlu as dl

peer = Peer()
peer.version = lambda: dl.__version__


@peer.setup
def setup(threads, flags):
    start(threads)


def make_model(s):
    if s.model not in MODELS:
        raise NotImplementedError(s.model)
    dl.utils.set_random_seed(0)
    return MODELS[s.model]()


def inputs_of(s):
    x, y = make_data(s)
    return x.transpose(0, 2, 3, 1).copy() if x.ndim == 4 else x, y


@peer.train
def train(s, flags):
    """`loop`: the explicit loop; otherwise `train_on_batch`, as `fit` runs it."""
    return training(make_model(s), make_optimizer(s.opt), *inputs_of(s), loop="loop" in flags)


@peer.infer
def infer(s, flags):
    return inference(make_model(s), inputs_of(s)[0])


for name, function in OPS.items():
    peer.op(name)(lambda s, flags, function=function: function(s))
