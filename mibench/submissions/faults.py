"""The error that lists what is wrong with a submission."""

from mibench.errors import InputError
from mibench.faults import Faults


class InvalidSubmissionError(InputError):
    """A submission with faults; its message lists them as `validate` would."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        super().__init__(str(faults))
