"""`mibench run`: ask a model, write a submission, score it."""

from pathlib import Path

import click

from mibench.cli.inputs import data_option


@click.command()
@click.option("--model", "model_name", required=True, help="The adapter: constant, echo, first-option, ...")
@click.option("--model-args", "--model_args", default="", metavar="K=V,K=V", help="The adapter's arguments.")
@click.option("--device", help="Where the model runs, for adapters of models: auto, cpu, cuda, mps.")
@click.option("--dtype", help="In which numbers it computes, for adapters of models: fp32, bf16, fp16.")
@click.option("--name", help="The submission's name on the leaderboard.  [default: the model's]")
@click.option("--tasks", metavar="A,B", help="Tasks or suites (multimodal, nlp).  [default: all]")
@data_option
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N instances a task.")
@click.option("--batch-size", "--batch_size", type=click.IntRange(min=1), default=64, show_default=True)
@click.option("--seed", default=0, show_default=True, help="Seed of the order in which options are shown.")
@click.option(
    "--output",
    "--output_path",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The submission folder.  [default: submissions/NAME]",
)
@click.option("--resume/--no-resume", default=True, show_default=True, help="Go on where an interrupted run stopped.")
@click.option("--compress", "compressed", is_flag=True, help="Write .jsonl.zst instead of .jsonl.")
def run(
    model_name: str,
    model_args: str,
    device: str | None,
    dtype: str | None,
    name: str | None,
    tasks: str | None,
    data_choice: str,
    limit: int | None,
    batch_size: int,
    seed: int,
    output: Path | None,
    resume: bool,
    compressed: bool,
) -> None:
    """Ask a model every task under its five instructions, write a submission, and score it.

    \b
    Examples:
      mibench run --model random-option
      mibench run --model constant --model-args answer=yes --tasks nlvr --data data
      mibench run --model ofa --model-args path=ofa-base,beams=5 --device auto --dtype bf16
      mibench run --model predictions --model-args path=answers.jsonl --tasks nlp

    An interrupted run goes on when the same command is given again; a finished one is never overwritten.
    """
    from mibench.adapters.base import create_adapter, parse_arguments
    from mibench.cards import load_cards
    from mibench.cli.inputs import chosen_cards, open_data, slug
    from mibench.cli.progress import progress, track
    from mibench.cli.tables import print_scores
    from mibench.running.plan import count_requests
    from mibench.running.runner import run as run_model
    from mibench.scoring.report import write_scores
    from mibench.scoring.score import score_submission, worthwhile_processes
    from mibench.submissions.description import Model, read_description
    from mibench.submissions.reading import Submission
    from mibench.submissions.writing import describe

    cards = chosen_cards(tasks)
    flags = [f"{key}={value}" for key, value in (("device", device), ("dtype", dtype)) if value is not None]
    adapter = create_adapter(model_name, parse_arguments(",".join([model_args, *flags])))
    data = open_data(data_choice, cards)
    title = name or adapter.model_name
    folder = output or Path("submissions") / slug(title)
    description = describe(
        title,
        Model(name=adapter.model_name),
        cards,
        data,
        adapter=model_name,
        decoding=dict(adapter.decoding),
        seed=seed,
        limit=limit,
    )
    with progress() as display:
        totals = {card.name: count_requests(card, data, limit) for card in cards}
        bar = display.add_task("asking", total=sum(totals.values()), rate="")

        def advance(card: object, rows: int) -> None:
            speed = display.tasks[bar].speed
            display.update(bar, advance=rows, rate=f"{speed:,.0f} rows/s" if speed else "")

        run_model(
            adapter,
            cards,
            data,
            folder,
            description,
            batch_size=batch_size,
            compressed=compressed,
            resume=resume,
            advance=advance,
        )
    benchmark = load_cards()
    submission = Submission(folder, read_description(folder), benchmark, data)
    processes = worthwhile_processes(submission)
    scores = score_submission(submission, benchmark, track("scoring"), processes=processes)
    write_scores(folder, scores)
    print_scores(scores)
    click.echo(f"submission: {folder}", err=True)
