"""The nine groups of training tasks of MultiInstruct, and the order in which the paper adds them.

The groups are those of the paper's overview of tasks, by the official names of the release. Three tasks of the release
are not named there and stand with their kind: `VQA_activity_recognition` and `VQA_attribute` with the other questions
of their source, `region_object_selection` beside `object_region_selection`. Region Area, which is named, has no data.
"""

from collections.abc import Mapping

GROUPS: Mapping[str, tuple[str, ...]] = {
    "visual_relationship": (
        "object_relationship",
        "visual_object_identification",
        "visual_subject_identification",
        "visual_object_region",
        "visual_subject_region",
        "visual_attribute",
    ),
    "vqa": ("VQA", "open-domain_VQA"),
    "temporal_ordering": (
        "wikihow_next_step",
        "wikihow_immediate_next_step_selection",
        "wikihow_image_text_step_order",
        "wikihow_text_image_step_order",
    ),
    "grounded_generation": (
        "GC",
        "VG",
        "object_grounding",
        "region_generation",
        "text_localization",
        "descriptive_object_region_generate",
        "object_description_generate",
    ),
    "grounded_matching": (
        "object_match",
        "object_region_match",
        "object_region_selection",
        "region_object_selection",
        "region_text_match",
        "region_caption_match",
        "missing_object_selection",
        "VG_selection",
        "GC_selection",
        "descriptive_object_region_select",
    ),
    "region_understanding": (
        "select_overlap_most_region",
        "select_overlap_least_region",
        "select_overlaped_region",
        "select_nonoverlaped_region",
        "if_region_overlap",
    ),
    "image_understanding": (
        "VQA_activity_recognition",
        "VQA_attribute",
        "VQA_color",
        "VQA_counting",
        "VQA_object_presence",
        "VQA_object_recognition",
        "VQA_positional_reasoning",
        "VQA_scene_recognition",
        "VQA_sentiment_understanding",
        "VQA_sport_recognition",
        "VQA_utility_affordance",
        "image_quality",
    ),
    "image_text_matching": ("ITM", "image_text_selection", "question_image_match"),
    "miscellaneous": ("text_type", "text_legibility", "multimodal_factual_checking", "image_caption"),
}

GROWING: tuple[tuple[str, ...], ...] = (
    ("image_understanding", "vqa"),
    ("grounded_matching", "grounded_generation"),
    ("miscellaneous", "temporal_ordering", "image_text_matching"),
    ("visual_relationship",),
    ("region_understanding",),
)
"""What the paper's ablation of task clusters adds, step by step."""
