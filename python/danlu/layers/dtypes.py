"""Which dtype a layer computes in, and which one its weights have."""

from __future__ import annotations

from typing import Any

from ..utils.suggest import suggestion

FLOATS = frozenset({"float16", "bfloat16", "float32", "float64"})
_NAMES = FLOATS | {
    "bool",
    *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)),
}
_POLICIES = _NAMES | {"mixed_bfloat16", "mixed_float16"}


def dtype_name(owner: str, dtype: Any) -> str:
    """Return the name of a dtype, or raise ValueError if there is none like it."""
    name = str(getattr(dtype, "name", dtype))
    if name not in _NAMES:
        raise ValueError(f"[{owner}] {dtype!r} is no dtype.{suggestion(name, _NAMES)}")
    return name


class DTypePolicy:
    """A pair of dtypes by one name: "float32" is both, "mixed_bfloat16" computes in bfloat16 on
    float32 weights, which only layers without weights can do yet.

    Floating inputs of a layer are cast to compute_dtype; its weights are made in variable_dtype.
    The default is `dl.config.dtype_policy()`.

    Raises ValueError for a name that is neither a dtype nor "mixed_bfloat16" nor "mixed_float16".

    Source: Micikevicius et al., 2017, arXiv:1710.03740, for mixed precision; the names are Keras
    3's.

    >>> import danlu as dl
    >>> policy = dl.layers.Layer(dtype="mixed_bfloat16").dtype_policy
    >>> policy
    <DTypePolicy "mixed_bfloat16">
    >>> policy.compute_dtype, policy.variable_dtype
    ('bfloat16', 'float32')
    """

    def __init__(self, name: str | None = None) -> None:
        from .. import config

        self.name = str(name) if name is not None else config.dtype_policy()
        narrow = self.name.removeprefix("mixed_")
        mixed = narrow != self.name
        if narrow not in (("float16", "bfloat16") if mixed else _NAMES):
            raise ValueError(
                f"[DTypePolicy] {name!r} is not a dtype policy: give the name of a dtype such as "
                f"'float32', or 'mixed_bfloat16' or 'mixed_float16'.{suggestion(name, _POLICIES)}"
            )
        self.compute_dtype = narrow
        self.variable_dtype = "float32" if mixed else narrow

    @classmethod
    def get(cls, identifier: Any) -> DTypePolicy:
        """Return the policy that a name, a dtype, a policy or a configuration stands for.

        None stands for the default.

        >>> import danlu as dl
        >>> type(dl.layers.Layer().dtype_policy).get("mixed_float16").compute_dtype
        'float16'
        """
        if isinstance(identifier, DTypePolicy):
            return identifier
        if isinstance(identifier, dict):
            identifier = identifier.get("config", identifier).get("name")
        return cls(getattr(identifier, "name", identifier))

    def check_weights(self, label: str) -> None:
        """Raise if a layer with floating weights would not compute in their dtype."""
        if self.compute_dtype != self.variable_dtype:
            raise NotImplementedError(
                f"{label} has the dtype policy {self.name!r}: layers with weights do not compute "
                f"in another dtype than theirs yet. Give dtype={self.variable_dtype!r}, or "
                f"dtype={self.compute_dtype!r} for weights and computation"
            )

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> DTypePolicy:
        return cls(**config)

    def serialize(self) -> dict[str, Any]:
        """Return the configuration as Keras 3 writes it.

        >>> import danlu as dl
        >>> dl.layers.Layer(dtype="float64").dtype_policy.serialize()["config"]
        {'name': 'float64'}
        """
        return {
            "module": "keras",
            "class_name": "DTypePolicy",
            "config": self.get_config(),
            "registered_name": None,
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self.name}">'
