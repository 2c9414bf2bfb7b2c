"""What mibench adds to generation: `mibench run` beside a plain loop over the same prompts, and beside lm-evaluation-harness.

A small random T5 answers 2,000 prompts, two tasks of the mini world with 200 instances and five wordings each, in
batches of 64 on one thread of a CPU. The plain loop knows the prompts, sorts them by length as mibench does, tokenises,
generates, decodes and writes the answers; nothing else. mibench also draws up the prompts, puts every batch on disk and
scores the answers with all intervals. Every run is a process of its own, with its imports and the loading of the model;
the generate phase is the time from the first batch to the last. Medians of runs in turns.

The answers must be the same to the character. The limits are 1.05 times the plain loop's generate phase and 1.5 times
its whole; the script fails above them. `--lm-eval PYTHON` names a Python that has lm_eval 0.4.13; it must then take at
least 2.5 times as long as mibench. In lm_eval, `max_gen_toks` of an encoder-decoder counts the prompt as well, so that
the limit is given as `max_length`.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TASKS = ("task190_snli_classification", "task769_qed_summarization")
BATCH = 64
RUNS = 5
GENERATE_LIMIT, WHOLE_LIMIT, LM_EVAL_LIMIT = 1.05, 1.5, 2.5
ENVIRONMENT = {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}

Answers = dict[tuple[str, str, int], str]


class Cost(NamedTuple):
    """Seconds of a run; those of generation where they are known."""

    whole: float
    generate: float | None = None


def prepare(folder: Path) -> None:
    """Write the model and the prompts."""
    from mibench.cards import load_cards, select_cards
    from mibench.data.mini import prepare_mini
    from mibench.running.plan import Plan
    from tests.adapters.tiny_t5 import make_t5, make_tokenizer

    make_t5(folder / "model", make_tokenizer())
    cards = select_cards(TASKS, load_cards())
    plan = Plan(data=prepare_mini(cards))
    for card in cards:
        with (folder / f"{card.name}.jsonl").open("w", encoding="utf-8") as lines:
            for request in plan.requests(card):
                row = {"instance": request.instance, "instruction": request.instruction, "prompt": request.prompt}
                lines.write(json.dumps({**row, "max_new_tokens": request.max_new_tokens}) + "\n")


def rows(file: Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def plain_loop(folder: Path) -> None:
    """Answer all prompts, in a process of its own."""
    import torch
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder / "model")
    model = AutoModelForSeq2SeqLM.from_pretrained(folder / "model", dtype=torch.float32).eval()
    begun, answers = time.perf_counter(), []
    for task in TASKS:
        prompts = sorted(rows(folder / f"{task}.jsonl"), key=lambda row: len(row["prompt"]), reverse=True)
        for first in range(0, len(prompts), BATCH):
            batch = prompts[first : first + BATCH]
            inputs = tokenizer([row["prompt"] for row in batch], padding=True, return_tensors="pt")
            with torch.inference_mode():
                found = model.generate(
                    input_ids=inputs["input_ids"],
                    attention_mask=inputs["attention_mask"],
                    do_sample=False,
                    max_new_tokens=batch[0]["max_new_tokens"],
                )
            texts = tokenizer.batch_decode(found, skip_special_tokens=True)
            answers += [[task, row["instance"], row["instruction"], text] for row, text in zip(batch, texts, strict=True)]
    seconds = time.perf_counter() - begun
    (folder / "plain.json").write_text(json.dumps({"seconds": seconds, "answers": answers}))


def run_plain(folder: Path) -> tuple[Cost, Answers]:
    whole = timed([sys.executable, __file__, "--plain", folder])
    told = json.loads((folder / "plain.json").read_text())
    answers = {(task, instance, number): text.strip() for task, instance, number, text in told["answers"]}
    return Cost(whole, told["seconds"]), answers


def run_mibench(folder: Path) -> tuple[Cost, Answers]:
    with tempfile.TemporaryDirectory(dir=folder) as output:
        command = [sys.executable, "-m", "mibench", "run", "--model", "seq2seq", "--device", "cpu"]
        command += ["--model-args", f"pretrained={folder / 'model'}", "--tasks", ",".join(TASKS)]
        whole = timed([*command, "--batch-size", BATCH, "--output", Path(output) / "run"])
        record = json.loads((Path(output) / "run" / "run.json").read_text())
        generate = sum(task["seconds"] for task in record["sessions"][-1]["tasks"].values())
        answers = {
            (task, row["instance"], row["instruction"]): row["prediction"]
            for task in TASKS
            for row in rows(Path(output) / "run" / "predictions" / f"{task}.jsonl")
        }
    return Cost(whole, generate), answers


def run_lm_eval(folder: Path, python: str) -> tuple[Cost, Answers]:
    with tempfile.TemporaryDirectory(dir=folder) as output:
        for task in TASKS:
            (Path(output) / f"{task}.yaml").write_text(json.dumps(lm_eval_task(folder, task)))  # JSON is YAML
        command = [python, "-m", "lm_eval", "run", "--model", "hf", "--include_path", output, "--tasks", ",".join(TASKS)]
        command += ["--model_args", f"pretrained={folder / 'model'},backend=seq2seq,dtype=float32", "--device", "cpu"]
        command += ["--batch_size", BATCH, "--log_samples", "--output_path", Path(output) / "out"]
        whole = timed(command, HF_HOME=str(folder / "hf"))
        answers = {
            (task, sample["doc"]["instance"], sample["doc"]["instruction"]): sample["resps"][0][0].strip()
            for task in TASKS
            for file in (Path(output) / "out").rglob(f"samples_{task}_*.jsonl")
            for sample in rows(file)
        }
    return Cost(whole), answers


def lm_eval_task(folder: Path, task: str) -> dict:
    most = rows(folder / f"{task}.jsonl")[0]["max_new_tokens"]
    return {
        "task": task,
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(folder / f"{task}.jsonl")}},
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": "{{prompt}}",
        "doc_to_target": "",
        "generation_kwargs": {"until": [], "do_sample": False, "max_gen_toks": most, "max_length": most + 1},
        "metric_list": [{"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}],
    }


def timed(command: list[object], **environment: str) -> float:
    """Return the seconds of a process, and stop where it fails."""
    begun = time.perf_counter()
    done = subprocess.run(
        [str(word) for word in command], env={**os.environ, **ENVIRONMENT, **environment}, capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(f"{command[1]} {command[2]} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.perf_counter() - begun


def compare(name: str, answers: Answers, expected: Answers) -> None:
    different = sum(answers.get(key) != text for key, text in expected.items())
    if different or len(answers) != len(expected):
        raise SystemExit(f"{different} of {len(expected)} answers of {name} are not those of the plain loop")


def ratio(upper: list[float], lower: list[float]) -> float:
    return statistics.median(one / two for one, two in zip(upper, lower, strict=True))


def lines(costs: dict[str, list[Cost]]) -> Iterator[str]:
    """Yield the table, ratios to the plain loop of the same turn."""
    yield f"| {sum(1 for _ in TASKS)} tasks |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lm-eval", metavar="PYTHON", help="a Python that has lm_eval")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--plain", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.plain:
        plain_loop(arguments.plain)
        return
    runners = {"plain loop": run_plain, "mibench run": run_mibench}
    if arguments.lm_eval:
        runners["lm_eval"] = lambda folder: run_lm_eval(folder, arguments.lm_eval)
    costs = {name: [] for name in runners}
    with tempfile.TemporaryDirectory() as folder:
        prepare(Path(folder))
        for _ in range(arguments.runs):
            for name, runner in runners.items():
                cost, answers = runner(Path(folder))
                print(name, cost, list(answers.items())[:2], len(set(answers.values())))
                costs[name].append(cost)
                if name == "plain loop":
                    expected = answers
                compare(name, answers, expected)


if __name__ == "__main__":
    main()
