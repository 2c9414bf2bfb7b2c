import copy
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from torch.nn import functional
from transformers import AutoModelForSeq2SeqLM
from transformers.cache_utils import DynamicCache, EncoderDecoderCache

from mibench.errors import InputError
from mibench.ofa import OFAConfig, OFAForConditionalGeneration, OFAModel

VARIANTS = ("plain", "both", "decoder_only")
CASES = ("square", "padded", "wide", "text_only")
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


def drawn(rows=3, length=7, target=5, images=2, vocabulary=90, seed=0):
    """Texts of which the second is padded, images, who sees which, and answers so far."""
    generator = torch.Generator().manual_seed(seed)
    texts = torch.randint(4, vocabulary, (rows, length), generator=generator)
    texts[1:2, length - 3 :] = 1
    answers = torch.randint(4, vocabulary, (rows, target), generator=generator)
    answers[:, 0] = 0
    return {
        "input_ids": texts,
        "pixel_values": torch.randn(images, 3, 48, 64, generator=generator),
        "image_index": torch.arange(rows) % images,
        "decoder_input_ids": answers,
    }


@pytest.fixture(scope="module")
def model(small):
    return small()


class TestTheOriginal:
    @pytest.mark.parametrize("variant", VARIANTS)
    @pytest.mark.parametrize("case", CASES)
    @pytest.mark.parametrize("implementation", ["sdpa", "eager"])
    def test_states_and_logits(self, variant, case, implementation, original):
        model, wanted = original(variant, implementation), original.case(case, variant)
        for gradients in (False, True):
            with torch.set_grad_enabled(gradients):
                found = model(
                    input_ids=wanted["input_ids"],
                    pixel_values=wanted.get("patch_images"),
                    decoder_input_ids=wanted["decoder_input_ids"],
                )
            states, logits = found.encoder_last_hidden_state.detach(), found.logits.detach()
            torch.testing.assert_close(states, wanted["encoder_last_hidden_state"], rtol=0, atol=1e-4)
            torch.testing.assert_close(logits, wanted["logits"], rtol=0, atol=1e-4)

    @pytest.mark.parametrize("variant", VARIANTS)
    @pytest.mark.parametrize("case", CASES)
    @pytest.mark.parametrize("use_cache", [True, False])
    @pytest.mark.parametrize("implementation", ["sdpa", "eager"])
    def test_greedy(self, variant, case, use_cache, implementation, original):
        model, wanted = original(variant, implementation), original.case(case, variant)
        found = model.generate(
            input_ids=wanted["input_ids"],
            pixel_values=wanted.get("patch_images"),
            max_new_tokens=12,
            forced_eos_token_id=None,
            use_cache=use_cache,
        )
        missing = wanted["greedy_ids"].shape[1] - found.shape[1]
        assert torch.equal(functional.pad(found, (0, missing), value=1), wanted["greedy_ids"])

    @pytest.mark.parametrize("case", ["square", "padded", "wide"])
    @pytest.mark.parametrize("use_cache", [True, False])
    def test_beams(self, case, use_cache, original):
        model, wanted, beams = original("plain"), original.case(case), original.beams()[case]
        found = model.generate(
            input_ids=wanted["input_ids"],
            pixel_values=wanted["patch_images"],
            num_beams=5,
            max_new_tokens=13,
            no_repeat_ngram_size=3,
            length_penalty=1.0,
            use_cache=use_cache,
            return_dict_in_generate=True,
            output_scores=True,
        )
        assert [row[1:].tolist() for row in found.sequences] == beams["beam5_ids"]
        torch.testing.assert_close(found.sequences_scores, torch.tensor(beams["beam5_scores"]), rtol=0, atol=1e-4)

    @pytest.mark.parametrize("case", ["padded", "text_only"])
    def test_one_by_one(self, case, original):
        model, wanted, beams = original("plain"), original.case(case), original.beams()
        for row, text in enumerate(wanted["input_ids"]):
            alone = {"input_ids": text[text != 1][None]}
            if "patch_images" in wanted:
                alone["pixel_values"] = wanted["patch_images"][row : row + 1]
            with torch.no_grad():
                logits = model(**alone, decoder_input_ids=wanted["decoder_input_ids"][row : row + 1]).logits
            torch.testing.assert_close(logits[0], wanted["logits"][row], rtol=0, atol=1e-4)
            if case in beams:
                ids = model.generate(**alone, num_beams=5, max_new_tokens=13, no_repeat_ngram_size=3)
                assert ids[0, 1:].tolist() == beams[case]["beam5_ids"][row]

    def test_the_names_of_parameters(self, fixtures, original):
        with safe_open(fixtures / "ofa_tiny" / "model.safetensors", "pt") as stored:
            names = set(stored.keys())
        model = original("plain")
        tied = {"decoder.embed_tokens.weight", "decoder.output_projection.weight"}
        assert set(model.state_dict()) - names == tied
        assert names <= set(model.state_dict())


