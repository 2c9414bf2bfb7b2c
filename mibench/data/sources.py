"""Where the owners offer their files: one table for all tasks, by the name of the reader that a card asks for.

Addresses are those of the official preparation's scripts, or of the owners' own pages. A size or a digest stands here
where it is certain: counted in the owners' repository at the commit that the address names, or published. Most owners
publish none; what the server announces is then what a file is held to.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from mibench.cards import TaskCard
from mibench.errors import InputError

MIB, GIB = 1 << 20, 1 << 30


@dataclass(frozen=True)
class Licence:
    """What the owners of a part of a data set allow.

    Attributes:
        covers: the part.
        name: of the licence, or that there is none.
        link: where it can be read.
        asks: what the owners ask of whoever uses it.

    """

    covers: str
    name: str
    link: str
    asks: str


@dataclass(frozen=True)
class Archive:
    """What is taken out of an archive.

    Attributes:
        gives: files and folders, as they then lie in the data set's folder; nothing else is unpacked.
        inside: the folder of the archive that holds them.
        contents: how many files these are, and their bytes, where that is known.

    """

    gives: tuple[str, ...]
    inside: str = ""
    contents: tuple[int, int] | None = None


@dataclass(frozen=True)
class File:
    """One file of an owner. `{task}` in its name and its address stands for the task's name.

    Attributes:
        name: where it lies in the data set's folder.
        address: empty where the user must fetch it.
        at_most: bytes; no more are taken.
        size: bytes exactly, where known.
        digest: `sha256:` or `md5:` and hexadecimal digits, where known.
        archive: what is unpacked, if it is an archive.
        by_hand: how to get it where it has no address; where it has one, what else there is should that fail.
        instead: other places in the folder, any of which will do as well.
        plain_http: the owners offer nothing better; only with a digest.

    """

    name: str
    address: str = ""
    at_most: int = GIB
    size: int | None = None
    digest: str | None = None
    archive: Archive | None = None
    by_hand: str = ""
    instead: tuple[str, ...] = ()
    plain_http: bool = False

    def __post_init__(self) -> None:
        parts = urlsplit(self.address)
        secure = parts.scheme == "https" or is_loopback(parts.hostname) or (self.plain_http and self.digest)
        if self.address and not secure:
            raise ValueError(f"{self.address} is plain http: it needs plain_http=True and a digest")
        if not (self.address or self.by_hand):
            raise ValueError(f"{self.name} has neither an address nor a way to get it by hand")

    def of(self, task: str) -> "File":
        """Return the file of one task."""
        return replace(self, name=self.name.replace("{task}", task), address=self.address.replace("{task}", task))

    def is_there(self, folder: Path) -> bool:
        """Tell whether a data set's folder holds the file, or what it gives."""
        if any((folder / name).exists() for name in self.instead):
            return True
        if self.archive:
            return all((folder / name).exists() for name in self.archive.gives)
        place = folder / self.name
        return place.exists() and not (self.address and self.fault_of(place))

    def fault_of(self, path: Path) -> str:
        """Return why a file is not the owners' own; nothing where it may be."""
        size = path.stat().st_size
        if self.size not in (None, size):
            return f"it has {size:,} bytes, not {self.size:,}"
        if self.digest:
            algorithm, _, published = self.digest.partition(":")
            with path.open("rb") as content:
                found = hashlib.file_digest(content, algorithm).hexdigest()
            if found != published:
                return f"its {algorithm} is {found}, not {published}"
        return ""


@dataclass(frozen=True)
class Source:
    """A data set.

    Attributes:
        title: its name, for people.
        licences: all that apply.
        files: in the order in which they are fetched, small ones first.
        makes: a file that is then made of the others in their folder, and by what.

    """

    title: str
    licences: tuple[Licence, ...]
    files: tuple[File, ...]
    makes: tuple[str, Callable[[Path, Path], None]] | None = None


