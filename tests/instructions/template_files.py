"""A file in the constructs of the official one, in words of our own; and both kinds run, to compare prompts."""

import json
import random
import subprocess
import sys

HEAD = r"""# a comment
import string
import random

random.seed(3)


def build_instruction(task, text=None, options=None, region=None, context=None, question=None, answer=None,
                      meta_data=None, target=None, use_natural=False, instruction_id=-1):
    picture = "photo" # comes before the answer
    options_token = "\n\n[Options]:"
    region_token = "Places: "
    split_token = "||||"
    region_split_token = "||||"
    if options:
        random.shuffle(options)
        if use_natural  == 'use_natural':
            numbers = list(range(1, len(options)+1))
            letters = [f'({c})' for c in string.ascii_lowercase]
            options_str = [f'{numbers[i]}. {option}' for i, option in enumerate(options)]
            options_str = ', '.join(options_str)
        else:
            options_str = f'{options_token} {split_token.join(options)}'
"""

TRAINING = r'''
    if task == 'describe':
        instructs=[
            f"""Say what you see.""",
            "No f-string, \A stray backslash, {braces} and \"quotes\".",
            f"""Braces {{stay}} in the {picture}, as do ünïcode and 漢字.""",
            f"""First"""
            f""" and second in one.""",
            "Added " + f"""up in the {picture}.""",
        ]
    elif task == 'same':
        instructs = [f"{question}{options_token} {split_token. join(options)}"] + []
    elif task == 'places':
        instructs = [
            f"""{region_token}{region_split_token.join(region)}?""",
            f"""First {region[0]}, then {region[1]}. {options_token} {split_token.join(options)}""",
            f"""{question}{options_token}\n\n Which? {split_token.join(options)}.""",
            f"""What {meta_data['relation']} this?
            """,
            f"""{' and '.join([text, question, 'more'])}""",
            f"""A sixth.""",
        ]
    elif task == 'subject':
        region=  region_split_token.join(meta_data['object_regions']['subject'])
        instructs = [f"""{n} {region}""" for n in '12345']
        instructs = [f"""A {region}""", f"""B {region}""", f"""C {region}""", f"""D {region}""", f"""E {region}"""]
    elif task == 'steps':
        context = '\n'.join(context) if len(context)>0 else '\"none\"'
        instructs = [f"A {context}", f"B {context}", f"C {context}", f"D {context}", f"E {context}"]
    elif task == 'fixed':
        options = ['after','before']
        random.shuffle(options)
        instructs = [
            f"A{options_token} {split_token.join(options)}", f"B{options_token} {split_token.join(options)}",
            f"C{options_token} {split_token.join(options)}", f"D{options_token} {split_token.join(options)}",
            f"E{options_token} {split_token.join(options)}",
        ]
    elif task == 'shown_as_a_list':
        instructs = [f"A {region}", f"B {region}", f"C {region}", f"D {region}", f"E"]
    elif task == 'gone':
        # instructs = [f"{question}"]
        raise NotImplementedError
    elif task == 'four':
        instructs = [f"A", f"B" f"C", f"D", f"E"]
'''