class TestBatches:
    @given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.booleans(), st.integers(0, 9))
    @settings(max_examples=15, deadline=None)
    def test_neither_neighbours_nor_padding_matter(self, model, lengths, pictures, seed):
        generator = torch.Generator().manual_seed(seed)
        texts = [torch.randint(4, 90, (length,), generator=generator) for length in lengths]
        padded = torch.nn.utils.rnn.pad_sequence(texts, batch_first=True, padding_value=1)
        inputs = drawn(rows=len(lengths), images=2, seed=seed) | {"input_ids": padded}
        inputs["image_index"] = torch.randint(-1, 2, (len(lengths),), generator=generator)
        if not pictures:
            del inputs["image_index"], inputs["pixel_values"]
        with torch.no_grad():
            together = model(**inputs).logits
            for row, text in enumerate(texts):
                alone = {"input_ids": text[None], "decoder_input_ids": inputs["decoder_input_ids"][row : row + 1]}
                if pictures and inputs["image_index"][row] >= 0:
                    alone["pixel_values"] = inputs["pixel_values"][inputs["image_index"][row]][None]
                torch.testing.assert_close(model(**alone).logits[0], together[row], **CLOSE)

    def test_an_image_is_encoded_once_for_its_texts(self, model, monkeypatch):
        inputs = drawn(rows=5)
        pixels, index = inputs["pixel_values"], inputs["image_index"]
        own = inputs | {"pixel_values": pixels[index]}
        del own["image_index"]
        calls = []
        trunk = model.encoder.embed_images.forward
        monkeypatch.setattr(
            model.encoder.embed_images, "forward", lambda images: calls.append(len(images)) or trunk(images)
        )
        with torch.no_grad():
            features = model.encode_image(pixels)
            assert features.shape == (2, 3, 4, 32)
            shared = {name: value for name, value in inputs.items() if name != "pixel_values"}
            found = model(**shared, image_features=features).logits
            generated = model.generate(
                input_ids=inputs["input_ids"], image_features=features, image_index=index, num_beams=3, max_new_tokens=6
            )
            assert calls == [2]
            torch.testing.assert_close(model(**inputs).logits, found, **CLOSE)
            torch.testing.assert_close(model(**own).logits, found, **CLOSE)
            separate = model.generate(
                input_ids=inputs["input_ids"], pixel_values=pixels[index], num_beams=3, max_new_tokens=6
            )
            assert calls == [2, 2, 5, 5]
        assert torch.equal(generated, separate)

    def test_a_text_of_its_own_length_meets_remembered_positions(self, small):
        inputs = drawn()
        wanted = {}
        for length in (3, 7, 5):
            part = inputs | {"input_ids": inputs["input_ids"][:, :length]}
            with torch.no_grad():
                wanted[length] = small()(**part).logits
        model = small()
        for length in (3, 7, 5, 3, 7):
            with torch.no_grad():
                found = model(**inputs | {"input_ids": inputs["input_ids"][:, :length]}).logits
            assert torch.equal(found, wanted[length])

    def test_an_attention_mask_is_what_padding_is(self, model):
        inputs = drawn()
        mask = inputs["input_ids"] != 1
        filled = inputs | {"input_ids": inputs["input_ids"].masked_fill(~mask, 7), "attention_mask": mask.long()}
        with torch.no_grad():
            torch.testing.assert_close(model(**filled).logits, model(**inputs).logits, **CLOSE)

    def test_padded_answers(self, model):
        inputs = drawn()
        mask = torch.tensor([[0, 0, 1, 1, 1], [1] * 5, [1] * 5])
        with torch.no_grad():
            changed = inputs["decoder_input_ids"].clone()
            changed[0, :2] = 50
            first = model(**inputs, decoder_attention_mask=mask).logits
            second = model(**inputs | {"decoder_input_ids": changed}, decoder_attention_mask=mask).logits
        torch.testing.assert_close(first[:, 2:], second[:, 2:], **CLOSE)


