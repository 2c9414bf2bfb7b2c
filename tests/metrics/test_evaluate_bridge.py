import functools
import os
import re
import subprocess
import sys
from textwrap import dedent

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mibench.errors import InputError
from mibench.metrics import METRICS
from mibench.metrics.evaluate_bridge import as_evaluate, load_corpus_metric
from mibench.metrics.metric import CorpusMetric
from mibench.metrics.references import References

SCRIPT = """
    import datasets, evaluate
    import numpy as np

    class Mine(evaluate.Metric):
        def _info(self):
            text = datasets.Value("string")
            return evaluate.MetricInfo(
                description="", citation="",
                features=datasets.Features(predictions=text, references={references}),
            )

        def _compute(self, predictions, references):
            {compute}
"""
ONE, MANY = "text", "datasets.Sequence(text)"
SHARE = "return {'share': np.mean([p in r for p, r in zip(predictions, references)])}"
THREE = "return {'equal': np.mean([p == r for p, r in zip(predictions, references)]), 'n': len(references), 'kind': ''}"

PREDICTIONS = ("yes", "a cat", "no")
REFERENCES = (References(("yes", "yeah")), References(("the cat", "a cat")), References(("yes",)))

TEXTS = st.sampled_from(
    ["yes", "Yes.", "no", "not sure", "a red cat", "cats, red", "1 2 30 40", "(1, 2, 30, 44)", "", "é"]
)
MANY_TEXTS = st.lists(TEXTS, max_size=4)
ROWS = st.lists(
    st.tuples(TEXTS, st.lists(TEXTS, min_size=1, max_size=3), MANY_TEXTS, MANY_TEXTS), min_size=1, max_size=6
)

ours = functools.cache(as_evaluate)


def write(path, references=MANY, compute=SHARE):
    path.parent.mkdir(exist_ok=True)
    path.write_text(dedent(SCRIPT).format(references=references, compute=compute), encoding="utf-8")
    return path


def score(script, predictions=PREDICTIONS, references=REFERENCES):
    return load_corpus_metric(f"evaluate:{script}").rule(predictions, references)


@pytest.mark.parametrize("name", METRICS)
@settings(max_examples=25, deadline=None)
@given(rows=ROWS)
def test_ours_is_the_mean_of_the_rule(name, rows):
    predictions, references, options, answers = (list(column) for column in zip(*rows, strict=True))
    result = ours(name).compute(predictions=predictions, references=references, options=options, answers=answers)
    known = [References(*map(tuple, row)) for row in zip(references, options, answers, strict=True)]
    assert result == {name: pytest.approx(np.mean(list(map(METRICS[name], predictions, known))))}


def test_a_reference_is_a_text_or_several():
    rouge = ours("rouge_l")
    assert rouge.compute(predictions=["a b", "c"], references=["a", "c"]) == {"rouge_l": pytest.approx(5 / 6)}
    assert rouge.compute(predictions=["a b", "c"], references=[["x", "a"], ["c"]]) == {"rouge_l": pytest.approx(5 / 6)}


def test_rows_may_come_one_by_one_and_in_batches():
    lenient = ours("accuracy_lenient")
    lenient.add(prediction="it is yes", reference="yes", options=["yes", "no"])
    lenient.add_batch(predictions=["no, no", "ok"], references=["yes", "no"], options=[["yes", "no"]] * 2)
    assert lenient.compute() == {"accuracy_lenient": pytest.approx(1 / 3)}
    assert lenient.compute(predictions=["no"], references=["no"], options=[["no"]]) == {"accuracy_lenient": 1}


def test_ten_answers_reach_the_vqa_metric():
    answers = [["cat"] * 2 + ["dog"] * 8, []]
    result = ours("vqa_accuracy").compute(predictions=["cat", "cat"], references=["dog", "cat"], answers=answers)
    assert result == {"vqa_accuracy": pytest.approx((0.6 + 1) / 2)}


def test_options_cannot_be_forgotten():
    with pytest.raises(ValueError, match="options"):
        ours("accuracy_lenient").compute(predictions=["a"], references=["a"])


