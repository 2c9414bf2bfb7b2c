"""`mibench run`: ask a model, write a submission, score it."""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from mibench.cli.inputs import data_option, open_weights_option
from mibench.errors import InputError

if TYPE_CHECKING:
    from mibench.cards import TaskCard
    from mibench.running.engine import About, Engine
    from mibench.running.plan import Plan
    from mibench.running.worker import OnError
    from mibench.submissions.description import Description


_SECRET = re.compile(r"(^|[_-])(key|token|secret|password)$", re.IGNORECASE)
_USER = re.compile(r"(?<=://)[^/@\s]+(?=@)")

_log = logging.getLogger(__name__)


def _batch_size(ctx: click.Context, param: click.Parameter, value: str) -> int | str:
    if value != "auto" and not re.fullmatch("[1-9][0-9]{0,5}", value):
        raise click.BadParameter(f"{value!r} is neither a whole number above 0 nor auto")
    return value if value == "auto" else int(value)


def _instructions(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> tuple[Path | None, tuple[int, ...] | None]:
    """Return the file of an instruction set and the numbers of the instructions to ask; None means the usual ones."""
    lists = [value for value in values if re.fullmatch("[1-5](,[1-5])*", value)]
    files = [Path(value) for value in values if value not in lists and value != "builtin"]
    if len(lists) > 1 or len(files) > 1:
        raise click.BadParameter("give at most one file and one list of numbers")
    if files and not files[0].is_file():
        raise click.BadParameter(f"{str(files[0])!r} is neither builtin, a file, nor a list of instructions, 1 to 5")
    chosen = tuple(sorted(set(map(int, lists[0].split(","))))) if lists else ()
    return next(iter(files), None), chosen if 0 < len(chosen) < 5 else None


@click.command()
@click.option("--model", "model_name", required=True, help="The adapter: ofa-mini, hf, openai, ofa, random-option, ...")
@click.option("--model-args", "--model_args", default="", metavar="K=V,K=V", help="The adapter's arguments.")
@click.option("--device", help="Where the model runs: auto, cpu, cuda, cuda:1, mps.")
@click.option("--dtype", help="In which numbers it computes: auto, fp32, bf16, fp16.")
@click.option("--share-image/--no-share-image", default=None, help="Whether wordings share the picture's encoding.")
@click.option("--score-options", is_flag=True, default=None, help="Record the log-likelihood of each option as well.")
@click.option(
    "--insecure", is_flag=True, default=None, help="Let openai use plain http and proxies beyond this machine."
)
@click.option("--name", help="The submission's name on the leaderboard.  [default: the model's]")
@open_weights_option
@click.option("--tasks", metavar="A,B", help="Tasks or suites (multimodal, nlp).  [default: the benchmark]")
@click.option(
    "--instructions",
    multiple=True,
    callback=_instructions,
    metavar="FILE|1,3",
    help="A set that 'mibench instructions import' wrote, or some numbers of the five; may be given twice.",
)
@click.option("--blind", is_flag=True, help="Withhold the pictures: the text-only ablation.")
@data_option
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N instances a task.")
@click.option(
    "--batch-size",
    "--batch_size",
    callback=_batch_size,
    metavar="N|auto",
    default="64",
    show_default=True,
    help="Requests a batch; auto finds what is quickest. Fewer where memory runs out.",
)
@click.option("--seed", default=0, show_default=True, help="Seed of the order in which options are shown.")
@click.option(
    "--on-error",
    type=click.Choice(["fail", "record"]),
    default="fail",
    show_default=True,
    help="What a broken image or an error of the model does: stop the run, or fail that row alone.",
)
@click.option(
    "--engine",
    type=click.Choice(["local", "ray"]),
    default="local",
    show_default=True,
    help="One model in this process, or one on each of Ray's workers.",
)
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Ray's.  [default: one a GPU, or one a core]")
@click.option("--address", metavar="ADDRESS", help="Ray's cluster, as auto.  [default: this machine alone]")
@click.option(
    "--output",
    "--output_path",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The submission folder.  [default: submissions/NAME]",
)
@click.option("--resume/--no-resume", default=True, show_default=True, help="Go on where an interrupted run stopped.")
@click.option("--compress", "compressed", is_flag=True, help="Write .jsonl.zst instead of .jsonl.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Log lines on stderr as text, or each a JSON object.",
)
@click.pass_context
def run(
    ctx: click.Context,
    model_name: str,
    model_args: str,
    device: str | None,
    dtype: str | None,
    share_image: bool | None,
    score_options: bool | None,
    insecure: bool | None,
    name: str | None,
    open_weights: bool | None,
    tasks: str | None,
    instructions: tuple[Path | None, tuple[int, ...] | None],
    blind: bool,
    data_choice: str,
    limit: int | None,
    batch_size: int | Literal["auto"],
    seed: int,
    on_error: "OnError",
    engine: str,
    workers: int | None,
    address: str | None,
    output: Path | None,
    resume: bool,
    compressed: bool,
    log_format: Literal["text", "json"],
) -> None:
    """Ask a model every task under its five instructions, write a submission, and score it.

    \b
    Examples:
      mibench run --model random-option
      mibench run --model ofa-mini
      mibench run --model hf --model-args pretrained=llava-hf/llava-1.5-7b-hf --dtype bf16 --batch-size auto
      mibench run --model hf --model-args pretrained=google/flan-t5-base --tasks nlp
      mibench run --model openai --model-args base_url=http://localhost:8000/v1,model=my-model
      mibench run --model ofa --model-args path=ofa-base,beams=5 --engine ray --workers 8

    Every answer is on disk before the next is asked. An interrupted run goes on when the same command is given again,
    and ends with the same submission; a finished one is never overwritten. Requests that failed are counted as wrong,
    said to be so, and asked again by the same command. Ctrl-C stops when the batch is done.

    Exit status: 0 done, 1 done but for some requests that failed, 2 wrong use or bad input, 130 stopped.
    """
    from mibench.adapters.base import parse_arguments
    from mibench.cli.inputs import chosen_cards, known_cards, open_data, read_instructions, slug
    from mibench.cli.logs import start_logging
    from mibench.cli.stopping import graceful_stop
    from mibench.cli.watching import watching
    from mibench.running.plan import ALL_WORDINGS, Plan
    from mibench.running.runner import Interrupted, Run, check_output
    from mibench.running.sizing import Sizing
    from mibench.submissions.description import Model
    from mibench.submissions.writing import describe

    start_logging(log_format)
    model_name = model_name.replace("_", "-")
    folder = output or (Path("submissions") / slug(name) if name else None)
    if folder is not None:
        check_output(folder)
    known = known_cards(data_choice)
    cards = chosen_cards(tasks, known)
    flags = {
        "device": device,
        "dtype": dtype,
        "share_image": share_image,
        "score_options": score_options,
        "insecure": insecure,
    }
    arguments, given = parse_arguments(model_args), _as_arguments(flags)
    if twice := sorted(arguments.keys() & given.keys()):
        raise InputError(f"{twice[0]!r} stands twice: in --model-args and as a flag", remedy="give it once")
    data = open_data(data_choice, cards)
    set_file, wordings = instructions
    asked, own_words = read_instructions(set_file, known, cards)
    plan = Plan(data=data, seed=seed, limit=limit, instructions=asked, wordings=wordings or ALL_WORDINGS, blind=blind)
    with _engine(
        engine, model_name, arguments | given, workers=workers, address=address, on_error=on_error
    ) as carrying:
        _check_sight(model_name, carrying.about, plan, cards)
        about = carrying.about
        title = name or about.model_name
        folder = folder or Path("submissions") / slug(title)
        description = describe(
            title,
            Model(
                name=about.model_name,
                revision=about.revision,
                parameters=about.parameters,
                open_weights=open_weights,
            ),
            cards,
            data,
            adapter=model_name,
            decoding=about.decoding,
            seed=seed,
            limit=limit,
            instructions=asked.digest,
            own_words=own_words,
            wordings=wordings,
            blind=blind,
        )
        with (
            graceful_stop() as stopping,
            watching(sum(map(plan.count, cards)), bars=log_format == "text") as watcher,
        ):
            asking = Run(
                engine=carrying,
                plan=plan,
                output=folder,
                sizing=Sizing(batch_size),
                compressed=compressed,
                resume=resume,
                watcher=watcher,
                stopping=stopping,
            )
            try:
                failed = asking.ask(cards, description, _command(ctx, model_args, arguments))
            except Interrupted:
                failed = None
    if failed is None:
        _log.warning("stopped; every answer so far is in %s, and the same command goes on from there", folder)
        raise SystemExit(stopping.status)
    _score(folder, description, known, plan)
    _log.info("submission: %s", folder)
    if failed:
        _log.warning("%d requests failed and count as wrong; the same command asks them again", failed)
        raise SystemExit(1)


def _as_arguments(flags: Mapping[str, str | bool | None]) -> dict[str, str]:
    """Return the flags that were given as `--model-args` would give them."""
    given = {key: value for key, value in flags.items() if value is not None}
    return {key: str(value).lower() if isinstance(value, bool) else value for key, value in given.items()}


@contextmanager
def _engine(
    kind: str,
    model: str,
    arguments: Mapping[str, str],
    *,
    workers: int | None,
    address: str | None,
    on_error: "OnError",
) -> "Iterator[Engine]":
    """Load the model, here or on Ray's workers, and let go of it in the end."""
    from mibench.adapters.base import create_adapter
    from mibench.running.engine import LocalEngine
    from mibench.running.worker import Worker

    carrying: Engine
    if kind == "ray":
        from mibench.running.ray_engine import RayEngine

        carrying = RayEngine(model, arguments, workers=workers, address=address, on_error=on_error)
    elif workers is not None or address is not None:
        raise InputError("--workers and --address are Ray's", remedy="add --engine ray")
    else:
        with _without_collecting():
            carrying = LocalEngine(Worker(create_adapter(model, arguments), on_error))
    try:
        yield carrying
    finally:
        carrying.close()


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Keep the garbage collector from what importing and loading a model makes, and from ever looking at it again."""
    import gc

    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _check_sight(model: str, about: "About", plan: "Plan", cards: "Sequence[TaskCard]") -> None:
    if about.sight != "blind":
        return
    unseen = [card.name for card in cards if plan.shows_pictures(card)]
    if unseen:
        message = f"{model} reads text only and cannot see the pictures of {', '.join(unseen)}"
        raise InputError(message, remedy="choose other --tasks, as nlp, or --blind to ask without pictures")


def _command(ctx: click.Context, model_args: str, arguments: Mapping[str, str]) -> str:
    """Return the command as it was typed, with what looks like a secret masked."""
    import shlex

    masked = model_args
    for value in [value for key, value in arguments.items() if _SECRET.search(key) and value]:
        masked = masked.replace(value, "***")
    words = [word.replace(model_args, masked) for word in ctx.find_root().meta.get("mibench.arguments", ())]
    return _USER.sub("***", shlex.join(["mibench", *words]))


def _score(folder: Path, description: "Description", known: "Mapping[str, TaskCard]", plan: "Plan") -> None:
    from mibench.cards import load_cards
    from mibench.cli.progress import track
    from mibench.cli.tables import print_scores
    from mibench.scoring.report import write_scores
    from mibench.scoring.score import score_submission, worthwhile_processes
    from mibench.submissions.reading import Submission

    submission = Submission(folder, description, known, plan.data)
    processes = worthwhile_processes(submission)
    scores = score_submission(submission, load_cards(), track("scoring"), processes=processes)
    write_scores(folder, scores)
    print_scores(scores)