class TestTwins:
    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"entangle_position_embedding": True, "scale_embedding": True},
            {"normformer": False, "encoder_normalize_before": False, "decoder_normalize_before": False},
            {"layernorm_embedding": False, "patch_layernorm_embedding": False, "add_type_embedding": False},
            {"code_layernorm_embedding": False, "share_decoder_input_output_embed": False, "attn_scale_factor": 3.0},
            {"decoder_attention_heads": 8, "activation_function": "relu"},
        ],
    )
    def test_eager_and_with_cache(self, changes, small):
        model, twin = small(**changes), small(**changes, attn_implementation="eager")
        inputs = drawn()
        with torch.no_grad():
            found = model(**inputs).logits
            torch.testing.assert_close(twin(**inputs).logits, found, **CLOSE)
            encoded = model.encoder(**{name: inputs[name] for name in ("input_ids", "pixel_values", "image_index")})
            output = model(
                encoder_outputs=encoded, decoder_input_ids=inputs["decoder_input_ids"][:, :2], use_cache=True
            )
            steps = [output.logits]
            for step in range(2, 5):
                output = model(
                    encoder_outputs=encoded,
                    decoder_input_ids=inputs["decoder_input_ids"][:, step : step + 1],
                    cache=output.cache,
                )
                steps.append(output.logits)
        torch.testing.assert_close(torch.cat(steps, dim=1), found, **CLOSE)

    def test_switches_change_the_model(self, small):
        plain = small()
        inputs = drawn()
        with torch.no_grad():
            wanted = plain(**inputs).logits
            for switch in ("entangle_position_embedding", "entangle_decoder_positions", "scale_embedding"):
                found = small(**{switch: True})(**inputs).logits
                assert (found - wanted).abs().max() > 0.1, switch

    def test_attention_weights(self, model):
        inputs = drawn()
        with torch.no_grad():
            output = model(**inputs, output_attentions=True, output_hidden_states=True)
            torch.testing.assert_close(output.logits, model(**inputs).logits, **CLOSE)
        assert output.encoder_attentions[0].shape == (3, 4, 19, 19)
        assert output.cross_attentions[1].shape == (3, 4, 5, 19)
        assert output.decoder_attentions[1].triu(1).eq(0).all()
        assert output.cross_attentions[0][1, :, :, 16:].eq(0).all()
        torch.testing.assert_close(output.encoder_attentions[1].sum(dim=-1), torch.ones(3, 4, 19))
        assert len(output.encoder_hidden_states) == len(output.decoder_hidden_states) == 3

    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
    def test_half_precision(self, dtype, small):
        inputs, model = drawn(), small()
        with torch.no_grad():
            wanted = model(**inputs).logits
            found = model.to(dtype)(**inputs).logits
            assert found.dtype == dtype
            scale = wanted.abs().max().item()
            torch.testing.assert_close(
                found.float(), wanted, rtol=0, atol=scale / (20 if dtype == torch.bfloat16 else 100)
            )
            given = {name: inputs[name] for name in ("input_ids", "pixel_values", "image_index")}
            assert model.generate(**given, num_beams=2, max_new_tokens=4).shape[0] == 3

    def test_autocast(self, small):
        inputs, model = drawn(), small()
        with torch.no_grad():
            wanted = model(**inputs).logits
            with torch.autocast("cpu", torch.bfloat16):
                found = model(**inputs).logits
            again = model(**inputs).logits
        torch.testing.assert_close(found.float(), wanted, rtol=0, atol=wanted.abs().max().item() / 10)
        assert torch.equal(again, wanted)


