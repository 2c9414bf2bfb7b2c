import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional  # noqa: E402

from mibench.ofa import OFAForConditionalGeneration, OFAProcessor  # noqa: E402
from mibench.ofa.tokenizer import clean_text  # noqa: E402
from mibench.tuning.examples import Example  # noqa: E402
from mibench.tuning.objective import AnswerLoss  # noqa: E402
from tests.tuning.official_files import write_model, write_official  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("objective")
    write_official(folder / "data")
    write_model(folder / "ofa")
    return folder


@pytest.fixture(scope="module")
def processor(folder):
    return OFAProcessor.from_pretrained(folder / "ofa", size=32)


@pytest.fixture(scope="module")
def model(folder):
    return OFAForConditionalGeneration.from_pretrained(folder / "ofa").eval()


@pytest.fixture(scope="module")
def rows(folder):
    pictures = [folder / "data" / "pictures" / f"{number}.png" for number in range(2)]
    return [
        Example("a", "What is in 0 0 10 12?", "a red square", pictures[0], boxes=True),
        Example("b", "Say it - or not", "two tables and a waiter"),
        Example("c", "Find the circle.", "5 6 10 12", pictures[1], boxes=True),
    ]


def objective(processor, source=60, target=30, smoothing=0.0):
    return AnswerLoss(processor, source, target, smoothing)


def test_prompts_are_what_the_adapter_reads(processor, rows):
    inputs, labels = objective(processor).collate(rows)
    first = processor.boxes_to_bins(rows[0].source, 20, 24)
    expected = processor.tokenizer(clean_text(first))["input_ids"]
    assert inputs["input_ids"][0].tolist()[: len(expected)] == expected
    assert int(inputs["attention_mask"][0].sum()) == len(expected)
    assert "<bin_0>" in first
    assert inputs["image_index"].tolist() == [0, -1, 1]
    assert inputs["pixel_values"].shape == (2, 3, 32, 32)
    answer = [token for token in labels[2].tolist() if token != -100]
    text = processor.tokenizer.decode(answer, skip_special_tokens=True)
    assert text.replace(" ", "") == "".join(processor.tokenizer.encode_box((5, 6, 10, 12), 21, 24))
    assert answer[-1] == processor.tokenizer.eos_token_id


def test_what_is_too_long_loses_its_end_and_keeps_the_end_token(processor, rows):
    inputs, labels = objective(processor, source=8, target=3).collate(rows)
    assert inputs["input_ids"].shape == (3, 8)
    assert labels.shape == (3, 3)
    assert labels[1, -1] == processor.tokenizer.eos_token_id
    whole, _ = objective(processor).collate(rows)
    assert inputs["input_ids"][0, :7].tolist() == whole["input_ids"][0, :7].tolist()


def test_the_loss_is_that_of_the_model_summed_over_tokens(model, processor, rows):
    inputs, labels = objective(processor).collate(rows)
    with torch.no_grad():
        expected = model(**inputs, labels=labels)
        loss = objective(processor)(model, rows, torch.device("cpu"))
    assert loss.count == int((labels != -100).sum())
    assert float(loss.total) / loss.count == pytest.approx(float(expected.loss), rel=1e-5)
    assert float(loss.parts["cross_entropy"]) == pytest.approx(float(loss.total))
    right = (expected.logits.argmax(2) == labels).sum()
    assert int(loss.parts["right"]) == int(right)


def test_label_smoothing_spreads_over_the_vocabulary(model, processor, rows):
    inputs, labels = objective(processor).collate(rows)
    with torch.no_grad():
        logs = functional.log_softmax(model(**inputs, labels=labels).logits, dim=-1)
        loss = objective(processor, smoothing=0.1)(model, rows, torch.device("cpu"))
    kept = labels != -100
    right = logs[kept].gather(1, labels[kept][:, None]).squeeze(1)
    expected = -(0.9 * right + 0.1 * logs[kept].mean(1)).sum()
    assert float(loss.total) == pytest.approx(float(expected), rel=1e-5)
    assert float(loss.parts["cross_entropy"]) == pytest.approx(float(-right.sum()), rel=1e-5)


def test_rows_alone_and_together_have_one_loss(model, processor, rows):
    with torch.no_grad():
        together = objective(processor)(model, rows, torch.device("cpu"))
        alone = [objective(processor)(model, [row], torch.device("cpu")) for row in rows]
    assert float(together.total) == pytest.approx(sum(float(loss.total) for loss in alone), rel=1e-4)
    assert together.count == sum(loss.count for loss in alone)
