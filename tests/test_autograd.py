"""The reverse walk: leaves, structures, closures, higher orders, rules of one's own, errors."""

from __future__ import annotations

import gc
from collections import Counter, defaultdict, namedtuple
from typing import Any

import numpy as np
import pytest

import danlu as dl


def test_backward_adds_into_grad() -> None:
    w = dl.Variable([1.0, 2.0, 3.0])
    for _ in range(2):
        dl.sum(w * w).backward()
    np.testing.assert_allclose(w.grad.numpy(), [4.0, 8.0, 12.0])
    w.grad = None
    assert w.grad is None


def test_marked_tensor() -> None:
    x = dl.asarray([1.0, 2.0])
    assert not x.requires_grad and x.grad is None
    x.requires_grad = True
    dl.sum(x * x * x).backward()
    np.testing.assert_allclose(x.grad.numpy(), [3.0, 12.0])


def test_untrainable_variable_gets_none() -> None:
    w, c = dl.Variable([2.0]), dl.Variable([3.0], trainable=False)
    dl.sum(w * c).backward()
    assert c.grad is None
    assert w.grad.tolist() == [3.0]


def test_diamond() -> None:
    x = dl.Variable(3.0)
    a = x * 2.0
    (a * a + a).backward()
    assert x.grad.item() == 2 * 2 * 2 * 3.0 + 2.0


def test_grad_keeps_the_structure() -> None:
    def f(p):
        return dl.sum(p["w"] * p["b"][0]) + dl.sum(p["b"][1])

    p = {"w": dl.asarray([1.0, 2.0]), "b": (dl.asarray(3.0), dl.asarray([1.0]))}
    g = dl.grad(f)(p)
    assert g["w"].tolist() == [3.0, 3.0]
    assert isinstance(g["b"], tuple) and g["b"][0].item() == 3.0 and g["b"][1].tolist() == [1.0]
    assert not p["w"].requires_grad  # nothing is left behind


def test_closure_over_variables() -> None:
    w = dl.Variable([1.0, 2.0])
    loss, grads = dl.value_and_grad(lambda _: dl.sum(w * w))([w])
    assert loss.item() == 5.0 and grads[0].tolist() == [2.0, 4.0] and w.grad is None


def test_a_tensor_in_two_places_is_two_arguments() -> None:
    # As in JAX.
    q = dl.asarray([1.0, 2.0])
    assert dl.grad(lambda a, b: dl.sum(a + b))(q, q).tolist() == [1.0, 1.0]
    first, second = dl.grad(lambda a, b: dl.sum(a * a * b), argnums=(0, 1))(q, q)
    assert first.tolist() == [2.0, 8.0] and second.tolist() == [1.0, 4.0]
    assert dl.grad(lambda p: dl.sum(p[0] * p[1]))([q, q])[0].tolist() == [1.0, 2.0]
    assert dl.grad(lambda a: dl.sum(a * q))(q).tolist() == [1.0, 2.0]
    x = dl.asarray(2.0)
    assert dl.grad(lambda x: dl.grad(lambda y: x * y**2)(x))(x).item() == 8.0


def test_argnums_and_aux() -> None:
    f = dl.value_and_grad(lambda x, y: (x * y, "aux"), argnums=(0, 1), has_aux=True)
    (value, aux), grads = f(2.0, 3.0)
    assert value.item() == 6.0 and aux == "aux" and [g.item() for g in grads] == [3.0, 2.0]
    with pytest.raises(ValueError, match="argnums=2"):
        dl.grad(lambda x: x, argnums=2)(1.0)


def test_higher_orders() -> None:
    f = lambda x: x**5  # noqa: E731
    x = dl.asarray(2.0, dtype="float64")
    expected = [32.0, 80.0, 160.0, 240.0, 240.0, 120.0]
    for value in expected:
        assert f(x).item() == pytest.approx(value)
        f = dl.grad(f)


def test_gradient_penalty_reaches_the_weights() -> None:
    w = dl.Variable(3.0)
    gradient = dl.grad(lambda x: w * x * x, create_graph=True)(dl.asarray(2.0))
    (gradient * gradient).backward()  # (2 w x)^2
    assert w.grad.item() == pytest.approx(8 * 3.0 * 4.0)


def test_independent_of_is_zero() -> None:
    g = dl.grad(lambda x, y: dl.sum(x), argnums=1)(dl.asarray([1.0]), dl.asarray([[1.0, 2.0]]))
    assert g.tolist() == [[0.0, 0.0]]


def test_no_grad_and_stop_gradient() -> None:
    w = dl.Variable(2.0)
    with dl.no_grad():
        assert not (w * 2.0).requires_grad
    assert (w * 2.0).requires_grad
    (dl.stop_gradient(w * 3.0) * w).backward()
    assert w.grad.item() == 6.0

    @dl.no_grad()
    def double():
        return w * 2.0

    assert not double().requires_grad


def test_custom_gradient() -> None:
    @dl.custom_gradient
    def clipped(x):
        return x * 1.0, lambda upstream: dl.clip(upstream, -1.0, 1.0)

    x = dl.Variable(5.0)
    (clipped(x) * 10.0).backward()
    assert x.grad.item() == 1.0

    @dl.custom_gradient
    def wrong(x):
        return x * 1.0, lambda upstream: (upstream, upstream)

    with pytest.raises(ValueError, match=r"\[custom_gradient\].*1 tensor arguments.*2 values"):
        wrong(x).backward()


