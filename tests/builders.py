"""Small data folders and submissions, made on the spot."""

import json

from mibench.cards import load_cards
from mibench.data.rows import Row
from mibench.data.store import DataFolder, store_task
from mibench.instances import Instance, Request
from mibench.scoring.report import Robustness, TaskScores
from mibench.scoring.robustness import sensitivity_by_wordings
from mibench.scoring.spread import spread
from mibench.submissions.description import Model, read_description, write_description
from mibench.submissions.reading import Submission
from mibench.submissions.writing import describe

REAL_NLP_TASKS = (
    "task033_winogrande_answer_generation",
    "task1195_disflqa_disfluent_to_fluent_conversion",
    "task121_zest_text_modification",
    "task1540_parsed_pdfs_summarization",
    "task1622_disfl_qa_text_modication",
    "task393_plausible_result_generation",
    "task769_qed_summarization",
    "task891_gap_coreference_resolution",
)
"""Tasks of Natural Instructions that the folder of real data holds."""

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc000000301010018dd8db0"
    "0000000049454e44ae426082"
)


def request(number=0, **changes):
    """Return what a model may be asked; a request's number names its instance."""
    fields = {
        "task": "nlvr",
        "instance": f"row-{number}",
        "instruction": 1,
        "prompt": f"Is statement {number} true?",
        "image": None,
        "options": ("yes", "no"),
        "max_new_tokens": 8,
    }
    return Request(**fields | changes)


ADAPTERS = """
import time
from pathlib import Path
from mibench.adapters.pictures import open_picture


class Slow:
    '''Answers with its prompt, a batch at a time, and notes in a file that it has begun.'''

    model_name, decoding = "slow", {}

    def __init__(self, seconds="0", begun="", after="0"):
        self.seconds, self.begun, self.after, self.batches = float(seconds), begun, int(after), 0

    def predict(self, requests):
        self.batches += 1
        if self.batches > self.after:
            if self.begun:
                Path(self.begun).touch()
            time.sleep(self.seconds)
        return [request.answered(request.prompt) for request in requests]


class Broken(Slow):
    '''Breaks on the first wording of row-2, until it is mended by a file.'''

    def __init__(self, mended):
        super().__init__()
        self.mended = Path(mended)

    def predict(self, requests):
        if not self.mended.exists() and any((r.instance, r.instruction) == ("row-2", 1) for r in requests):
            raise ValueError("it broke")
        return super().predict(requests)


class Blind(Slow):
    sight = "blind"


class Viewer(Slow):
    sight = "opens"

    def predict(self, requests):
        return [request.answered(str(open_picture(request.image).size)) for request in requests]


class Keyed(Slow):
    def __init__(self, api_key="", max_tokens="5"):
        super().__init__()
"""
NAMES = ("Slow", "Broken", "Blind", "Viewer", "Keyed")


def install_adapters(folder):
    """Install a package of adapters where Python finds it once the folder is on its path."""
    (folder / "odd_models.py").write_text(ADAPTERS)
    information = folder / "odd_models-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: odd-models\nVersion: 1.0\n")
    lines = [f"{name.lower()} = odd_models:{name}" for name in NAMES]
    (information / "entry_points.txt").write_text("\n".join(["[mibench.adapters]", *lines]))
    return folder


def choice_rows(count):
    """NLVR-like rows; the target alternates between yes and no."""
    for number in range(count):
        instance = Instance(
            id=f"row-{number}",
            image=f"images/{number // 2}.png",
            fields={"text": f"Statement {number}."},
            options=("yes", "no"),
            targets=("yes" if number % 2 == 0 else "no",),
            group=f"group-{number // 2}",
        )
        yield Row(instance, lambda: PNG)


def text_rows(count):
    """Rows of reading: several references, none shown as an option."""
    for number in range(count):
        instance = Instance(
            id=f"row-{number}",
            image=f"images/{number}.png",
            fields={"question": f"What does sign {number} say?"},
            targets=(f"north gate {number}", "the north gate"),
            group=f"row-{number}",
        )
        yield Row(instance, lambda: PNG)


def make_data(path, count=6, tasks=("nlvr", "text_vqa")):
    rows = {"nlvr": choice_rows, "text_vqa": text_rows}
    for task in tasks:
        store_task(path, task, rows[task](count), world="official", source="test", reader="1")
    return DataFolder(path)


def answers(data, task, answer):
    """Return one row of predictions for each instance and instruction; `answer` takes both."""
    return [
        {"instance": row.id, "instruction": number, "prediction": answer(row, number)}
        for row in data.instances(task)
        for number in range(1, 6)
    ]


def write_lines(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def make_submission(folder, data, answer=lambda row, number: row.targets[0]):
    """Write a complete submission; by default it is perfect."""
    folder.mkdir(parents=True)
    cards = [load_cards()[task] for task in data.manifest.tasks]
    write_description(folder, describe("Test", Model(name="test"), cards, data))
    for card in cards:
        write_lines(folder / "predictions" / f"{card.name}.jsonl", answers(data, card.name, answer))
    return folder


def opened(folder, data):
    return Submission(folder, read_description(folder), load_cards(), data)


def task_scores(card, metrics, n=200):
    """Return the scores of a task from the five of each metric, the primary one first, without intervals."""
    primary = next(iter(metrics))
    return TaskScores(
        n=n,
        groups=n,
        suite=card.suite,
        primary=primary,
        metrics={name: spread(values) for name, values in metrics.items()},
        chance=None,
        at_chance=None,
        robustness=Robustness(sensitivity_by_wordings=sensitivity_by_wordings(metrics[primary]), notes=[]),
    )
