"""The templates: every page is rendered with escaping, from variables that are all given."""

import functools
import shutil
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined

from mibench.data.mini import cache_folder
from mibench.leaderboard import charts
from mibench.leaderboard.text import FILTERS

STATIC = Path(__file__).parent / "static"
"""The style sheet and the scripts, copied as they are."""


@functools.cache
def _environment() -> Environment:
    compiled = cache_folder() / "templates"
    compiled.mkdir(parents=True, exist_ok=True)
    environment = Environment(
        bytecode_cache=FileSystemBytecodeCache(str(compiled)),
        loader=PackageLoader("mibench.leaderboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= FILTERS
    environment.globals |= {"charts": charts}
    return environment


def render(template: str, **context: Any) -> str:
    """Return a template filled in."""
    return _environment().get_template(template).render(**context)


def write_page(site: Path, place: str, template: str, **context: Any) -> None:
    """Write a page at a place in the site, as `tasks/nlvr.html`; it knows it as `place`, and the way up as `root`."""
    write_file(site, place, render(template, root="../" * place.count("/"), place=place, **context))


def write_file(site: Path, place: str, text: str) -> None:
    """Write another text of the site."""
    path = site / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def copy_static(site: Path) -> None:
    """Put the style sheet and the scripts into the site."""
    shutil.copytree(STATIC, site, dirs_exist_ok=True)