HELD_OUT = r'''
    elif task == 'visual_nli':
        instructs = [
            f"""Weigh it. It says: {text} {options_str}""",
            f"""May one infer \"{text}\" here?{options_str}""",
            f"""{text}\nHolds?{options_str}""",
            f"""Supported: {text}{options_str}""",
            f"""Proof of \"{text}\"?{options_str}"""
        ]
    elif task == 'natural_language_visual_reasoning':
        instructs = [
            f"""Sound? {text}{options_str}""",
            f"""\"{text}\"\n\nSound or not?{options_str}""",
            f"""Judge:{text}{options_str}""",
            f"""Is it so that \"{text}\"?{options_str}""",
            f"""{text} Right?{options_str}""",
        ]
    elif task == 'visual_spatial_reasoning':
        instructs = [
            f"""Where things lie.\n\nClaim{text}{options_str}""",
            f"""Do they lie {{options}} so: {text}{options_str}""",
            f"""{options_str} These are on offer for: {text}""",
            f"""\"{text}\"?{options_str}""",
            f"""Agree with {text}?{options_str}""",
        ]
    elif task == 'commonsense_VQA':
        region_info= ' '.join([ f"{k} is in {v[0]}."  for k, v in meta_data['object_regions'].items()])
        if instruction_id >=2:
            for k, v in meta_data['object_regions'].items():
                if k in question:
                    question = question.replace(k, f"the {k} in {' '.join(v)}")
        instructs = [
            f"""{question} {region_info}{options_str}""",
            f"""Places: {region_info}\nSo, {question}{options_str}""",
            f"""{question}{options_str}""",
            f"""Think, {question}{options_str}""",
            f"""Reply to {question}{options_str}""",
        ]
    elif task == 'text_vqa':
        instructs = [
            f"""Read.\n\n{question}""",
            f"""Reply to {question} by reading.""",
            f"""Letters tell {{question}}: {question}""",
            f"""See and {question}""",
            f"""{question}""",
        ]
    elif task == 'grounded_VQA':
        instructs = [
            f"""Which box? {question}{options_str}""",
            f"""A box for \"{question}\"{options_str}""",
            f"""One of these for \"{question}\"{options_str}""",
            f"""Point: \"{question}\"{options_str}""",
            f"""{question}{options_token} {split_token.join(options)}""",
        ]
    elif task == 'visual_dialog':
        dial_history = [ f"{dial_turn['q']}, {dial_turn['a']};" for dial_turn in meta_data['dialog_hist']]
        if len(dial_history) > 0:
            instructs = [
                f"""Before: {' '.join(dial_history)}\nNow: {question}?""",
                f"""Talk: {' '.join(dial_history)}\n\nNext.\n\nIt is: {question}?""",
                f"""A talk:\n\n{' '.join(dial_history)}\n{question}?""",
                f"""Last: {dial_history[-1]}\n\nThen {question}?""",
                f"""{question}?"""
            ]
        else:
            instructs = [
                f"""Begin.\n\nIt is: {question}?""",
                f"""Begin: {question}?""",
                f"""Begin with {question}?""",
                f"""Open, {question}?""",
                f"""{question}?"""
            ]
    elif task == 'visual_text_extraction':
        instructs = [
                     f"""Letters. They are""",
                     f"""Spell it.""",
                     f"""Which letters?""",
                     f"""It reads""",
                     f"""Copy the letters."""
        ]
    elif task == 'medic_disaster_types':
        instructs = [
            f"""What struck?{options_str}""",
            f"""Name it; if nothing, say so.{options_str}""",
            f"""Which one?{options_str}""",
            f"""Sort the {picture}.{options_str}""",
            f"""Kind of harm?{options_str}""",
        ]
'''

TAIL = r"""
    else:
        raise NotImplementedError

    assert len(instructs) >= 5, f"task {task} has only {len(instructs)} instructions"

    return random.choice(instructs), target
"""

SOURCE = HEAD + TRAINING + HELD_OUT + TAIL

_RUN = """
import importlib.util, json, random, sys
random.shuffle = lambda items: None
spec = importlib.util.spec_from_file_location("templates", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
for line in sys.stdin:
    call, number = json.loads(line)
    random.choice = lambda items: items if number is None else items[number]
    print(json.dumps(module.build_instruction(**call)[0]))
"""


def write_source(folder, source=SOURCE):
    path = folder / "instruction_templates.py"
    path.write_text(source, encoding="utf-8")
    return path


def run_templates(path, calls):
    """Run the function of a trusted file: for each (arguments, number), that prompt, or all where it is None."""
    lines = "".join(json.dumps(call) + "\n" for call in calls)
    command = [sys.executable, "-I", "-W", "ignore", "-c", _RUN, str(path)]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, encoding="utf-8", check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


PIECES = (
    *("", " ", "person 1", "person 10", "person 1 's", "?", "what is it", "{", "}", "{question}", "{{text}}"),
    *("{options}", "||||", "[Options]: ", "\n\n", "\n", "\t", '"', "'", "\\n", "%s", "ünï", "漢字", "🙂", "e\u0301"),
    *("\u200b", "\u2028"),
)


class Rows:
    """Random rows of the official preparation, as the function takes them."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def text(self):
        return " ".join(self.random.choices(PIECES, k=self.random.randint(0, 5)))

    def box(self):
        return " ".join(str(self.random.uniform(0, 900)) for _ in range(4))

    def row(self):
        names = self.random.sample([f"person {n}" for n in range(1, 13)] + ["dog 1", "{x}"], self.random.randint(0, 6))
        turns = [{"q": self.text(), "a": self.text()} for _ in range(self.random.choice([0, 1, 2, 9]))]
        return {
            "text": self.text(),
            "question": self.text(),
            "answer": self.text(),
            "context": self.text(),
            "options": [f"{n} {self.text()}" for n in range(self.random.choice([2, 3, 4, 12, 40]))],
            "region": [self.box() for _ in range(self.random.randint(2, 4))],
            "meta_data": {"object_regions": {name: [self.box()] for name in names}, "dialog_hist": turns},
        }