def search(model, inputs, beams, longest, penalty, blocked=0):
    """Beam search by whole prefixes, without cache: the best finished answer of a single prompt and its score."""
    running, finished = [(0.0, (0,))], []
    for step in range(longest):
        grown = []
        for score, prefix in running:
            with torch.no_grad():
                logits = model(**inputs, decoder_input_ids=torch.tensor([prefix])).logits[0, -1]
            probabilities = logits.log_softmax(dim=-1).tolist()
            for token, value in enumerate(probabilities):
                grams = [prefix[at : at + blocked] for at in range(len(prefix) - blocked + 1)]
                repeats = blocked and (*prefix, token)[-blocked:] in grams
                if (step == longest - 1 and token != 2) or repeats:
                    continue
                grown.append((score + value, (*prefix, token)))
        best = sorted(grown, reverse=True)[: 2 * beams]
        finished += [
            (score / (len(prefix) - 1) ** penalty, prefix) for score, prefix in best[:beams] if prefix[-1] == 2
        ]
        running = [entry for entry in best if entry[1][-1] != 2][:beams]
    return max(finished)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_compiled_it_gives_the_same_logits(model):
    inputs = drawn()
    with torch.inference_mode():
        plain = model(**inputs).logits
        compiled = torch.compile(model)(**inputs).logits
    torch.testing.assert_close(compiled, plain, **CLOSE)


class TestGeneration:
    @pytest.mark.parametrize(("beams", "penalty", "blocked"), [(1, 1.0, 0), (3, 1.0, 0), (4, 0.0, 2), (5, 2.0, 1)])
    def test_beams_beside_a_search_written_out(self, beams, penalty, blocked, small):
        model = small(vocab_size=20, seed=3)
        inputs = drawn(rows=2, vocabulary=20)
        given = {name: inputs[name] for name in ("input_ids", "pixel_values", "image_index")}
        found = model.generate(
            **given,
            num_beams=beams,
            max_new_tokens=4,
            length_penalty=penalty,
            no_repeat_ngram_size=blocked,
            return_dict_in_generate=True,
            output_scores=True,
        )
        for row in range(2):
            alone = {name: value[row : row + 1] for name, value in given.items() if name != "pixel_values"}
            score, answer = search(model, alone | {"pixel_values": inputs["pixel_values"]}, beams, 4, penalty, blocked)
            assert tuple(found.sequences[row].tolist())[: len(answer)] == answer
            if beams > 1:
                assert found.sequences_scores[row].item() == pytest.approx(score, abs=1e-4)

    def test_with_and_without_cache(self, model):
        given = {name: value for name, value in drawn().items() if name != "decoder_input_ids"}
        for beams in (1, 4):
            with_cache, without = (
                model.generate(**given, num_beams=beams, max_new_tokens=8, use_cache=use) for use in (True, False)
            )
            assert torch.equal(with_cache, without)

    def test_beams_share_what_was_encoded(self, model, monkeypatch):
        sizes = set()
        project = model.decoder.layers[0].cross_attn.k_proj
        project.register_forward_hook(lambda _, given, __: sizes.add(given[0].shape[0]))
        given = {name: value for name, value in drawn().items() if name != "decoder_input_ids"}
        model.generate(**given, num_beams=4, max_new_tokens=5)
        project._forward_hooks.clear()
        assert sizes == {3}

    def test_several_answers_to_a_prompt(self, model):
        given = {name: value for name, value in drawn().items() if name != "decoder_input_ids"}
        answers = model.generate(**given, num_beams=4, num_return_sequences=2, max_new_tokens=5)
        best = model.generate(**given, num_beams=4, max_new_tokens=5)
        assert answers.shape[0] == 6
        width = min(answers.shape[1], best.shape[1])
        assert torch.equal(answers[::2, :width], best[:, :width])
        torch.manual_seed(0)
        assert model.generate(**given, do_sample=True, num_return_sequences=3, max_new_tokens=5).shape[0] == 9

    def test_what_was_encoded_may_be_given(self, model):
        given = {name: value for name, value in drawn().items() if name != "decoder_input_ids"}
        with torch.no_grad():
            encoded = model.encoder(**given)
        first = model.generate(encoder_outputs=encoded, num_beams=3, max_new_tokens=5)
        assert torch.equal(first, model.generate(**given, num_beams=3, max_new_tokens=5))