def test_ours_combine():
    import evaluate

    both = evaluate.combine([as_evaluate("accuracy"), as_evaluate("accuracy_strict"), as_evaluate("accuracy_iou")])
    rows = {"predictions": ["Yes."], "references": ["yes"], "options": [["yes", "no"]]}
    expected = {"accuracy": 1, "accuracy_strict": 0, "accuracy_iou": 0}
    assert both.compute(**rows) == expected
    both.add_batch(**rows)
    assert both.compute() == expected


def test_ours_describe_themselves():
    lenient, options = ours("accuracy_lenient"), ours("accuracy_options")
    assert lenient.name == "accuracy_lenient"
    assert lenient.description == METRICS["accuracy_lenient"].rule.__doc__
    assert "(Lin, 2004)" in ours("rouge_l").citation
    assert "options:" in lenient.inputs_description
    assert "likeliest" in options.inputs_description
    assert "options:" not in options.inputs_description


def test_an_unknown_name_lists_the_known():
    with pytest.raises(InputError, match=r"'bleu' \(one of accuracy, .*vqa_accuracy\)"):
        as_evaluate("bleu")


@pytest.mark.parametrize("call", [lambda _: as_evaluate("accuracy"), lambda path: score(write(path / "mine.py"))])
def test_evaluate_is_an_extra(monkeypatch, tmp_path, call):
    monkeypatch.setitem(sys.modules, "evaluate", None)
    with pytest.raises(InputError, match=re.escape("pip install 'mibench[metrics]'")):
        call(tmp_path)


def test_a_script_reads_all_references(tmp_path):
    metric = load_corpus_metric(f"evaluate:{write(tmp_path / 'mine.py')}")
    assert isinstance(metric, CorpusMetric)
    assert metric.rule(PREDICTIONS, REFERENCES) == metric.rule(PREDICTIONS, REFERENCES) == pytest.approx(2 / 3)


def test_a_key_chooses_one_value_and_one_reference_is_the_first(tmp_path, monkeypatch):
    write(tmp_path / "c#" / "c#.py", ONE, THREE)
    assert score(tmp_path / "c#" / "c#.py#equal") == pytest.approx(1 / 3)
    assert score(f"{tmp_path / 'c#'}#equal") == pytest.approx(1 / 3)
    monkeypatch.chdir(tmp_path)
    assert score("c##equal") == pytest.approx(1 / 3)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert score("~/c##equal") == pytest.approx(1 / 3)


def test_a_choice_of_features_takes_all_references(tmp_path):
    script = write(tmp_path / "mine.py", ONE)
    choice = "features=[datasets.Features(predictions=text, references=r) for r in (text, datasets.Sequence(text))],"
    script.write_text(re.sub("features=.*", choice, script.read_text("utf-8")), "utf-8")
    assert score(script) == pytest.approx(2 / 3)


def test_a_changed_script_is_a_changed_metric(tmp_path):
    script = write(tmp_path / "mine.py")
    first = load_corpus_metric(f"evaluate:{script}")
    assert re.fullmatch("evaluate[+]sha256:[0-9a-f]{12}", first.settings)
    assert load_corpus_metric(f"evaluate:{script}").settings == first.settings
    write(script, compute=SHARE.replace("np.mean", "1 - np.mean"))
    second = load_corpus_metric(f"evaluate:{script}")
    assert second.settings != first.settings
    assert first.rule(PREDICTIONS, REFERENCES) == pytest.approx(2 / 3)
    assert second.rule(PREDICTIONS, REFERENCES) == pytest.approx(1 / 3)


def test_a_script_may_import_its_neighbours(tmp_path):
    (tmp_path / "helper.py").write_text("SCORE = 0.25", "utf-8")
    assert score(write(tmp_path / "mine.py", compute="from .helper import SCORE; return {'x': SCORE}")) == 0.25


def test_random_numbers_are_the_same_each_time(tmp_path):
    script = write(tmp_path / "mine.py", compute="return {'x': np.random.random()}")
    metric = load_corpus_metric(f"evaluate:{script}")
    first = metric.rule(PREDICTIONS, REFERENCES)
    assert metric.rule(PREDICTIONS, REFERENCES) == first
    np.random.random()
    assert score(script) == first


