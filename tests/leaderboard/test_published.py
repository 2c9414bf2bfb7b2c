from mibench.cards import load_cards
from mibench.leaderboard.published import load_published


def test_the_six_models_cover_the_nine_tasks():
    published = load_published()
    multimodal = {name for name, card in load_cards().items() if card.suite == "multimodal"}
    assert len(published.models) == 6
    for model in published.models.values():
        assert set(model.multimodal) == multimodal


def test_the_primary_metrics_are_those_of_the_cards():
    for model in load_published().models.values():
        for task, metrics in model.multimodal.items():
            assert next(iter(metrics)) == load_cards()[task].primary_metric


def test_printed_nlvr_scores_are_counts_of_990_rows():
    """The paper ran all 990 rows; a maximum over instructions is one run."""
    for model in load_published().models.values():
        best = model.primary("nlvr").max
        assert f"{round(best * 9.9) / 9.9:.2f}" == f"{best:.2f}"


def test_values_are_possible():
    for model in load_published().models.values():
        for metrics in model.multimodal.values():
            for printed in metrics.values():
                assert (printed.mean is None) == (printed.std is None)
                assert printed.mean is None or 0 <= printed.mean <= printed.max <= 100
