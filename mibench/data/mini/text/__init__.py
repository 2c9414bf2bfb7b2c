"""The text world: a generator for each of the twelve categories of held-out NLP tasks."""

from collections.abc import Callable, Iterator, Mapping

from mibench.cards import TaskCard
from mibench.data.mini.text.answerability import answerability
from mibench.data.mini.text.cause_effect import cause_effect
from mibench.data.mini.text.coreference import coreference
from mibench.data.mini.text.data_to_text import data_to_text
from mibench.data.mini.text.dialogue_act import dialogue_act
from mibench.data.mini.text.grammar_correction import grammar_correction
from mibench.data.mini.text.keyword_tagging import keyword_tagging
from mibench.data.mini.text.overlap_extraction import overlap_extraction
from mibench.data.mini.text.question_rewriting import question_rewriting
from mibench.data.mini.text.textual_entailment import textual_entailment
from mibench.data.mini.text.title_generation import title_generation
from mibench.data.mini.text.word_analogy import word_analogy
from mibench.data.rows import Row

GENERATORS: Mapping[str, Callable[[TaskCard, int], Iterator[Row]]] = {
    "answerability": answerability,
    "cause_effect": cause_effect,
    "coreference": coreference,
    "data_to_text": data_to_text,
    "dialogue_act": dialogue_act,
    "grammar_correction": grammar_correction,
    "keyword_tagging": keyword_tagging,
    "overlap_extraction": overlap_extraction,
    "question_rewriting": question_rewriting,
    "textual_entailment": textual_entailment,
    "title_generation": title_generation,
    "word_analogy": word_analogy,
}
"""By the name under which a card asks for its generator."""
