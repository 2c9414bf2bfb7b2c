"""Metrics: one prediction and its references give a score in [0, 1].

Task cards ask for a metric by its name in `METRICS`.
"""

from collections.abc import Mapping

from mibench.metrics.accuracy import accuracy, accuracy_lenient, accuracy_strict
from mibench.metrics.boxes import accuracy_iou, accuracy_iou50
from mibench.metrics.metric import Metric
from mibench.metrics.rouge import rouge_l, rouge_l_many, rouge_l_stem, rouge_l_stem_many
from mibench.metrics.vqa import vqa_accuracy

METRICS: Mapping[str, Metric] = {
    "accuracy": Metric(accuracy, 1, "nfkc+lower+space+endpunct"),
    "accuracy_strict": Metric(accuracy_strict, 1, "raw"),
    "accuracy_lenient": Metric(accuracy_lenient, 1, "first-option-named"),
    "accuracy_options": Metric(accuracy_strict, 1, "likeliest-option+ties-share", reads="likeliest"),
    "accuracy_options_per_token": Metric(
        accuracy_strict, 1, "likeliest-option-per-token+ties-share", reads="likeliest"
    ),
    "accuracy_iou": Metric(accuracy_iou, 1, "best-overlapping-option"),
    "accuracy_iou50": Metric(accuracy_iou50, 1, "iou>=0.5"),
    "vqa_accuracy": Metric(vqa_accuracy, 1, "10-answers+official-normalisation"),
    "rouge_l": Metric(rouge_l, 1, "f1+nostem+best-ref", rules=rouge_l_many),
    "rouge_l_stem": Metric(rouge_l_stem, 1, "f1+porter+best-ref", rules=rouge_l_stem_many),
}
