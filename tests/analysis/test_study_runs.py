import pytest

from mibench.analysis.study_plan import plan_study
from mibench.analysis.study_recipe import read_study
from mibench.analysis.study_runs import carry_out, scores_of
from mibench.errors import InputError
from mibench.scoring.report import write_scores
from tests.analysis.study_fakes import made_up, write_recipes


class Work:
    """Takes note of what it is asked to do, and breaks off at one run."""

    def __init__(self, breaks_at=None):
        self.trained, self.asked, self.breaks_at = [], [], breaks_at

    def train(self, run, folder):
        self.trained.append(run.name)
        return folder / "model"

    def ask(self, run, model, submission):
        assert model == submission.parent / "training" / "model"
        if run.name == self.breaks_at:
            raise KeyboardInterrupt
        self.asked.append(run.name)
        submission.mkdir(parents=True)
        scores = made_up(len(self.asked))
        write_scores(submission, scores)
        return scores


@pytest.fixture
def runs(tmp_path):
    return list(plan_study(read_study(write_recipes(tmp_path)), ["strategies"]).runs.values())


def test_what_is_done_is_not_done_again(tmp_path, runs):
    names, output = [run.name for run in runs], tmp_path / "out"
    broken, again = Work(breaks_at=names[3]), Work()
    with pytest.raises(KeyboardInterrupt):
        list(carry_out(runs, output, {"limit": 4}, broken.train, broken.ask))
    assert (broken.trained, broken.asked) == (names[:4], names[:3])
    assert scores_of(runs[3], output) is None
    found = {run.name: scores for run, scores in carry_out(runs, output, {"limit": 4}, again.train, again.ask)}
    assert again.trained == again.asked == names[3:]
    assert list(found) == names
    assert found[names[1]] == made_up(2) == scores_of(runs[1], output)


def test_a_submission_that_is_not_finished_is_asked_again(tmp_path, runs):
    work = Work()
    list(carry_out(runs[:1], tmp_path / "out", {}, work.train, work.ask))
    (tmp_path / "out" / runs[0].name / "submission" / "journal").mkdir()
    assert scores_of(runs[0], tmp_path / "out") is None


def test_a_folder_of_other_settings_is_refused(tmp_path, runs):
    work, output = Work(), tmp_path / "out"
    list(carry_out(runs[:2], output, {"limit": 4}, work.train, work.ask))
    with pytest.raises(InputError, match="none: holds a run of other settings"):
        list(carry_out(runs[:2], output, {"limit": 5}, work.train, work.ask))
    longer = runs[1]._replace(stages=(runs[1].stages[0].model_copy(update={"steps": 601}),))
    with pytest.raises(InputError, match=f"{longer.name}: holds a run of other settings"):
        list(carry_out([longer], output, {"limit": 4}, work.train, work.ask))
    assert work.asked == [run.name for run in runs[:2]]
