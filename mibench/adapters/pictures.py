"""Pictures as adapters open them, decoded in threads ahead of their need."""

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

THREADS = 4

_ahead: "dict[str, Future[Image]]" = {}


def open_picture(path: str) -> "Image":
    """Return a picture in RGB, from what was decoded ahead where it was.

    Raises:
        InputError: no file, or not a picture that can be read whole.

    """
    decoded = _ahead.get(path)
    return _read(path) if decoded is None else decoded.result()


class DecodingAhead:
    """Decodes the pictures of coming batches in threads, and forgets those that were used.

    What is held at any time is what `keep` was given last.
    """

    def __init__(self, threads: int = THREADS) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="pictures")

    def keep(self, paths: Iterable[str]) -> None:
        """Hold exactly these pictures: decode the new ones, let go of the others."""
        wanted = dict.fromkeys(paths)
        for path in _ahead.keys() - wanted.keys():
            _ahead.pop(path).cancel()
        for path in wanted:
            if path not in _ahead:
                _ahead[path] = self._pool.submit(_read, path)

    def close(self) -> None:
        """Let go of all, and end the threads."""
        self.keep(())
        self._pool.shutdown(cancel_futures=True)


def _read(path: str) -> "Image":
    from mibench.pictures import read_rgb

    return read_rgb(path)
