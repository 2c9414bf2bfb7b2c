"""The small frozen types that travel through the pipeline: Instance -> Request -> Prediction, or Failure."""

import msgspec


class Instance(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One row of a task, with its targets.

    Attributes:
        id: unique within the task.
        image: path of the picture, relative to the task's data folder; None for a text task.
        fields: the texts that instructions may name in braces.
        options: the answers to choose from, in the data's own order; empty where the answer is free.
        targets: all accepted references; the first is canonical.
        answers: what each of several people answered, with repetitions, where a metric asks for their consensus.
        group: what is resampled together, as rows that share an image.

    """

    id: str
    image: str | None = None
    fields: dict[str, str]
    options: tuple[str, ...] = ()
    targets: tuple[str, ...]
    answers: tuple[str, ...] = ()
    group: str


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a model is asked: one instance under one of the five instructions, without its targets.

    Attributes:
        instruction: 1 to 5.
        prompt: the text exactly as a model reads it.
        image: path of the picture, ready to open.
        options: the options in the order in which the prompt shows them.
        max_new_tokens: the card's limit on the answer's length.
        cut: the part of the prompt that is shortened at its end where a model reads no more; empty where there is none.

    """

    task: str
    instance: str
    instruction: int
    prompt: str
    image: str | None
    options: tuple[str, ...]
    max_new_tokens: int
    cut: str = ""

    def answered(
        self,
        text: str,
        option_scores: list[float] | None = None,
        option_scores_per_token: list[float] | None = None,
    ) -> "Prediction":
        """Return the prediction that answers this request."""
        return Prediction(
            task=self.task,
            instance=self.instance,
            instruction=self.instruction,
            text=text,
            option_scores=option_scores,
            option_scores_per_token=option_scores_per_token,
        )

    def failed(self, reason: str) -> "Failure":
        """Return that this request got no answer."""
        return Failure(task=self.task, instance=self.instance, instruction=self.instruction, reason=reason)


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """What a model answered.

    Attributes:
        text: the generated answer, untouched.
        option_scores: log-probability of each option in the order shown, where an adapter gives them.
        option_scores_per_token: the same divided by the number of the option's tokens.

    """

    task: str
    instance: str
    instruction: int
    text: str
    option_scores: list[float] | None = None
    option_scores_per_token: list[float] | None = None


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """A request that got no answer, and why; it is asked again when the run is continued."""

    task: str
    instance: str
    instruction: int
    reason: str


Answer = Prediction | Failure
