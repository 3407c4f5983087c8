"""What was probably meant: answers to misspelt names, and to arguments that do not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, NoReturn, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])


def suggestion(name: object, known: Iterable[str]) -> str:
    """Return ` Did you mean 'adam'?` for the known name nearest to a misspelt one, or nothing.

    Near is what few slips of the pen part, then what shares much; `lr` means `learning_rate`.
    """
    # Of names that differ in case alone, the one that begins like the misspelt one comes last.
    alike = str(name)[:1].isupper()
    by_lower = {k.lower(): k for k in sorted(known, key=lambda k: (k[:1].isupper() == alike, k))}
    found = _nearest(str(name).lower(), list(by_lower))
    return f" Did you mean {by_lower[found]!r}?" if found else ""


def _nearest(name: str, known: list[str]) -> str | None:
    for k in known:
        if "_" in k and "".join(word[:1] for word in k.split("_")) == name:
            return k
    slips = max(1, len(name) // 3)
    near = []
    for k in known:
        if abs(len(k) - len(name)) <= slips and (count := _slips(name, k)) < len(name):
            near.append((count, len(k), k))
    if near and min(near)[0] <= slips:
        return min(near)[2]
    import difflib

    return next(iter(difflib.get_close_matches(name, known, n=1, cutoff=0.6)), None)


def _slips(a: str, b: str) -> int:
    """How many letters to add, leave out, replace, or swap with the next, turn a into b.

    Source: Damerau, 1964, "A technique for computer detection and correction of spelling errors".
    """
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, above, row = row, before, [i]
        for j, y in enumerate(b, 1):
            best = min(before[j] + 1, row[-1] + 1, before[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                best = min(best, above[j - 2] + 1)
            row.append(best)
    return row[-1]


def argument_names(cls: type, constructor: object = None) -> list[str]:
    """Return the names of the arguments that a class takes: `**kwargs` go to the next base.

    `constructor` is where to begin: that of the class itself, or of the base it is inherited from.
    """
    names: dict[str, None] = {}
    for base in cls.__mro__:
        further = base.__dict__.get("_further_arguments", ())
        init = _unwrapped(base.__dict__.get("__init__"))
        code = getattr(init, "__code__", None)
        if code is None or constructor not in (None, init):
            continue
        constructor = None
        names.update(dict.fromkeys([*_parameters(init)[1:], *further]))
        if not code.co_flags & 0x08:  # without **kwargs nothing reaches the bases
            break
    return list(names)


def check_arguments(
    cls: type, unknown: Mapping[str, object], base: type, what: str = "layer"
) -> None:
    """Raise if `base` was given arguments that neither it nor its subclass `cls` takes."""
    for name in unknown:
        known = list(dict.fromkeys([*argument_names(cls), *argument_names(base)]))
        raise TypeError(
            f"[{cls.__name__}] got an unknown argument {name!r}.{suggestion(name, known)} "
            f"The arguments of this {what} are: {', '.join(known)}"
        )


def suggests_arguments(function: Function) -> Function:
    """Have arguments that do not fit `function` answered with those that do."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except TypeError as error:
            explain_call(error, function.__name__, function, args, kwargs)
            raise

    return cast(Function, call)


class _ConstructorSignature:
    """What `inspect` shows of a class: older Pythons prefer `__new__`, wherever it stands."""

    def __get__(self, instance: object, cls: type) -> Any:
        if instance is not None:  # callable as it may be, it is no constructor
            raise AttributeError("__signature__")
        import inspect

        signature = inspect.signature(cls.__init__)  # type: ignore[misc]
        return signature.replace(parameters=list(signature.parameters.values())[1:])


class SuggestsArguments:
    """A class whose constructors answer arguments that do not fit by the name of the class."""

    __signature__ = _ConstructorSignature()

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if (args or kwargs) and cls.__init__ is object.__init__:
            raise TypeError(f"[{cls.__name__}] takes no arguments, got {_written(args, kwargs)}")
        return super().__new__(cls)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" in cls.__dict__:
            cls.__init__ = _explained(cls.__dict__["__init__"])  # type: ignore[method-assign]


def _explained(constructor: Callable[..., None]) -> Callable[..., None]:
    @wraps(constructor)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        try:
            constructor(self, *args, **kwargs)
        except TypeError as error:
            cls = type(self)
            known = argument_names(cls, _unwrapped(constructor))
            explain_call(error, cls.__name__, constructor, (self, *args), kwargs, known)
            raise

    return __init__


