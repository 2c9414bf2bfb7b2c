import pytest
import yaml

from mibench.analysis.study_recipe import Study, read_study
from mibench.errors import InputError
from tests.analysis.study_fakes import STUDY, write_recipes
from tests.conftest import REPOSITORY


def test_what_is_given_besides_replaces_what_the_file_says(tmp_path):
    path = write_recipes(tmp_path)
    found = read_study(path)
    assert (found.study.steps, found.study.seeds, found.study.limit) == (600, (0, 1), 4)
    assert (found.start.name, found.base.trunk.steps) == ("bare", 1)
    again = read_study(path, steps=9, seeds=(7,), limit=2).study
    assert (again.steps, again.seeds, again.limit) == (9, (7,), 2)


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("warmup: 0.1", "warmups: 0.1", 6, "warmups: unknown key"),
        ("steps: 600", "steps: 1", 3, "steps"),
        ("start: bare", "start: tuned", 2, "start: the recipe has no stage 'tuned'; one of bare"),
        ("recipe: base.yaml", "recipe: other.yaml", 1, "there is no"),
        ("seeds: [0, 1]", "seeds: [0, 0]", 7, "0 stands twice"),
        ("seeds: [0, 1]", "seeds: []", 7, "seeds"),
        ("strategies: [none", "strategies: [nothing", 9, "strategies"),
        ("wordings: [1, 5", "wordings: [1, 500", 10, "no more than 60"),
        ("clusters: [1, 3", "clusters: [1, 6", 11, "clusters"),
        ("batch: 8\n", "", 1, None),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path, old, new, line, told):
    assert old in STUDY
    path = write_recipes(tmp_path, STUDY.replace(old, new))
    if told is None:
        assert read_study(path).study.batch == 32
        return
    with pytest.raises(InputError) as error:
        read_study(path)
    assert (error.value.file, error.value.line) == (path, line)
    assert told in error.value.message


def test_a_study_compares_something(tmp_path):
    path = write_recipes(tmp_path, STUDY.split("strategies")[0])
    with pytest.raises(InputError, match="nothing to compare"):
        read_study(path)


def test_a_fault_of_the_recipe_of_the_model_is_told_in_its_file(tmp_path):
    path = write_recipes(tmp_path, base="model: 3\n")
    with pytest.raises(InputError) as error:
        read_study(path)
    assert error.value.file == tmp_path / "base.yaml"


def test_the_recipe_in_the_repository_has_all_parts():
    content = yaml.safe_load((REPOSITORY / "recipes" / "study-mini.yaml").read_text(encoding="utf-8"))
    study = Study.model_validate(content)
    assert len(study.strategies) == 6
    assert study.wordings == (1, 5, 20, "all")
    assert study.clusters == (1, 2, 3, 4, 5, "text")
