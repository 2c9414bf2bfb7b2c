"""The bundled model as an adapter: OFA in small, tuned on instructions, on bare names, or on words of instructions."""

import hashlib
from pathlib import Path

import mibench
from mibench.adapters.ofa import OFA
from mibench.errors import InputError

FOLDER = Path(mibench.__file__).parent / "ofa" / "mini"
"""Where the weights lie, in a folder for each kind."""
WEIGHTS = ("tuned", "base", "words")


class OFAMini(OFA):
    """OFA-mini, which needs no path: its weights come with the package."""

    def __init__(
        self,
        weights: str = "tuned",
        device: str = "auto",
        dtype: str = "fp32",
        constrain: str = "true",
        score_options: str = "false",
        beams: str = "1",
    ) -> None:
        """Load the model.

        Args:
            weights: tuned, base, which has seen no instruction, or words, which has seen their words alone.
            device: auto, or what torch calls it.
            dtype: auto, fp32, bf16 or fp16.
            constrain: whether an answer must be one of the options, where there are any.
            score_options: whether to record the log-probability of each option as well.
            beams: width of the search; 1 is greedy.

        Raises:
            InputError: the weights are not installed.
            ValueError: an argument has a wrong value.

        """
        if weights not in WEIGHTS:
            raise ValueError(f"weights={weights} is not one of {', '.join(WEIGHTS)}")
        folder = FOLDER / weights
        file = folder / "model.safetensors"
        if not file.is_file():
            remedy = "install mibench anew, from a whole checkout or a wheel"
            raise InputError(f"the weights of OFA-mini ({weights}) are not installed", file=folder, remedy=remedy)
        super().__init__(
            str(folder),
            beams=beams,
            dtype=dtype,
            device=device,
            no_repeat_ngram="0",
            constrain=constrain,
            score_options=score_options,
            boxes="all",
        )
        self.model_name = f"ofa-mini-{weights}"
        with file.open("rb") as content:
            self.revision = f"sha256:{hashlib.file_digest(content, 'sha256').hexdigest()}"
        self.decoding = {"weights": weights, **self.decoding}