@pytest.mark.parametrize(("value", "expected"), [("1 + 1e-9", 1), ("-1e-9", 0), ("np.float32(0.5)", 0.5), ("1", 1)])
def test_rounding_is_forgiven(tmp_path, value, expected):
    assert score(write(tmp_path / "mine.py", compute=f"return {{'x': {value}}}")) == expected


@pytest.mark.parametrize(
    ("compute", "key", "message"),
    [
        (THREE, "", r"one number .* are: equal, n \(choose one as evaluate:.*mine.py#KEY\)"),
        (THREE, "#rouge", "rouge is wanted, .* are: equal, n"),
        (THREE, "#kind", "kind is wanted, .* are: equal, n"),
        (THREE, "#", "are: equal, n"),
        (THREE, "#n", r"n is 3.0, outside \[0, 1\]"),
        ("return {'x': 'high'}", "", r"are: none \(let"),
        ("return 0.5", "", "are: none"),
        ("return None", "#x", "are: none"),
        ("return {'x': float('nan')}", "", "x is nan, outside"),
        ("return {'x': -0.1}", "", "x is -0.1, outside"),
        ("raise RuntimeError('too bad')", "", r"raises RuntimeError: too bad \(mend it"),
        ("import no_such_package", "", r"ModuleNotFoundError: .*no_such_package.*install"),
    ],
)
def test_what_is_wrong_with_a_result(tmp_path, compute, key, message):
    script = write(tmp_path / "mine.py", ONE, compute)
    metric = load_corpus_metric(f"evaluate:{script}{key}")
    with pytest.raises(InputError, match=message) as caught:
        metric.rule(PREDICTIONS, REFERENCES)
    assert caught.value.file == script


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("import evaluate", "no metric in this script"),
        ("from evaluate import Metric", "no metric in this script"),
        ("import no_such_package", "raises ModuleNotFoundError"),
        ("this is no Python", "raises SyntaxError"),
        ("import evaluate\nclass Empty(evaluate.Metric): pass", "raises NotImplementedError"),
        (
            dedent(SCRIPT).format(references=ONE, compute=SHARE)
            + "\n    def _download_and_prepare(self, manager): manager.download('https://example.org')",
            "raises ConnectionError: it asks for a download",
        ),
    ],
)
def test_what_is_wrong_with_a_script(tmp_path, source, message):
    script = tmp_path / "mine.py"
    script.write_text(source, encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        load_corpus_metric(f"evaluate:{script}")
    assert caught.value.file == script


@pytest.mark.parametrize("place", ["nowhere", "empty", "~no_such_user/mine", "nul\0", ""])
def test_no_script(tmp_path, monkeypatch, place):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"no metric can be read .*folder NAME that holds NAME.py"):
        load_corpus_metric(f"evaluate:{place}")


@pytest.mark.slow
def test_light_to_import_and_leaves_no_file_and_no_network(tmp_path):
    home, scratch, script = tmp_path / "home", tmp_path / "scratch", write(tmp_path / "scripts" / "mine.py")
    home.mkdir()
    scratch.mkdir()
    program = f"""
        import socket, sys
        from mibench.metrics.evaluate_bridge import as_evaluate, load_corpus_metric
        from mibench.metrics.references import References

        assert not {{"evaluate", "datasets", "pyarrow"}} & sys.modules.keys()

        def refuse(*_):
            raise AssertionError("network")

        socket.socket.connect = socket.getaddrinfo = refuse
        assert as_evaluate("rouge_l").compute(predictions=["a"], references=[["a"]]) == {{"rouge_l": 1}}
        assert load_corpus_metric("evaluate:{script}").rule(["a"], [References(("a",))]) == 1
    """
    places = {"HOME": home, "TMPDIR": scratch, "PYTHONPATH": os.pathsep.join(sys.path)}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "XDG_"))}
    environment = kept | {name: str(value) for name, value in places.items()}
    subprocess.run([sys.executable, "-c", dedent(program)], env=environment, check=True, cwd=scratch)
    left = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {script.relative_to(tmp_path)}
    assert not any(home.iterdir())
