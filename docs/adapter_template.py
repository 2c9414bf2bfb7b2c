"""A model of your own for mibench: copy this file, and put your model in the place of the brightness.

The `pyproject.toml` of your package makes it known; after `pip install`, `mibench run --model brightness` finds it:

[project.entry-points."mibench.adapters"]
brightness = "my_package.adapters:Brightness"
"""

from collections.abc import Mapping, Sequence

from PIL import ImageStat

from mibench.adapters.base import Sight
from mibench.adapters.pictures import open_picture
from mibench.instances import Answer, Request


class Brightness:
    """Takes the last option of the alphabet where a picture is bright, and else the first."""

    sight: Sight = "opens"  # by open_picture, so that the pictures of coming batches are decoded ahead

    def __init__(self, threshold: str = "0.5") -> None:
        """Load the model. --model-args sets the arguments, which are text; a ValueError is told in one line."""
        self.model_name = "brightness"
        self.decoding: Mapping[str, float] = {"threshold": float(threshold)}  # what answers depend on, for the record

    def predict(self, requests: Sequence[Request]) -> list[Answer]:
        """Answer a batch, one answer a request and in the same order; a real model would take them together."""
        return [self._answer(request) for request in requests]

    def _answer(self, request: Request) -> Answer:
        if request.image is None or not request.options:
            return request.failed("a picture and options are needed")
        brightness = ImageStat.Stat(open_picture(request.image).convert("L")).mean[0] / 255
        return request.answered(sorted(request.options)[-1 if brightness > self.decoding["threshold"] else 0])
