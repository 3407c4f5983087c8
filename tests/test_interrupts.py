"""Ctrl-C in the middle of training."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest

import danlu as dl


def test_ctrl_c_leaves_the_model_usable():
    program = textwrap.dedent("""
        import os, signal
        import numpy as np
        import danlu as dl

        # A program that was started in the background ignores the signal.
        signal.signal(signal.SIGINT, signal.default_int_handler)

        class Interrupt(dl.callbacks.Callback):
            def on_train_batch_begin(self, batch, logs=None):
                if batch == 5:
                    os.kill(os.getpid(), signal.SIGINT)

        model = dl.Sequential([dl.Input((4,)), dl.layers.Dense(3)])
        model.compile("adam", "mse")
        x = np.ones((640, 4), "float32")
        try:
            model.fit(x, x[:, :3], batch_size=4, epochs=1000, callbacks=[Interrupt()], verbose=0)
        except KeyboardInterrupt:
            steps = int(model.optimizer.iterations)
            print("stopped", steps in (5, 6), [v.grad for v in model.weights])
        model.fit(x, x[:, :3], epochs=1, verbose=0)
        print(np.isfinite(model.evaluate(x, x[:, :3], verbose=0)))
    """)
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == ["stopped True [None, None]", "True"]


@pytest.mark.parametrize("run", ["fit", "evaluate"])
def test_ctrl_c_while_recording_is_off(run, monkeypatch):
    x, y = np.ones((32, 4), "float32"), np.ones((32, 3), "float32")
    model = dl.Sequential([dl.Input((4,)), dl.layers.Dense(3)])
    model.compile("sgd", "mse")
    enter = dl.no_grad.__enter__

    def interrupted(self):
        enter(self)
        raise KeyboardInterrupt

    model.fit(x, y, verbose=0)
    with monkeypatch.context() as patched:
        patched.setattr(dl.no_grad, "__enter__", interrupted)
        with pytest.raises(KeyboardInterrupt):
            getattr(model, run)(x, y, verbose=0)
    assert (dl.Variable(1.0) * 2).requires_grad
    model.fit(x, y, verbose=0)
