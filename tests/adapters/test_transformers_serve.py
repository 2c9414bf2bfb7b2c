"""The adapter against a real server: what `transformers serve` answers is what the model says without a server."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from importlib.util import find_spec

import pytest
from PIL import Image

from mibench.adapters.openai_api import OpenAI
from mibench.instances import Prediction, Request

MISSING = [name for name in ("fastapi", "uvicorn", "openai", "torch", "transformers") if find_spec(name) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"transformers serve needs {', '.join(MISSING)}")

TEMPLATE = (
    "{% for message in messages %}{{ message.role }}:"
    "{% for part in message.content %}{{ '<image>' if part.type == 'image' else part.text }} {% endfor %}\n"
    "{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}"
)
SENTENCES = ["user: what is in the picture? assistant: a red square", "system: be brief, say yes or no; is it blue?"]
NEW_TOKENS = 12


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A LLaVA that was never trained: its answers make no sense, but depend on every word and on the picture."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import (
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
        PreTrainedTokenizerFast,
    )
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    special = ["<unk>", "<s>", "</s>", "<pad>", "<image>"]
    pieces = Tokenizer(models.BPE(unk_token="<unk>"))
    pieces.pre_tokenizer, pieces.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    pieces.train_from_iterator(
        SENTENCES,
        trainers.BpeTrainer(vocab_size=320, special_tokens=special, initial_alphabet=alphabet, show_progress=False),
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=pieces, unk_token="<unk>", bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )
    side = {"height": 16, "width": 16}
    processor = LlavaProcessor(
        image_processor=CLIPImageProcessorPil(size=side, crop_size=side),
        tokenizer=tokenizer,
        patch_size=8,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=TEMPLATE,
    )
    size = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    torch.manual_seed(0)
    model = LlavaForConditionalGeneration(
        LlavaConfig(
            vision_config=CLIPVisionConfig(**size, image_size=16, patch_size=8, initializer_range=0.5),
            text_config=LlamaConfig(**size, vocab_size=len(tokenizer), initializer_range=0.5, pad_token_id=3),
            image_token_index=special.index("<image>"),
        )
    )
    torch.nn.init.normal_(model.lm_head.weight)
    path = tmp_path_factory.mktemp("models") / "tiny-llava"
    model.save_pretrained(path)
    processor.save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def server(folder, tmp_path_factory):
    """The address of a process that serves the model."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = "from transformers.cli.transformers import main; main()"
    arguments = ["serve", str(folder), "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    home = tmp_path_factory.mktemp("home")
    log = home / "log.txt"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", command, *arguments],
            env=os.environ | {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_UPDATE_CHECK": "1", "HF_HOME": str(home)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/health", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(address, process, log):
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(600):
        with suppress(OSError), opener.open(address, timeout=5):
            return
        if process.poll() is not None:
            break
        time.sleep(0.1)
    pytest.fail(f"transformers serve did not start:\n{log.read_text()[-3000:]}")


@pytest.fixture(scope="module")
def model(folder):
    """The model and its processor in this process."""
    from transformers import AutoProcessor, LlavaForConditionalGeneration

    return LlavaForConditionalGeneration.from_pretrained(folder), AutoProcessor.from_pretrained(folder)


def answer_directly(model, processor, prompt, image):
    """Return what the model says without a server, with the same chat template."""
    pictures = [] if image is None else [{"type": "image", "path": image}]
    messages = [
        {"role": "system", "content": [{"type": "text", "text": "be brief"}]},
        {"role": "user", "content": [*pictures, {"type": "text", "text": prompt}]},
    ]
    inputs = processor.apply_chat_template(
        messages, add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
    )
    found = model.generate(**inputs, do_sample=False, max_new_tokens=NEW_TOKENS)
    return processor.decode(found[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True).strip()


@pytest.mark.slow
def test_a_server_answers_as_the_model_itself(folder, server, model, tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    pictures = [str(tmp_path / "red.png"), str(tmp_path / "noise.jpg"), None]
    Image.new("RGB", (20, 16), "red").save(pictures[0])
    Image.effect_noise((30, 40), 90).convert("RGB").save(pictures[1])
    prompts = ["what is in the picture?", "is it blue? say yes or no"]
    requests = [
        Request(
            task="vqa",
            instance=str(place),
            instruction=wording,
            prompt=prompt,
            image=picture,
            options=(),
            max_new_tokens=NEW_TOKENS,
        )
        for place, picture in enumerate(pictures)
        for wording, prompt in enumerate(prompts, start=1)
    ]
    adapter = OpenAI(server, str(folder), concurrency="2", system="be brief")
    try:
        answers = adapter.predict(requests)
    finally:
        adapter.close()
    assert all(isinstance(answer, Prediction) for answer in answers), answers
    expected = [answer_directly(*model, request.prompt, request.image) for request in requests]
    assert [answer.text for answer in answers] == expected
    assert len(set(expected)) == len(expected)
    assert adapter.usage["completion_tokens"] == NEW_TOKENS * len(requests)
    assert adapter.usage["retries"] == 0