@dataclass(frozen=True)
class DataSet:
    """The files of a data set that some tasks need.

    Attributes:
        name: of its folder.
        source: who offers them.
        tasks: which need them.

    """

    name: str
    source: Source
    tasks: tuple[str, ...]

    def missing(self, output: Path) -> tuple[File, ...]:
        """Return the files that are not there yet, each once."""
        files = dict.fromkeys(file.of(task) for file in self.source.files for task in self.tasks)
        return tuple(file for file in files if not file.is_there(output / self.name))


def data_sets(cards: Iterable[TaskCard]) -> list[DataSet]:
    """Return the data sets of some tasks, each once.

    Raises:
        InputError: the table has no entry for a task.

    """
    tasks: dict[str, list[str]] = {}
    for card in cards:
        if card.data is None or card.data.reader not in SOURCES:
            message = f"where the files of {card.name} are is not known here"
            raise InputError(message, remedy=f"see {card.source.homepage}")
        tasks.setdefault(card.data.reader, []).append(card.name)
    return [DataSet(name, SOURCES[name], tuple(names)) for name, names in tasks.items()]


def is_loopback(host: str | None) -> bool:
    """Tell whether a host is this machine."""
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return host == "localhost"


class _Pair(msgspec.Struct):
    gold_label: str
    pair_id: str = msgspec.field(name="pairID")


SNLI_PARTS = tuple(f"snli_1.0_{part}.jsonl" for part in ("train", "dev", "test"))
SNLI_VE_PICTURES, SNLI_VE_TEST = "flickr30k_test.lst", "snli_ve_test.jsonl"
SNLI_VE_ROWS = 17_901


def make_snli_ve_test(folder: Path, output: Path, *, rows: int = SNLI_VE_ROWS) -> None:
    """Write the test split of SNLI-VE, which its owners publish as a rule: the pairs of SNLI on these pictures.

    Args:
        folder: holds SNLI's three files and the owners' list of pictures.
        output: the file to write, in the owners' order.
        rows: how many there must be, by the owners' count.

    Raises:
        InputError: a row of SNLI cannot be read, or the count is another.

    """
    names = (folder / SNLI_VE_PICTURES).read_text(encoding="utf-8").split()
    pairs: dict[str, list[bytes]] = {name: [] for name in names}
    for picture, line in _pairs_on_pictures(folder):
        if picture in pairs:
            pairs[picture].append(line)
    lines = [line for name in names for line in pairs[name]]
    if len(lines) != rows:
        message = f"{len(lines)} pairs on the pictures of {SNLI_VE_PICTURES}, their owners counted {rows}"
        raise InputError(message, file=folder, remedy="remove the files there and fetch them anew")
    partial = output.with_name(f"{output.name}.part")
    partial.write_bytes(b"".join(lines))
    partial.replace(output)