def explain_call(
    error: TypeError,
    owner: str,
    function: Any,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    known: list[str] | None = None,
) -> None:
    """Raise a better error if it was the arguments that kept `function` from beginning."""
    begun = error.__traceback__ is not None and error.__traceback__.tb_next is not None
    function = _unwrapped(function)
    code = getattr(function, "__code__", None)
    if begun:
        return
    if code is None:
        documented = _documented(function) if kwargs or args[1:] else []
        for name in kwargs if documented else ():
            if name not in documented:
                refuse_argument(owner, name, documented)
        if documented[:1] == ["shape"]:
            _refuse_sizes(owner, documented, args)
        return
    names = _parameters(function)
    own = names[:1] == ("self",)
    known = list(names[own:]) if known is None else known
    for name in kwargs:
        if name not in known:
            refuse_argument(owner, name, known)
    positional = names[: code.co_argcount]
    takes = f"Its arguments are: {', '.join(known)}"
    if len(args) > len(positional) and not code.co_flags & 0x04:
        raise TypeError(
            f"[{owner}] takes {len(positional) - own} arguments without their names, got "
            f"{len(args) - own}{_in_one(owner, positional[own:], args[own:])}. {takes}"
        ) from None
    for name in positional[: len(args)]:
        if name in kwargs:
            raise TypeError(
                f"[{owner}] got {name!r} twice, by its place and by its name. {takes}"
            ) from None
    defaults = len(function.__defaults__ or ())
    required = [
        *positional[len(args) : len(positional) - defaults],
        *(n for n in names[code.co_argcount :] if n not in (function.__kwdefaults__ or {})),
    ]
    missing = [n for n in required if n not in kwargs]
    if missing:
        raise TypeError(
            f"[{owner}] {' and '.join(map(repr, missing))} {'are' if missing[1:] else 'is'} "
            f"missing. {takes}"
        ) from None


def _refuse_sizes(owner: str, documented: list[str], args: tuple[Any, ...]) -> None:
    """Raise if the sizes of a shape came one by one."""
    count = next((i for i, a in enumerate(args) if not _is_size(a)), len(args))
    values = sum(hasattr(type(a), "__float__") for a in args[count:])
    if "fill_value" in documented and not values:
        count, values = count - 1, 1  # the last size
    if count > 1 and values == ("fill_value" in documented):
        raise TypeError(
            f"[{owner}] a shape of several axes is one tuple: write "
            f"{owner}({_written((args[:count], *args[count:]), {})})"
        ) from None


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _in_one(owner: str, names: tuple[str, ...], args: tuple[Any, ...]) -> str:
    """The remedy when values that belong into one tuple or list came one by one."""
    if all(map(_is_size, args)):
        if names and names[0].endswith(("shape", "dims", "size")):
            return f": write {owner}({args!r})"
        if owner[:1].isupper():
            return f": the shape of a sample is input_shape={args!r}"
    elif names and names[0] == "layers":
        return f": write {owner}([...]), the layers in a list"
    return ""


def refuse_argument(owner: str, name: str, known: list[str]) -> NoReturn:
    """Raise the error for an argument that there is not."""
    raise TypeError(
        f"[{owner}] got an unknown argument {name!r}.{suggestion(name, known)} "
        f"Its arguments are: {', '.join(known) or 'none'}"
    ) from None


def _parameters(function: Any) -> tuple[str, ...]:
    """The names of the arguments of a function in Python, without *args and **kwargs."""
    code = function.__code__
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _documented(function: Any) -> list[str]:
    """The names of the arguments of a function of the core, which its docstring begins with."""
    import re

    heads = re.findall(r"^(?:\d+\. )?\w+(\(.*\)) -> ", function.__doc__ or "", re.MULTILINE)
    return list(dict.fromkeys(re.findall(r"(?:\(|, )(\w+): ", " ".join(heads))))


def function_arguments(function: Any) -> list[str]:
    """Return the names of the arguments of a function in Python or of the core."""
    function = _unwrapped(function)
    return list(_parameters(function)) if hasattr(function, "__code__") else _documented(function)


def _unwrapped(function: Any) -> Any:
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return function


def _written(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    """Arguments as they stand in the call."""
    return ", ".join(
        [*(f"{a!r:.40}" for a in args), *(f"{k}={v!r:.40}" for k, v in kwargs.items())]
    )
