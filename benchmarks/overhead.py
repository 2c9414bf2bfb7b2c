"""`mibench run` beside a plain loop over the same prompts, and beside lm-evaluation-harness.

A small random T5 answers 2,000 prompts, two tasks of the mini world with 200 instances and five wordings each, in
batches of 64 on one thread of a CPU. The plain loop is given the prompts; it sorts them by length as mibench does,
tokenises, generates, decodes and writes the answers. mibench draws up the prompts, puts every batch on disk and scores
the answers, intervals included; lm-evaluation-harness counts exact matches and keeps its samples. Every run is a
process of its own, which imports and loads all it needs; the generate phase is the time from the first batch to the
last. Medians of runs in turns; a ratio is the median of the ratios of each turn.

The answers must be the same to the character. The limits are 1.05 times the plain loop's generate phase and 1.5 times
its whole. `--lm-eval` names a Python that has lm_eval 0.4.13, which must take at least 2.5 times as long as mibench.
The script fails beyond a limit; other work on the machine blurs the ratios, so run it alone.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

TASKS = ("task190_snli_classification", "task769_qed_summarization")
BATCH, PIECES = 64, 2000
RUNS = 7
GENERATE_LIMIT, WHOLE_LIMIT, LM_EVAL_LIMIT = 1.05, 1.5, 2.5
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}
PLAIN, MIBENCH, LM_EVAL = "plain loop", "mibench run", "lm_eval"

Answers = dict[tuple[str, str, int], str]
"""By task, instance and instruction."""


class Ran(NamedTuple):
    """What a process took, and what it answered; the seconds of its generate phase where they are known."""

    whole: float
    generate: float
    answers: Answers


def prepare(folder: Path) -> None:
    """Write the prompts of each task, and a model whose tokenizer knows their words."""
    from mibench.cards import load_cards, select_cards
    from mibench.data.mini import prepare_mini
    from mibench.running.plan import Plan
    from tests.adapters.tiny_t5 import make_t5, make_tokenizer

    cards = select_cards(TASKS, load_cards())
    plan = Plan(data=prepare_mini(cards))
    texts = []
    for card in cards:
        with prompts_file(folder, card.name).open("w", encoding="utf-8") as lines:
            for request in plan.requests(card):
                texts.append(request.prompt)
                row = {name: getattr(request, name) for name in ("instance", "instruction", "prompt", "max_new_tokens")}
                lines.write(json.dumps(row) + "\n")
    make_t5(folder / "model", make_tokenizer(texts=texts, size=PIECES))


def prompts_file(folder: Path, task: str) -> Path:
    return folder / f"{task}.jsonl"


def read_rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def plain_loop(folder: Path) -> None:
    """Answer all prompts, in this process."""
    import torch
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder / "model")
    model = AutoModelForSeq2SeqLM.from_pretrained(folder / "model", dtype=torch.float32).eval()
    begun, answers = time.perf_counter(), []
    for task in TASKS:
        rows = sorted(read_rows(prompts_file(folder, task)), key=lambda row: len(row["prompt"]), reverse=True)
        for first in range(0, len(rows), BATCH):
            batch = rows[first : first + BATCH]
            inputs = tokenizer([row["prompt"] for row in batch], padding=True, return_tensors="pt")
            with torch.inference_mode():
                found = model.generate(
                    input_ids=inputs["input_ids"],
                    attention_mask=inputs["attention_mask"],
                    do_sample=False,
                    max_new_tokens=batch[0]["max_new_tokens"],
                )
            for row, text in zip(batch, tokenizer.batch_decode(found, skip_special_tokens=True), strict=True):
                answers.append((task, row["instance"], row["instruction"], text))
    seconds = time.perf_counter() - begun
    (folder / "plain.json").write_text(json.dumps({"seconds": seconds, "answers": answers}), encoding="utf-8")


def run_plain(folder: Path, output: Path) -> Ran:
    del output
    whole = timed(sys.executable, __file__, "--plain", folder)
    told = json.loads((folder / "plain.json").read_text(encoding="utf-8"))
    answers = {(task, instance, number): text.strip() for task, instance, number, text in told["answers"]}
    return Ran(whole, told["seconds"], answers)


def run_mibench(folder: Path, output: Path) -> Ran:
    model = ["--model", "seq2seq", "--model-args", f"pretrained={folder / 'model'}", "--device", "cpu"]
    rest = ["--tasks", ",".join(TASKS), "--batch-size", BATCH, "--output", output]
    whole = timed(sys.executable, "-m", "mibench", "run", *model, *rest)
    (session,) = json.loads((output / "run.json").read_text(encoding="utf-8"))["sessions"]
    answers = {
        (task, row["instance"], row["instruction"]): row["prediction"]
        for task in TASKS
        for row in read_rows(output / "predictions" / f"{task}.jsonl")
    }
    return Ran(whole, sum(task["seconds"] for task in session["tasks"].values()), answers)


def run_lm_eval(folder: Path, output: Path, python: str) -> Ran:
    output.mkdir()
    for task in TASKS:
        (output / f"{task}.yaml").write_text(json.dumps(lm_eval_task(prompts_file(folder, task))))  # JSON is YAML
    model = ["--model", "hf", "--model_args", f"pretrained={folder / 'model'},backend=seq2seq,dtype=float32"]
    tasks = ["--include_path", output, "--tasks", ",".join(TASKS), "--batch_size", BATCH, "--device", "cpu"]
    kept = ["--log_samples", "--output_path", output / "results"]
    whole = timed(python, "-m", "lm_eval", "run", *model, *tasks, *kept, HF_HOME=str(folder / "cache"))
    answers = {
        (task, sample["doc"]["instance"], sample["doc"]["instruction"]): sample["resps"][0][0].strip()
        for task in TASKS
        for file in output.rglob(f"samples_{task}_*.jsonl")
        for sample in read_rows(file)
    }
    return Ran(whole, float("nan"), answers)


def lm_eval_task(prompts: Path) -> dict[str, Any]:
    """Describe a task to lm_eval.

    Its `max_gen_toks` comes on top of the prompt's length, where that is encoded apart as well; `max_length` is what
    it hands to `generate`.
    """
    most = read_rows(prompts)[0]["max_new_tokens"]
    return {
        "task": prompts.stem,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(prompts)}},
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": "{{prompt}}",
        "doc_to_target": "",
        "generation_kwargs": {"until": [], "do_sample": False, "max_length": most + 1},
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
    }


def timed(*command: object, **environment: str) -> float:
    """Return the seconds of a process, and stop where it fails."""
    words = [str(word) for word in command]
    begun = time.perf_counter()
    done = subprocess.run(words, env={**os.environ, **ENVIRONMENT, **environment}, capture_output=True, text=True)
    seconds = time.perf_counter() - begun
    if done.returncode:
        raise SystemExit(f"{' '.join(words)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return seconds


def check(name: str, answers: Answers, expected: Answers) -> None:
    """Stop where the answers are not the same."""
    different = sum(answers.get(key) != expected.get(key) for key in answers.keys() | expected.keys())
    if different:
        raise SystemExit(f"{different} of {len(expected)} answers of {name} are not those of the plain loop")


def ratio(upper: Sequence[float], lower: Sequence[float]) -> float:
    """Return the median of the ratios of each turn."""
    return statistics.median(one / two for one, two in zip(upper, lower, strict=True))


def print_table(prompts: int, wholes: Mapping[str, Sequence[float]], generates: Mapping[str, Sequence[float]]) -> None:
    print(f"| {prompts:,} prompts | generate, s | beside the plain loop | whole, s | beside the plain loop |")
    print("|---|---:|---:|---:|---:|")
    for name, whole in wholes.items():
        generate = statistics.median(generates[name])
        cells = ["", ""] if name == LM_EVAL else [f"{generate:.2f}", f"{ratio(generates[name], generates[PLAIN]):.2f}"]
        cells += [f"{statistics.median(whole):.2f}", f"{ratio(whole, wholes[PLAIN]):.2f}"]
        print(f"| {name} | {' | '.join(cells)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lm-eval", metavar="PYTHON", help="a Python that has lm_eval")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--plain", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.plain:
        plain_loop(arguments.plain)
        return
    runners: dict[str, Callable[[Path, Path], Ran]] = {PLAIN: run_plain, MIBENCH: run_mibench}
    if arguments.lm_eval:
        runners[LM_EVAL] = lambda folder, output: run_lm_eval(folder, output, arguments.lm_eval)
    wholes: dict[str, list[float]] = {name: [] for name in runners}
    generates: dict[str, list[float]] = {name: [] for name in runners}
    expected: Answers = {}
    with tempfile.TemporaryDirectory() as name_of_folder:
        folder = Path(name_of_folder)
        prepare(folder)
        for turn in range(arguments.runs):
            for number, (name, runner) in enumerate(runners.items()):
                ran = runner(folder, folder / f"output-{turn}-{number}")
                expected = expected or ran.answers
                check(name, ran.answers, expected)
                wholes[name].append(ran.whole)
                generates[name].append(ran.generate)
    print_table(len(expected), wholes, generates)
    beyond = []
    if ratio(generates[MIBENCH], generates[PLAIN]) > GENERATE_LIMIT:
        beyond.append(f"the generate phase takes more than {GENERATE_LIMIT} times that of the plain loop")
    if ratio(wholes[MIBENCH], wholes[PLAIN]) > WHOLE_LIMIT:
        beyond.append(f"the whole takes more than {WHOLE_LIMIT} times the plain loop")
    if arguments.lm_eval:
        gain = ratio(wholes[LM_EVAL], wholes[MIBENCH])
        print(f"\nlm_eval takes {gain:.2f} times as long as mibench run.")
        if gain < LM_EVAL_LIMIT:
            beyond.append(f"lm_eval takes less than {LM_EVAL_LIMIT} times as long as mibench run")
    if beyond:
        raise SystemExit("; ".join(beyond))


if __name__ == "__main__":
    main()