def _pairs_on_pictures(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield (picture, line to write) of each pair that people agreed on and that shows a picture of Flickr30K."""
    decoder = msgspec.json.Decoder(_Pair)
    for file in map(folder.joinpath, SNLI_PARTS):
        with file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    pair = decoder.decode(line)
                    if pair.gold_label == "-" or "vg_" in pair.pair_id:
                        continue
                    picture = pair.pair_id.partition(".jpg")[0]
                    row = msgspec.json.decode(line, type=dict[str, object]) | {"Flickr30K_ID": picture}
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                    raise InputError(f"not a row of SNLI: {error}", file=file, line=number) from None
                yield picture, msgspec.json.encode(dict(sorted(row.items()))) + b"\n"


_CC_BY = "https://creativecommons.org/licenses/by/4.0/"
_COCO = Licence(
    "pictures",
    "Flickr's terms of use; each picture under its own licence",
    "https://cocodataset.org/#termsofuse",
    "keep to Flickr's terms; the owners of COCO hold no rights in the pictures",
)
_NLVR = "18924841aa96d519cfb8584f0945350f07a6d860"
_SNLI_VE = "e6cf745d2e677a2ad878b3cc095cde75c0bbb144"
_VSR = "b27a0af0ee1462d2b6b92c8c83e869d9254a241a"
_RAW = "https://raw.githubusercontent.com"
_NI = f"{_RAW}/allenai/natural-instructions/v2.8"

SOURCES: Mapping[str, Source] = {
    "nlvr": Source(
        "NLVR v1",
        (Licence("all", "CC-BY-4.0", _CC_BY, "name the authors: Suhr, Lewis, Yeh and Artzi, 2017"),),
        (
            File(
                "nlvr.zip",
                f"https://github.com/lil-lab/nlvr/archive/{_NLVR}.zip",
                archive=Archive(("test",), inside=f"nlvr-{_NLVR}/nlvr", contents=(5_941, 15_827_615)),
                by_hand="see https://github.com/lil-lab/nlvr, whose folder nlvr/test is what is needed",
            ),
        ),
    ),
    "vsr": Source(
        "VSR",
        (
            Licence(
                "sentences",
                "Apache-2.0",
                "https://github.com/cambridgeltl/visual-spatial-reasoning/blob/master/LICENSE",
                "keep the notice",
            ),
            _COCO,
        ),
        (
            File(
                "splits/zeroshot/test.jsonl",
                f"{_RAW}/cambridgeltl/visual-spatial-reasoning/{_VSR}/data/splits/zeroshot/test.jsonl",
                size=380_380,
                digest="sha256:914d9156723b912d8f794b179248af865a68c5f81c9d8e3a21d007778cacaad4",
            ),
            File(
                "vsr_images.zip",
                "https://www.dropbox.com/s/0s3bj25s62crjh2/vsr_images.zip?dl=1",
                at_most=8 * GIB,
                archive=Archive(("images",)),
                by_hand="train2017.zip and val2017.zip of https://cocodataset.org/#download hold the pictures as well",
                instead=("train2017", "trainval2017"),
            ),
        ),
    ),
    "snli_ve": Source(
        "SNLI-VE",
        (
            Licence(
                "sentences",
                "CC-BY-SA-4.0",
                "https://nlp.stanford.edu/projects/snli/",
                "name the authors of SNLI (Bowman et al., 2015) and of SNLI-VE; share alike",
            ),
            Licence(
                "pictures",
                "Flickr's terms of use",
                "https://hockenmaier.cs.illinois.edu/DenotationGraph/",
                "non-commercial research and teaching only",
            ),
        ),
        (
            File(
                SNLI_VE_PICTURES,
                f"{_RAW}/necla-ml/SNLI-VE/{_SNLI_VE}/data/{SNLI_VE_PICTURES}",
                size=10_732,
                digest="sha256:40d78add9de08ec73a269bd5f8fd5230c91e2705fb0b3640f44bc1dcdb329b30",
            ),
            File(
                "snli_1.0.zip",
                "https://nlp.stanford.edu/projects/snli/snli_1.0.zip",
                digest="sha256:afb3d70a5af5d8de0d9d81e2637e0fb8c22d1235c2749d83125ca43dab0dbd3e",
                archive=Archive(SNLI_PARTS, inside="snli_1.0"),
            ),
            File(
                "flickr30k-images.tar.gz",
                at_most=16 * GIB,
                archive=Archive(("flickr30k-images",)),
                by_hand="ask for the pictures of Flickr30K at https://forms.illinois.edu/sec/229675",
                instead=("flickr30k_images", "Flickr30K/images", "Flickr30K/flickr30k_images"),
            ),
        ),
        makes=(SNLI_VE_TEST, make_snli_ve_test),
    ),
    "text_vqa": Source(
        "TextVQA 0.5.1",
        (
            Licence("questions and answers", "CC-BY-4.0", "https://textvqa.org/dataset/", "name the authors"),
            Licence(
                "pictures",
                "CC-BY-2.0, by Open Images",
                "https://storage.googleapis.com/openimages/web/factsfigures.html",
                "check each picture's licence yourself",
            ),
        ),
        (
            File("TextVQA_0.5.1_val.json", "https://dl.fbaipublicfiles.com/textvqa/data/TextVQA_0.5.1_val.json"),
            File(
                "train_val_images.zip",
                "https://dl.fbaipublicfiles.com/textvqa/images/train_val_images.zip",
                at_most=16 * GIB,
                archive=Archive(("train_images",)),
                by_hand="see https://textvqa.org/dataset/",
            ),
        ),
    ),
    "visual7w": Source(
        "Visual7W",
        (
            Licence(
                "questions and boxes",
                "none is named",
                "https://ai.stanford.edu/~yukez/visual7w/",
                "cite Zhu, Groth, Bernstein and Fei-Fei, 2016",
            ),
            _COCO,
        ),
        (
            File(
                "dataset_v7w_pointing.zip",
                "https://ai.stanford.edu/~yukez/papers/resources/dataset_v7w_pointing.zip",
                archive=Archive(("dataset_v7w_pointing.json",)),
                by_hand="see https://ai.stanford.edu/~yukez/visual7w/",
            ),
            File(
                "visual7w_images.zip",
                at_most=16 * GIB,
                archive=Archive(("images",)),
                by_hand="fetch http://vision.stanford.edu/yukezhu/visual7w_images.zip; its owners offer it over plain "
                "http only and publish no digest, so that nothing here could tell if it was changed on the way",
            ),
        ),
    ),
    "visdial": Source(
        "VisDial 1.0",
        (Licence("dialogues", "CC-BY-4.0", "https://visualdialog.org/data", "name the authors"), _COCO),
        (
            File(
                "visdial_1.0_val.zip",
                "https://www.dropbox.com/s/ibs3a0zhw74zisc/visdial_1.0_val.zip?dl=1",
                archive=Archive(("visdial_1.0_val.json",)),
                by_hand="see https://visualdialog.org/data",
            ),
            File(
                "VisualDialog_val2018.zip",
                "https://www.dropbox.com/s/twmtutniktom7tu/VisualDialog_val2018.zip?dl=1",
                at_most=4 * GIB,
                archive=Archive(("VisualDialog_val2018",)),
                by_hand="see https://visualdialog.org/data",
            ),
        ),
    ),
    "medic": Source(
        "MEDIC",
        (
            Licence(
                "all",
                "CC-BY-NC-SA-4.0",
                "https://crisisnlp.qcri.org/medic/",
                "non-commercial use; share alike; keep to the terms of use in the archive",
            ),
        ),
        (
            File(
                "MEDIC.tar.gz",
                "https://crisisnlp.qcri.org/data/medic/MEDIC.tar.gz",
                at_most=32 * GIB,
                archive=Archive(("MEDIC_test.tsv", "data")),
                by_hand="see https://crisisnlp.qcri.org/medic/",
            ),
        ),
    ),
    "vcr": Source(
        "VCR",
        (
            Licence(
                "all",
                "research only, by the terms of the data set",
                "https://visualcommonsense.com/download/",
                "agree to the owners' terms on that page",
            ),
        ),
        (
            File(
                "vcr1annots.zip",
                archive=Archive(("val.jsonl",)),
                by_hand="agree to the terms at https://visualcommonsense.com/download/ and fetch the annotations",
            ),
            File(
                "vcr1images.zip",
                at_most=32 * GIB,
                archive=Archive(("vcr1images",)),
                by_hand="agree to the terms at https://visualcommonsense.com/download/ and fetch the images",
            ),
        ),
    ),
    "hateful_memes": Source(
        "Hateful Memes",
        (
            Licence(
                "all",
                "research only, by the terms of the data set",
                "https://www.drivendata.org/competitions/70/hateful-memes-phase-2/",
                "register and agree to the owners' terms on that page",
            ),
        ),
        tuple(
            File(
                name,
                by_hand="register at https://www.drivendata.org/competitions/70/hateful-memes-phase-2/, fetch the data "
                f"set, unpack it, and take {name} out of it",
            )
            for name in ("test_unseen.jsonl", "img")
        ),
    ),
    "natural_instructions": Source(
        "Natural Instructions v2",
        (
            Licence(
                "collection",
                "Apache-2.0",
                "https://github.com/allenai/natural-instructions",
                "keep the notice; the instances of each task are under their own licence, which its file names",
            ),
        ),
        (
            File("splits/default/test_tasks.txt", f"{_NI}/splits/default/test_tasks.txt", at_most=MIB),
            File("tasks/{task}.json", f"{_NI}/tasks/{{task}}.json", at_most=128 * MIB),
        ),
    ),
}
"""By the reader's name, which is also the folder's."""
