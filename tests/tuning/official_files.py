"""A few rows of training data in the official layout, and a small OFA to tune on them."""

import json

from PIL import Image

from mibench.tuning.recipe import read_recipe
from tests.instructions.template_files import HEAD, TAIL, write_source
from tests.ofa.builders import make_tokenizer
from tests.ofa.conftest import SMALL

TEMPLATES = r"""
    if task == 'image_caption':
        instructs = [f"Say it.", f"Tell it.", f"Name it.", f"Put it.", f"Word it."]
    elif task == 'VQA':
        instructs = [
            f"{question}{options_str}", f"Ask {question}{options_str}", f"Now {question}{options_str}",
            f"Then {question}{options_str}", f"So {question}{options_str}",
        ]
    elif task == 'VG':
        instructs = [f"Find {text}.", f"Seek {text}.", f"Where? {text}", f"At? {text}", f"Spot {text}."]
"""


def row(task, number, **changes):
    fields = {"unique_id": f"{task}_{number}", "task_name": task, "image_path": f"pictures/{number % 3}.png"}
    kinds = {
        "image_caption": {"target_txt": f"a picture {number}"},
        "VQA": {"question": f"is it {number}?", "options": ["no", "yes"], "target_txt": "yes"},
        "VG": {"region": [[1, 2, 10, 12]], "text": f"thing {number}"},
    }
    return fields | {"image_source": "made"} | kinds[task] | changes


def write_official(folder, *, rows=6):
    """Write a folder of training data with three tasks, its pictures and its templates, and return both paths."""
    for task in ("image_caption", "VQA", "VG"):
        file = folder / "training_data" / task / "train.jsonl"
        file.parent.mkdir(parents=True)
        file.write_text("".join(json.dumps(row(task, number)) + "\n" for number in range(rows)))
    (folder / "pictures").mkdir()
    for number in range(3):
        Image.new("RGB", (20 + number, 24), (40 * number, 90, 200)).save(folder / "pictures" / f"{number}.png")
    return folder, write_source(folder, HEAD + TEMPLATES + TAIL)


def write_natural(folder, *, held_out=("task9_held",), rows=4):
    """Write two tasks of Natural Instructions, one of which is not English, and return the folder."""
    (folder / "splits" / "default").mkdir(parents=True)
    (folder / "tasks").mkdir()
    for name, language in (("task1_one", "English"), ("task2_other", "German"), ("task3_three", "English")):
        content = {
            "Definition": [f"Do {name}."],
            "Input_language": [language],
            "Output_language": [language],
            "Instances": [
                {"id": f"{name}-{number}", "input": f"text {number}", "output": [f"out {number}", "or"]}
                for number in range(rows)
            ],
        }
        (folder / "tasks" / f"{name}.json").write_text(json.dumps(content))
    (folder / "splits/default/train_tasks.txt").write_text("task1_one\ntask2_other\ntask3_three\n")
    (folder / "splits/default/test_tasks.txt").write_text("\n".join(held_out) + "\n")
    return folder


def write_model(folder, **changes):
    """Write a small random OFA and its vocabulary, and return the folder."""
    import torch

    from mibench.ofa import OFAConfig, OFAForConditionalGeneration

    tokenizer = make_tokenizer(folder)
    settings = SMALL | {"vocab_size": len(tokenizer), "max_position_embeddings": 1024, **changes}
    torch.manual_seed(0)
    OFAForConditionalGeneration(OFAConfig(**settings)).save_pretrained(folder)
    return folder


def write_recipe(folder, **changes):
    """Write a recipe that tunes the model on the three tasks, and return its path."""
    content = {
        "name": "small",
        "data": {
            "official": str(folder / "data"),
            "templates": str(folder / "data" / "instruction_templates.py"),
            "natural_instructions": str(folder / "natural"),
        },
        "strategy": "multi",
        "model": {"folder": str(folder / "ofa")},
        "image_size": 32,
        "optimiser": {"learning_rate": 0.003, "warmup": 0.1},
        "batch": 6,
        "micro_batch": 4,
        "steps": 4,
        "log_every": 1,
        "checkpoint_every": 2,
    }
    path = folder / "recipe.yaml"
    path.write_text(json.dumps(content | changes))
    return path


def recipe(folder, **changes):
    return read_recipe(write_recipe(folder, **changes))
