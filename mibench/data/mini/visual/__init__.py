"""Drawn scenes, and the nine multimodal tasks asked about them."""

from collections.abc import Callable, Iterator, Mapping

from mibench.cards import TaskCard
from mibench.data.mini.visual.commonsense import commonsense_vqa
from mibench.data.mini.visual.dialogue import visual_dialogue
from mibench.data.mini.visual.disaster import disaster_type_classification
from mibench.data.mini.visual.entailment import visual_entailment
from mibench.data.mini.visual.extraction import visual_text_extraction
from mibench.data.mini.visual.nlvr import nlvr
from mibench.data.mini.visual.pointing import grounded_vqa
from mibench.data.mini.visual.reading import text_vqa
from mibench.data.mini.visual.spatial import visual_spatial_reasoning
from mibench.data.rows import Row

GENERATORS: Mapping[str, Callable[[TaskCard, int], Iterator[Row]]] = {
    "commonsense_vqa": commonsense_vqa,
    "disaster_type_classification": disaster_type_classification,
    "grounded_vqa": grounded_vqa,
    "nlvr": nlvr,
    "text_vqa": text_vqa,
    "visual_dialogue": visual_dialogue,
    "visual_entailment": visual_entailment,
    "visual_spatial_reasoning": visual_spatial_reasoning,
    "visual_text_extraction": visual_text_extraction,
}
"""By the name under which a card asks for its generator."""
