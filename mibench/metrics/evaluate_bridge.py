"""Hugging Face `evaluate`, both ways: our metrics as its modules, and its metrics on our task cards.

That package takes seconds to import, so only functions import it. A metric of `evaluate` is a script on disk, which
runs where it lies, as a program: name only what you trust. Nothing is looked up on the Hub.
"""

import hashlib
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from mibench.cards import EVALUATE_PREFIX
from mibench.errors import InputError
from mibench.metrics import METRICS
from mibench.metrics.metric import CorpusMetric
from mibench.metrics.references import References

if TYPE_CHECKING:
    import evaluate

ROUNDING = 1e-6
"""A score that is outside [0, 1] by less owes it to single precision."""

_READ_BESIDE = {"accuracy_lenient": ["options"], "accuracy_iou": ["options"], "vqa_accuracy": ["answers"]}
_INPUTS = {
    "text": "predictions: the answers, a text a row.",
    "likeliest": "predictions: the option that the model holds likeliest, a text a row.",
    "references": "references: what is right, a text a row, or a list of texts a row; all rows alike.",
    "options": "options: the answers that were offered, a list of texts a row.",
    "answers": "answers: what each of several people answered, a list of texts a row, empty where there is one truth.",
}


def as_evaluate(name: str) -> "evaluate.Metric":
    """Return one of `METRICS` as an `evaluate.Metric` that computes the mean score, under the metric's name.

    It reads `predictions` and `references`, two metrics also `options`, and one `answers`; rows stay in memory.
    `accuracy_options` sees no option scores here: its predictions are the texts of the likeliest options.
    """
    if name not in METRICS:
        raise InputError(f"unknown metric {name!r}", remedy=f"one of {', '.join(sorted(METRICS))}")
    _require_evaluate()
    import evaluate
    from datasets import Features, Value
    from datasets import Sequence as Many

    metric, beside = METRICS[name], _READ_BESIDE.get(name, [])
    text, texts = Value("string"), Many(Value("string"))

    class Ours(evaluate.Metric):  # type: ignore[misc]
        def _info(self) -> evaluate.MetricInfo:
            return evaluate.MetricInfo(
                description=metric.rule.__doc__ or "",
                citation=sys.modules[metric.rule.__module__].__doc__ or "",
                inputs_description="\n".join(_INPUTS[key] for key in (metric.reads, "references", *beside)),
                features=[
                    Features({"predictions": text, "references": known, **dict.fromkeys(beside, texts)})
                    for known in (texts, text)
                ],
            )

        def _compute(
            self,
            predictions: Sequence[str],
            references: Sequence[str | Sequence[str]],
            options: Sequence[Sequence[str]] = (),
            answers: Sequence[Sequence[str]] = (),
        ) -> dict[str, float]:
            nothing: Sequence[Sequence[str]] = [()] * len(predictions)
            rows = zip(references, options or nothing, answers or nothing, strict=True)
            known = [References(*map(_texts, row)) for row in rows]
            return {name: float(metric.corpus(predictions, known).mean())}

    Ours.__name__ = name
    return _in_memory(Ours)


def load_corpus_metric(name: str) -> CorpusMetric:
    """Return the metric that a card names `evaluate:PATH` or `evaluate:PATH#KEY`.

    PATH is a script, or a folder NAME that holds NAME.py; KEY chooses one of the values that it computes. It draws
    the same random numbers each time.

    Raises:
        InputError: here or from `rule`, for whatever is wrong with the script or its result.

    """
    place, *key = name.removeprefix(EVALUATE_PREFIX).rsplit("#", 1)
    script, source = _read(Path(place))
    _require_evaluate()
    with _blaming(script):
        metric = _in_memory(_metric_class(script, source))
        metric.seed = 0
        metric.download_and_prepare(dl_manager=_NoDownloads())
        many = _takes_many(metric)

    def rule(predictions: Sequence[str], references: Sequence[References]) -> float:
        known = [list(row.targets) if many else row.targets[0] for row in references]
        with _blaming(script):
            return _score(metric.compute(predictions=list(predictions), references=known), script, *key)

    return CorpusMetric(f"evaluate+sha256:{hashlib.sha256(source).hexdigest()[:12]}", rule)


