"""The stages of a small model, end to end with two families."""

import shutil
from types import SimpleNamespace

import pytest

pytest.importorskip("torch")

import torch
from PIL import Image
from safetensors.torch import load_file

from mibench.adapters.ofa import OFA
from mibench.data.mini.seen import FAMILIES
from mibench.errors import InputError
from mibench.instances import Request
from mibench.tuning.loop import LoopSettings
from mibench.tuning.mini import pictures, stages
from mibench.tuning.mini.recipe import read_mini_recipe
from mibench.tuning.mini.stages import Workshop, run_stages
from mibench.tuning.training_log import read_log

RECIPE = """\
model: {width: 32, heads: 4, encoder_layers: 2, decoder_layers: 2, ffn: 32, trunk: [4, 4, 4], image_size: 32, bins: 9, \
pieces: 400}
pictures: {train: 50, test: 8}
trunk: {steps: 2, batch: 4, learning_rate: 1.0e-3}
families: [colour_of_figure, kind_of_word]
stages:
  - {name: first, text_every: 2, steps: 2, batch: 4, learning_rate: 1.0e-3, warmup_steps: 1}
  - {name: second, after: first, instructed: 0.5, text_every: 2, steps: 2, batch: 4, learning_rate: 1.0e-3}
"""


class KilledError(Exception):
    pass


class InTurn:
    """A pool that does all its work itself: processes take longer to start than these pictures to draw."""

    def __init__(self, processes):
        del processes

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def starmap(self, work, jobs):
        return [work(*job) for job in jobs]


@pytest.fixture(scope="module", autouse=True)
def two_families():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stages, "FAMILIES", {name: FAMILIES[name] for name in ("colour_of_figure", "kind_of_word")})
        patch.setattr(pictures, "multiprocessing", SimpleNamespace(get_context=lambda _: SimpleNamespace(Pool=InTurn)))
        patch.setattr(stages, "LoopSettings", lambda **values: LoopSettings(**values | {"checkpoint_every": 1}))
        yield


