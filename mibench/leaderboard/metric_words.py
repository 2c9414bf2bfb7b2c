"""What each metric asks of an answer, in a sentence for somebody who does not know it."""

from collections.abc import Mapping

_WORDS: Mapping[str, str] = {
    "accuracy": "Share of answers that equal an accepted one. Capitals, spacing and a final full stop do not count.",
    "accuracy_strict": "Share of answers that equal an accepted one to the letter.",
    "accuracy_lenient": "Share of answers in which the first option that is named is the right one.",
    "accuracy_options": "Share of rows where the model holds the right option to be the likeliest.",
    "accuracy_options_per_token": "The same, with long options not punished for their length.",
    "accuracy_iou": "Share of answers whose box overlaps the right one more than the other boxes on offer.",
    "accuracy_iou50": "Share of answers whose box covers at least half of what it and the right one cover together.",
    "vqa_accuracy": "How far an answer agrees with those of ten people, three of whom are enough.",
    "rouge_l": "How many of the accepted answer's words an answer has, in their order, less what it says beside them. "
    "100 is the same words, 0 is no word in common.",
    "rouge_l_stem": "As ROUGE-L, where the endings of words do not count.",
    "bleu_4": "Runs of up to four words that the answers share with the accepted ones.",
    "meteor": "Words that the answers share with the accepted ones, synonyms and word stems included.",
    "caption_rouge_l": "ROUGE-L as programs for captions compute it.",
    "cider": "Runs of words shared with the accepted answers, rare ones counted more. From 0 to 1000.",
}
NAMES: Mapping[str, str] = {"accuracy": "Accuracy", "rouge_l": "ROUGE-L", "vqa_accuracy": "VQA accuracy"}
"""As people call them; others go by their own name."""


def metric_words(name: str) -> str:
    """Return what a metric asks of an answer."""
    return _WORDS.get(name, "A metric of Hugging Face evaluate.")


def metric_name(name: str) -> str:
    """Return a metric's name for people."""
    return NAMES.get(name, name)