@torch.inference_mode()
def test_a_least_length_as_long_as_the_greatest_leaves_finite_scores(model):
    inputs = drawn()
    del inputs["decoder_input_ids"]
    found = model.generate(
        **inputs, num_beams=3, min_new_tokens=6, max_new_tokens=6, return_dict_in_generate=True, output_scores=True
    )
    assert found.sequences.shape == (3, 7)
    assert (found.sequences_scores > -100).all()


class TestTraining:
    def test_loss(self, model):
        inputs = drawn()
        labels = torch.tensor([[5, 6, 2, -100, -100], [7, 8, 9, 10, 2], [2, -100, -100, -100, -100]])
        shifted = torch.tensor([[0, 5, 6, 2, 1], [0, 7, 8, 9, 10], [0, 2, 1, 1, 1]])
        given = {name: value for name, value in inputs.items() if name != "decoder_input_ids"}
        with torch.no_grad():
            found = model(**given, labels=labels)
            logits = model(**given, decoder_input_ids=shifted).logits
        probabilities = logits.log_softmax(dim=-1)
        real = [(row, at) for row in range(3) for at in range(5) if labels[row, at] >= 0]
        wanted = -sum(probabilities[row, at, labels[row, at]].item() for row, at in real) / len(real)
        assert found.loss.item() == pytest.approx(wanted, abs=1e-5)
        torch.testing.assert_close(found.logits, logits)

    @pytest.mark.parametrize("reentrant", [False, True])
    def test_gradient_checkpointing(self, reentrant, small, monkeypatch):
        gradients = []
        for checkpointed in (False, True):
            model = small(dropout=0.0).train()
            runs = []
            attend = model.encoder.layers[0].self_attn.forward
            monkeypatch.setattr(
                model.encoder.layers[0].self_attn,
                "forward",
                lambda *a, f=attend, r=runs, **k: r.append(1) or f(*a, **k),
            )
            if checkpointed:
                model._set_gradient_checkpointing(
                    enable=True,
                    gradient_checkpointing_func=lambda f, *a: torch.utils.checkpoint.checkpoint(
                        f, *a, use_reentrant=reentrant
                    ),
                )
            inputs = drawn()
            labels = inputs.pop("decoder_input_ids")
            model(**inputs, labels=labels).loss.backward()
            assert len(runs) == 1 + checkpointed
            gradients.append({name: p.grad for name, p in model.named_parameters() if p.grad is not None})
        assert gradients[0].keys() == gradients[1].keys()
        for name, gradient in gradients[0].items():
            torch.testing.assert_close(gradients[1][name], gradient, msg=name)

    def test_what_learns(self, small):
        model = small().train()
        inputs = drawn()
        labels = inputs.pop("decoder_input_ids")
        model(**inputs, labels=labels).loss.backward()
        still = {name for name, parameter in model.named_parameters() if parameter.grad is None}
        assert all("image" in name or "code" in name for name in still)
        assert all(name.startswith("decoder.") for name in still)

    def test_remembered_positions_follow_training(self, small):
        model = small(dropout=0.0)
        inputs = drawn()
        labels = inputs.pop("decoder_input_ids")
        optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
        for _ in range(2):
            with torch.no_grad():
                remembered = model(**inputs, labels=labels).loss
            computed = model(**inputs, labels=labels).loss
            torch.testing.assert_close(remembered, computed.detach(), **CLOSE)
            optimizer.zero_grad()
            computed.backward()
            optimizer.step()

    def test_inference_mode_leaves_nothing_that_hinders_training(self, small):
        model = small(image_bucket_size=7)
        inputs = drawn()
        labels = inputs.pop("decoder_input_ids")
        with torch.inference_mode():
            wanted = model(**inputs, labels=labels).loss.item()
        loss = model(**inputs, labels=labels).loss
        loss.backward()
        assert loss.item() == pytest.approx(wanted, abs=1e-5)
        with torch.no_grad():
            assert model(**inputs, labels=labels).loss.item() == pytest.approx(wanted, abs=1e-5)

    def test_stochastic_depth_and_layer_drop(self, small):
        rates = {"encoder_drop_path_rate": 0.5, "decoder_drop_path_rate": 0.5, "resnet_drop_path_rate": 0.5}
        model = small(**rates, encoder_layerdrop=0.5, decoder_layerdrop=0.5)
        inputs = drawn()
        with torch.no_grad():
            torch.testing.assert_close(model(**inputs).logits, small()(**inputs).logits)
            model.train()
            torch.manual_seed(0)
            found = [model(**inputs).logits for _ in range(3)]
        assert all(logits.isfinite().all() for logits in found)
        assert not torch.allclose(found[0], found[1])

    def test_a_new_model(self):
        torch.manual_seed(0)
        model = OFAForConditionalGeneration(OFAConfig(vocab_size=50, d_model=32, resnet_type="resnet18"))
        assert model.encoder.token_rel_pos_table_list[0].weight.eq(0).all()
        assert model.encoder.layers[0].self_attn.c_attn.eq(1).all()
        assert model.encoder.embed_tokens.weight[5].std().item() == pytest.approx(0.02, rel=0.5)
        convolution = model.encoder.embed_images.layer1[1].conv2.weight
        assert convolution.std().item() == pytest.approx(math.sqrt(2 / (9 * 64)), rel=0.1)