def recipe_file(folder, text=RECIPE):
    file = folder / "recipe.yaml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """A recipe that was run, the folder, and the order in which parts began."""
    folder = tmp_path_factory.mktemp("stages")
    begun = []
    run_stages(recipe_file(folder), folder / "made", report=begun.append)
    return folder / "recipe.yaml", folder / "made", begun


@pytest.fixture
def copy(done, tmp_path):
    """A copy of what was made, to change."""
    shutil.copytree(done[1], tmp_path / "made")
    return tmp_path / "made"


def weights(folder):
    return load_file(folder / "model.safetensors")


def assert_same(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert torch.equal(value, other[name]), name


def state_of(folder):
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*") if path.is_file()}


def killing(stage, step):
    """Return a report that ends the run in a stage, when a step is done but not kept."""

    def report(name):
        def watch(done, total, loss):
            del total, loss
            if name == stage and done == step:
                raise KilledError

        return watch

    return report


def test_each_part_is_made_in_order_and_trained(done):
    _, made, begun = done
    assert begun == ["trunk", "first", "second"]
    for name in begun:
        assert [line["step"] for line in read_log(made / name / "log.jsonl")] == [2]
        assert not (made / name / "checkpoint").exists()
    first, second = weights(made / "first"), weights(made / "second")
    moved = {name for name, value in first.items() if not torch.equal(value, second[name])}
    assert any(name.startswith("decoder.layers.0") for name in moved)
    assert not any(name.startswith("encoder.embed_images") for name in moved)


def test_a_stage_begins_where_the_one_before_it_ended(done):
    path, made, _ = done
    workshop = Workshop(read_mini_recipe(path), made)
    started = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stages, "train", lambda model, *_, **__: started.append(model.state_dict()))
        patch.setattr(stages, "export", lambda *_: None)
        for stage in workshop.recipe.stages:
            workshop.run(stage)
    new = workshop.model(None, workshop.features("train")).state_dict()
    assert_same(started[0], new)
    assert torch.equal(started[1]["encoder.image_proj.weight"], weights(made / "first")["encoder.image_proj.weight"])
    assert not torch.equal(started[1]["encoder.image_proj.weight"], new["encoder.image_proj.weight"])


def test_the_trunk_stays_that_of_its_own_stage(done):
    _, made, _ = done
    trunk = load_file(made / "trunk" / "trunk.safetensors")
    assert_same(
        {name: value for name, value in weights(made / "second").items() if name.startswith("encoder.embed_images.")},
        {f"encoder.embed_images.{name}": value for name, value in trunk.items()},
    )


def test_features_are_those_of_the_pictures_as_a_model_sees_them(done):
    path, made, _ = done
    workshop = Workshop(read_mini_recipe(path), made)
    adapter = OFA(str(made / "second" / "published"), beams="1", device="cpu", boxes="all")
    for name, features in workshop.features("test").items():
        scene = workshop.scenes.get(name, workshop.worlds[name], "test", 3)
        pixels = adapter._processor(images=[Image.fromarray(scene.draw().pixels())])["pixel_values"]
        with torch.no_grad():
            seen = adapter._model.encoder.embed_images(pixels)[0].permute(1, 2, 0)
        assert features.shape == (8, 2, 2, 16)
        torch.testing.assert_close(features[3].float(), seen, atol=0.02, rtol=0.02)


def test_a_second_call_trains_nothing(done):
    path, made, _ = done
    before = state_of(made)
    run_stages(path, made, report=lambda name: killing(name, 1)(name))
    kept = {file: state for file, state in state_of(made).items() if "published" not in file.parts}
    assert kept == {file: state for file, state in before.items() if "published" not in file.parts}


def test_a_second_call_leaves_every_file_alone(done):
    path, made, _ = done
    before = state_of(made)
    run_stages(path, made)
    assert state_of(made) == before


@pytest.mark.parametrize(
    "change",
    [
        ("learning_rate: 1.0e-3, warmup_steps: 1", "learning_rate: 2.0e-3, warmup_steps: 1"),
        ("train: 50", "train: 60"),
        ("trunk: {steps: 2", "trunk: {steps: 3"),
    ],
)
def test_a_changed_recipe_is_refused_in_one_line(copy, tmp_path, change):
    assert RECIPE.count(change[0]) == 1
    file = recipe_file(tmp_path, RECIPE.replace(*change))
    with pytest.raises(InputError) as refused:
        run_stages(file, copy)
    assert "other settings" in str(refused.value) or "another recipe" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_stage_after_a_changed_one_is_refused(copy, tmp_path):
    """Its own settings are the same, but not what it started from."""
    shutil.rmtree(copy / "first")
    file = recipe_file(tmp_path, RECIPE.replace("warmup_steps: 1", "warmup_steps: 2"))
    with pytest.raises(InputError, match="second: holds a training run of other settings"):
        run_stages(file, copy)


def test_a_changed_recipe_is_refused_before_any_stage(copy, tmp_path):
    for name in ("first", "second"):
        shutil.rmtree(copy / name)
    file = recipe_file(tmp_path, RECIPE.replace("trunk: {steps: 2", "trunk: {steps: 3"))
    with pytest.raises(InputError):
        run_stages(file, copy)


@pytest.mark.parametrize("name", ["first", "second"])
def test_a_stage_that_was_killed_goes_on_to_the_same_weights(done, copy, name):
    path, made, _ = done
    shutil.rmtree(copy / name)
    with pytest.raises(KilledError):
        run_stages(path, copy, report=killing(name, 2))
    assert [folder.name for folder in (copy / name / "checkpoint").iterdir()] == ["step-1"]
    run_stages(path, copy, report=killing(name, 1))
    assert_same(weights(copy / name), weights(made / name))


def test_a_trunk_that_was_killed_goes_on_to_the_same_weights(done, copy):
    path, made, _ = done
    for name in ("trunk", "features", "first", "second"):
        shutil.rmtree(copy / name)
    with pytest.raises(KilledError):
        run_stages(path, copy, report=killing("trunk", 2))
    assert not (copy / "trunk" / "trunk.safetensors").exists()
    run_stages(path, copy, ("first",), report=killing("trunk", 1))
    file = ("trunk", "trunk.safetensors")
    assert_same(load_file(copy.joinpath(*file)), load_file(made.joinpath(*file)))
    assert_same(weights(copy / "first"), weights(made / "first"))
    assert not (copy / "second").exists()


def test_published_weights_stand_for_a_stage_and_all_before_it(done, tmp_path):
    path, made, _ = done
    begun, adopted = [], {"first": made / "first" / "published"}
    for given in (adopted, adopted, None):
        run_stages(path, tmp_path / "other", report=begun.append, adopted=given)
    assert begun == ["second"] * 3
    other = Workshop(read_mini_recipe(path), tmp_path / "other")
    start = other.model(other.recipe.stages[0], other.features("train")).state_dict()
    halved = {name: value.half().float() for name, value in weights(made / "first").items()}
    assert_same({name: start[name] for name in halved}, halved)
    trained, whole = weights(tmp_path / "other" / "second"), weights(made / "second")
    assert not torch.equal(trained["encoder.image_proj.weight"], start["encoder.image_proj.weight"])
    for name, value in whole.items():
        torch.testing.assert_close(trained[name], value, atol=5e-3, rtol=5e-3)
    for name, value in Workshop(read_mini_recipe(path), made).features("train").items():
        torch.testing.assert_close(other.features("train")[name], value, atol=0.02, rtol=0.02)


def test_weights_are_not_adopted_over_others(done, copy):
    path, made, _ = done
    before = state_of(copy)
    with pytest.raises(InputError, match=r"holds a training already \(another --output\)"):
        run_stages(path, copy, adopted={"first": made / "first" / "published"})
    assert state_of(copy) == before


def test_other_weights_are_not_adopted_after_the_first(done, tmp_path):
    path, made, _ = done
    run_stages(path, tmp_path / "other", ("trunk",), adopted={"first": made / "first" / "published"})
    with pytest.raises(InputError, match="holds a training already"):
        run_stages(path, tmp_path / "other", adopted={"first": made / "second" / "published"})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("pieces: 400", "pieces: 350"), r"tokenizer.json: is not the vocabulary that the recipe makes \(give weights"),
        (("decoder_layers: 2", "decoder_layers: 1"), "config.json: decoder_layers is 2, but the recipe's is 1"),
    ],
)
def test_weights_of_another_recipe_are_not_adopted(done, tmp_path, change, message):
    _, made, _ = done
    assert RECIPE.count(change[0]) == 1
    file = recipe_file(tmp_path, RECIPE.replace(*change))
    with pytest.raises(InputError, match=message):
        run_stages(file, tmp_path / "other", adopted={"first": made / "first" / "published"})
    assert not (tmp_path / "other" / "first").exists()


def test_what_is_adopted_must_be_a_model_and_a_stage(done, tmp_path):
    path, made, _ = done
    for name in ("third", "trunk"):
        with pytest.raises(InputError, match=rf"no stage '{name}' \(one of first, second\)"):
            run_stages(path, tmp_path / "other", adopted={name: made / "first" / "published"})
    (tmp_path / "empty").mkdir()
    for name in ("gone", "empty"):
        with pytest.raises(
            InputError, match=rf"{name}/model.safetensors: cannot be read: No such file .*\(give weights"
        ):
            run_stages(path, tmp_path / "other", adopted={"first": tmp_path / name})


def test_stages_asked_for_must_be_there_and_have_what_they_start_from(done, copy):
    path, _, _ = done
    with pytest.raises(InputError, match=r"no stage 'third' \(one of trunk, first, second\)"):
        run_stages(path, copy, ("third",))
    shutil.rmtree(copy / "first")
    shutil.rmtree(copy / "second")
    with pytest.raises(InputError, match=r"stage 'first' is not done \(run it first\)"):
        run_stages(path, copy, ("second",))
    run_stages(path, copy, ("trunk",))
    assert not (copy / "first").exists()


def test_what_is_published_answers(done):
    path, made, _ = done
    workshop = Workshop(read_mini_recipe(path), made)
    folder = made / "second" / "published"
    assert {value.dtype for value in weights(folder).values()} == {torch.float16}
    adapter = OFA(str(folder), beams="1", device="cpu", boxes="all")
    request = Request(
        task="t", instance="1", instruction=1, prompt="kind of a word moss", image=None, options=(), max_new_tokens=4
    )
    (free,) = adapter.predict([request])
    assert isinstance(free.text, str)
    (again,) = adapter.predict([request])
    assert again == free
    trained = workshop.model(workshop.recipe.stages[1], workshop.features("train"))
    for name, value in adapter._model.state_dict().items():
        torch.testing.assert_close(value, trained.state_dict()[name], atol=1e-3, rtol=1e-3)


def test_two_stages_of_other_names_see_other_rows(done):
    path, made, _ = done
    workshop = Workshop(read_mini_recipe(path), made)
    drawn = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stages, "train", lambda model, source, *_, **__: drawn.append(source.rows(0)))
        patch.setattr(stages, "export", lambda *_: None)
        stage = workshop.recipe.stages[0]
        for name in ("first", "first", "other"):
            workshop.run(stage.model_copy(update={"name": name}))
    assert drawn[0] == drawn[1] != drawn[2]