def test_errors_explain() -> None:
    with pytest.raises(ValueError, match=r"\[backward\].*no trainable Variable"):
        dl.asarray(1.0).backward()
    w = dl.Variable([1.0, 2.0])
    with pytest.raises(ValueError, match=r"\[backward\].*shape \(2,\).*mean\(\) or sum\(\)"):
        (w * 2.0).backward()
    loss = dl.sum(w * w)
    loss.backward()
    with pytest.raises(ValueError, match="retain_graph=True"):
        loss.backward()
    loss = dl.sum(w * w)
    loss.backward(retain_graph=True)
    loss.backward()
    with pytest.raises(ValueError, match="one number"):
        dl.grad(lambda x: x)(dl.asarray([1.0, 2.0]))
    with pytest.raises(TypeError, match="floating-point"):
        dl.grad(lambda x: dl.sum(x))(dl.asarray([1, 2]))


def test_a_long_chain_goes_backward_and_is_freed() -> None:
    x = dl.Variable(1.0)
    y = x + 0.0
    for _ in range(1_000_000):
        y = y + 1.0
    y.backward()
    assert x.grad.item() == 1.0
    y = x + 0.0
    for _ in range(1_000_000):
        y = y + 1.0
    del y  # never walked: freed without recursion
    gc.collect()


def test_backward_frees_what_it_read() -> None:
    w = dl.Variable(dl.ones((256, 1024)))
    for _ in range(3):
        loss = dl.sum(dl.exp(w) * w)
        loss.backward()
        w.grad = None
    before = dl.config.memory_stats()["in_use"]
    for _ in range(20):
        loss = dl.sum(dl.exp(w) * w)
        loss.backward()
        w.grad = None
    assert dl.config.memory_stats()["in_use"] <= before


def test_arguments_to_differentiate_by() -> None:
    def product(x: dl.Tensor, y: dl.Tensor) -> dl.Tensor:
        return dl.sum(x * x * y)

    x, y = dl.asarray(2.0), dl.asarray(5.0)
    assert dl.grad(product, argnums=-1)(x, y).item() == 4.0
    for argnums in (2, -3, (0, -3)):
        with pytest.raises(ValueError, match=r"argnums=.*, but 2 positional arguments came"):
            dl.grad(product, argnums=argnums)(x, y)
    with pytest.raises(ValueError, match=r"argnums=\(\) names no argument"):
        dl.grad(product, argnums=())


@pytest.mark.parametrize("result", [1.0, (1.0,), (1.0, 2.0), (1.0, None, None)])
def test_custom_gradient_without_a_rule(result: object) -> None:
    @dl.custom_gradient
    def nothing(x: dl.Tensor) -> object:
        return x if result == 1.0 else result

    with pytest.raises(TypeError, match=r"\[custom_gradient\] nothing returns \(result, rule\)"):
        nothing(dl.ones(3))


@pytest.mark.parametrize("derive", [dl.grad, dl.value_and_grad])
def test_errors_name_the_function_that_was_called(derive: Any) -> None:
    x = dl.ones(3)
    name = derive.__name__
    with pytest.raises(ValueError, match=rf"\[{name}\] .*one number, it returned shape \(3,\)"):
        derive(lambda x: x)(x)
    with pytest.raises(TypeError, match=rf"\[{name}\] the function must return a tensor"):
        derive(lambda x: 1.0)(x)
    with pytest.raises(TypeError, match=rf"\[{name}\] with has_aux"):
        derive(dl.sum, has_aux=True)(x)
    with pytest.raises(TypeError, match=rf"\[{name}\] wants a function"):
        derive(3)
    with pytest.raises(ValueError, match=rf"\[{name}\] argnums=2"):
        derive(dl.sum, argnums=2)(x)


def test_aux_is_apart_from_the_graph_as_the_number_is():
    w = dl.Variable([1.0, 2.0])
    f = dl.value_and_grad(lambda v: (dl.sum(v * v), {"a": [v * 3, "b"]}), has_aux=True)
    (loss, aux), _ = f(w)
    assert aux["a"][0].tolist() == [3.0, 6.0] and aux["a"][1] == "b"
    assert not loss.requires_grad and not aux["a"][0].requires_grad
    # Inside another `grad` it is differentiated, as in JAX.
    outer = dl.grad(lambda v: dl.sum(f(v)[0][1]["a"][0]))
    assert outer(w).tolist() == [3.0, 3.0]


def test_aux_of_other_types_is_passed_on():
    Pair = namedtuple("Pair", "a b")  # noqa: PYI024
    cyclic = {"name": "c"}
    cyclic["self"] = cyclic
    plain = (defaultdict(list, a=[1]), Counter("aab"), [1, "b"], cyclic)
    for given in plain:
        assert dl.value_and_grad(lambda x, g=given: (x, g), has_aux=True)(1.0)[0][1] is given
    mixed = lambda x: (x, Pair(x, {"c": cyclic, "x": (x * 2,)}))  # noqa: E731
    aux = dl.value_and_grad(mixed, has_aux=True)(3.0)[0][1]
    assert type(aux) is Pair and not aux.a.requires_grad and aux.b["c"] is cyclic
    assert aux.b["x"][0].item() == 6.0 and not aux.b["x"][0].requires_grad