class TestFiles:
    @pytest.mark.parametrize("shared", [True, False])
    def test_round_trip(self, shared, small, tmp_path):
        model = small(share_decoder_input_output_embed=shared)
        model.save_pretrained(tmp_path)
        with safe_open(tmp_path / "model.safetensors", "pt") as stored:
            names = set(stored.keys())
        assert "encoder.embed_tokens.weight" in names
        assert "decoder.embed_tokens.weight" not in names
        assert ("decoder.output_projection.weight" in names) is not shared
        assert not any(name.endswith(("rp_bucket", "num_batches_tracked", "image_position_idx")) for name in names)
        loaded, report = AutoModelForSeq2SeqLM.from_pretrained(tmp_path, output_loading_info=True)
        assert not any(report.values())
        assert isinstance(loaded, OFAModel)
        assert loaded.decoder.embed_tokens.weight is loaded.encoder.embed_tokens.weight
        assert (loaded.decoder.output_projection.weight is loaded.encoder.embed_tokens.weight) is shared
        with torch.no_grad():
            assert torch.equal(loaded.eval()(**drawn()).logits, model(**drawn()).logits)

    def test_what_older_files_store_besides(self, small, tmp_path):
        model = small()
        model.config.save_pretrained(tmp_path)
        extra = {
            "encoder.version": torch.ones(1),
            "encoder.token_rp_bucket": torch.zeros(4, 4),
            "decoder.image_rp_bucket": torch.zeros(4, 4),
            "decoder.image_position_idx": torch.zeros(4),
            "encoder.embed_images.bn1.num_batches_tracked": torch.tensor(3),
        }
        torch.save(model.state_dict() | extra, tmp_path / "pytorch_model.bin")
        loaded, report = OFAModel.from_pretrained(tmp_path, output_loading_info=True)
        assert not any(report.values())
        with torch.no_grad():
            assert torch.equal(loaded.eval()(**drawn()).logits, model(**drawn()).logits)

    def test_a_copy_is_its_own(self, small):
        model = small()
        with torch.no_grad():
            before = model(**drawn()).logits
            twin = copy.deepcopy(model)
            twin.encoder.pos_q_linear.weight.add_(1.0)
            twin.encoder.embed_images.conv1.weight.mul_(2.0)
            assert not torch.allclose(twin(**drawn()).logits, before)
            assert torch.equal(model(**drawn()).logits, before)

    def test_a_larger_vocabulary(self, small):
        model = small()
        model.resize_token_embeddings(95, mean_resizing=False)
        with torch.no_grad():
            assert model(**drawn()).logits.shape[-1] == 95
        assert model.decoder.output_projection.weight is model.encoder.embed_tokens.weight

    @pytest.mark.parametrize(
        ("size", "millions"), [("tiny", 33), ("medium", 93), ("base", 182), ("large", 472), ("huge", 930)]
    )
    def test_sizes(self, size, millions):
        with torch.device("meta"):
            model = OFAForConditionalGeneration(OFAConfig.of_size(size))
        assert sum(map(torch.numel, model.parameters())) / 1e6 == pytest.approx(millions, rel=0.02)