def _require_evaluate() -> None:
    try:
        import evaluate  # noqa: F401
    except ImportError as error:
        message = f"the package evaluate cannot be imported: {error}"
        raise InputError(message, remedy="pip install 'mibench[metrics]'") from error


def _in_memory(kind: Any) -> Any:
    """Make a module of `evaluate` that leaves no file; the folder it wants is empty when rows stay in memory."""
    with tempfile.TemporaryDirectory() as folder:
        return kind(keep_in_memory=True, cache_dir=folder)


def _texts(given: str | Iterable[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _read(path: Path) -> tuple[Path, bytes]:
    try:
        found = path.expanduser().resolve()
        script = found / f"{found.name}.py" if found.is_dir() else found
        return script, script.read_bytes()
    except (OSError, RuntimeError, ValueError) as error:
        message, remedy = f"no metric can be read here: {error}", "name a script, or a folder NAME that holds NAME.py"
        raise InputError(message, file=path, remedy=remedy) from error


def _metric_class(script: Path, source: bytes) -> type:
    """Run the very bytes that were hashed, and return the class that `evaluate.load` would.

    The script runs as a package, so that `from .helper import ...` finds the files beside it.
    """
    import evaluate

    name = f"script_{hashlib.sha256(bytes(script) + source).hexdigest()[:12]}"
    loader = SourceFileLoader(name, str(script))
    spec = ModuleSpec(name, loader, origin=str(script))
    spec.submodule_search_locations, spec.has_location = [str(script.parent)], True
    module = sys.modules[name] = module_from_spec(spec)
    exec(loader.source_to_code(source, str(script)), vars(module))
    for kind in vars(module).values():
        if isinstance(kind, type) and issubclass(kind, evaluate.Metric) and kind is not evaluate.Metric:
            return kind
    raise InputError("no metric in this script", file=script, remedy="let it define a class of evaluate.Metric")


class _NoDownloads:
    """Stands in for the download manager that `evaluate` hands to a script."""

    def __getattr__(self, name: str) -> NoReturn:
        raise ConnectionError("it asks for a download, and metrics run without a network")


def _takes_many(metric: Any) -> bool:
    """Tell whether the metric reads a list of references beside each prediction, rather than one reference."""
    from datasets import Value

    shapes = metric.features if isinstance(metric.features, list) else [metric.features]
    single = [[isinstance(shape.get(side), Value) for side in ("predictions", "references")] for shape in shapes]
    return [True, False] in single


@contextmanager
def _blaming(script: Path) -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        message = f"the script raises {type(error).__name__}: {error}"
        raise InputError(message, file=script, remedy="mend it, or install what it needs") from error


def _score(result: Any, script: Path, key: str | None = None) -> float:
    values = result if isinstance(result, Mapping) else {}
    scores = {str(name): float(value) for name, value in values.items() if isinstance(value, Real)}
    if key is None and len(scores) == 1:
        [key] = scores
    if key is None or key not in scores:
        message = f"{key or 'one number'} is wanted, the result's numbers are: {', '.join(scores) or 'none'}"
        remedy = (
            f"choose one as {EVALUATE_PREFIX}{script}#KEY" if scores else "let the script return a number under a name"
        )
        raise InputError(message, file=script, remedy=remedy)
    if not -ROUNDING <= scores[key] <= 1 + ROUNDING:
        message, remedy = f"{key} is {scores[key]}, outside [0, 1]", "rescale it in the script, or choose another value"
        raise InputError(message, file=script, remedy=remedy)
    return min(max(scores[key], 0.0), 1.0)