class TestWrongInputs:
    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"input_ids": None}, "neither input_ids nor encoder_outputs"),
            ({"decoder_input_ids": None}, "neither decoder_input_ids nor labels"),
            ({"image_features": torch.zeros(2, 3, 4, 32)}, "both pixel_values and image_features"),
            ({"image_index": None}, "2 images for 3 texts"),
            ({"image_index": torch.tensor([0, 1])}, "image_index has shape"),
            ({"pixel_values": torch.zeros(3, 3, 16, 112), "image_index": None}, "1 x 7 patches; the most is 6 x 6"),
            ({"input_ids": torch.full((3, 65), 5)}, "a text of 65 tokens; the most is 64"),
            ({"decoder_input_ids": torch.full((3, 65), 5)}, "an answer of 65 tokens; the most is 64"),
            ({"cache": DynamicCache()}, "EncoderDecoderCache"),
        ],
    )
    def test_one_clear_message(self, changes, message, model):
        with torch.no_grad(), pytest.raises(InputError, match=message):
            model(**drawn() | changes)

    def test_answers_that_do_not_share_out(self, model):
        inputs = drawn()
        with torch.no_grad():
            encoded = model.encoder(inputs["input_ids"][:2])
            with pytest.raises(InputError, match="3 answers do not share out among 2"):
                model(encoder_outputs=encoded, decoder_input_ids=inputs["decoder_input_ids"])

    def test_an_unknown_implementation(self, small):
        with pytest.raises((ValueError, InputError, ImportError), match=r"[Ff]lash"):
            small(attn_implementation="flash_attention_2")

    def test_a_tuple(self, model):
        cache = EncoderDecoderCache(DynamicCache(), DynamicCache())
        with torch.no_grad():
            output = model(**drawn(), cache=cache, return_dict=False)
        assert isinstance(output, tuple)
        assert output[1] is cache
