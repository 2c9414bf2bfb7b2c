"""Small random models of pictures and texts, each saved to a folder as published ones are."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2Processor,
    CLIPVisionConfig,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    Gemma3Processor,
    InstructBlipConfig,
    InstructBlipForConditionalGeneration,
    InstructBlipProcessor,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    OPTConfig,
    PaliGemmaConfig,
    PaliGemmaForConditionalGeneration,
    PaliGemmaProcessor,
    PreTrainedTokenizerFast,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen2VLProcessor,
    T5Config,
)
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.gemma3.image_processing_pil_gemma3 import Gemma3ImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from mibench.adapters.processors import without_videos

SENTENCES = (
    "what is there in the picture? which colour has the square beside the circle?",
    "is there a red square beside the blue circle? yes, there is. no, there is not.",
    "Options: yes||||no||||a green triangle 0 1 2 3 4 5 6 7 8 9",
)
NOISE = 0.3
"""Added to all weights; without it, all answers are alike."""

LLAVA_TEMPLATE = (
    "{% for message in messages %}{{ message['role'].upper() + ': ' }}"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}{{ '<image>\\n' }}"
    "{% else %}{{ part['text'] }}{% endif %}{% endfor %}{{ ' ' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}"
)
QWEN_TEMPLATE = (
    "{% if messages[0]['role'] != 'system' %}{{ '<|im_start|>system\\nBe brief.<|im_end|>\\n' }}{% endif %}"
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' }}"
    "{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}{{ '<|vision_start|><|image_pad|><|vision_end|>' }}"
    "{% else %}{{ part['text'] }}{% endif %}{% endfor %}{{ '<|im_end|>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def make_tokenizer(special_tokens: Sequence[str] | Mapping[str, str] = ()) -> PreTrainedTokenizerFast:
    """Return a byte-level vocabulary: padding is 0, the beginning 1, the end 2, then the special tokens.

    Those in a mapping become attributes of the tokenizer by their names.
    """
    named = isinstance(special_tokens, Mapping)
    marks = list(special_tokens.values() if named else special_tokens)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=350,
        special_tokens=["<pad>", "<s>", "</s>", *marks],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        extra_special_tokens=special_tokens if named else marks,
    )


def text_settings(tokenizer: PreTrainedTokenizerFast, **settings: Any) -> dict[str, Any]:
    """Return the configuration of a language model of two layers."""
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 8,
        "max_position_embeddings": 1024,
        "pad_token_id": 0,
        "bos_token_id": 1,
        "eos_token_id": 2,
        **settings,
    }


VISION = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 32,
    "patch_size": 8,
}


def make_llava(folder: Path, *, template: str | None = LLAVA_TEMPLATE) -> Path:
    """LLaVA: CLIP and Llama; 16 tokens a picture."""
    tokenizer = make_tokenizer(["<image>"])
    processor = LlavaProcessor(
        CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}),
        tokenizer,
        patch_size=8,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=template,
    )
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(**VISION),
        text_config=LlamaConfig(**text_settings(tokenizer)),
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
    )
    return _save(folder, processor, lambda: LlavaForConditionalGeneration(config))


def make_qwen2_vl(folder: Path) -> Path:
    """Qwen2-VL: tokens of a picture by its size, positions in three dimensions."""
    marks = ["<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
    tokenizer = make_tokenizer(marks)
    images = Qwen2VLImageProcessorPil(patch_size=8, size={"shortest_edge": 32 * 32, "longest_edge": 64 * 64})
    with without_videos():
        processor = Qwen2VLProcessor(images, tokenizer, chat_template=QWEN_TEMPLATE)
        ids = dict(zip(marks, tokenizer.convert_tokens_to_ids(marks), strict=True))
        config = Qwen2VLConfig(
            vision_config={"depth": 2, "embed_dim": 16, "hidden_size": 32, "num_heads": 2, "patch_size": 8},
            text_config=text_settings(
                tokenizer,
                rope_parameters={"rope_type": "default", "rope_theta": 10_000.0, "mrope_section": [1, 1, 2]},
            ),
            image_token_id=ids["<|image_pad|>"],
            video_token_id=ids["<|video_pad|>"],
            vision_start_token_id=ids["<|vision_start|>"],
            vision_end_token_id=ids["<|vision_end|>"],
        )
        return _save(folder, processor, lambda: Qwen2VLForConditionalGeneration(config))


def _language(tokenizer: PreTrainedTokenizerFast, name: str) -> dict[str, Any]:
    if name == "t5":
        shape = {"d_model": 32, "d_ff": 64, "d_kv": 8, "num_layers": 2, "num_heads": 4, "decoder_start_token_id": 0}
        return T5Config(vocab_size=len(tokenizer), pad_token_id=0, eos_token_id=2, **shape).to_dict()
    return OPTConfig(**text_settings(tokenizer, ffn_dim=64, word_embed_proj_dim=32)).to_dict()


QFORMER = {
    "vocab_size": 400,
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "encoder_hidden_size": 16,
}


def make_blip2(folder: Path, *, language: str = "opt") -> Path:
    """BLIP-2 with OPT or with T5; 4 tokens a picture."""
    tokenizer = make_tokenizer()
    processor = Blip2Processor(BlipImageProcessorPil(size={"height": 32, "width": 32}), tokenizer, num_query_tokens=4)
    config = Blip2Config(
        vision_config=VISION,
        qformer_config=QFORMER,
        text_config=_language(tokenizer, language),
        num_query_tokens=4,
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
    )
    return _save(folder, processor, lambda: Blip2ForConditionalGeneration(config))


def make_instructblip(folder: Path) -> Path:
    """InstructBLIP with OPT, whose Q-Former reads the text as well; 4 tokens a picture."""
    tokenizer = make_tokenizer()
    images = BlipImageProcessorPil(size={"height": 32, "width": 32})
    processor = InstructBlipProcessor(images, tokenizer, make_tokenizer(), num_query_tokens=4)
    config = InstructBlipConfig(
        vision_config=VISION,
        qformer_config=QFORMER,
        text_config=_language(tokenizer, "opt"),
        num_query_tokens=4,
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
    )
    return _save(folder, processor, lambda: InstructBlipForConditionalGeneration(config))


def make_gemma3(folder: Path, *, sliding_window: int) -> Path:
    """Gemma 3: one of two layers sees only so many tokens back; the tokens of a picture see each other."""
    marks = {"boi_token": "<start_of_image>", "eoi_token": "<end_of_image>", "image_token": "<image_soft_token>"}
    tokenizer = make_tokenizer(marks)
    processor = Gemma3Processor(
        Gemma3ImageProcessorPil(size={"height": 32, "width": 32}),
        tokenizer,
        chat_template="<s>" + LLAVA_TEMPLATE.replace("<image>", "<start_of_image>"),
        image_seq_length=4,
    )
    config = Gemma3Config(
        vision_config=VISION | {"model_type": "siglip_vision_model"},
        text_config=text_settings(
            tokenizer, sliding_window=sliding_window, layer_types=["sliding_attention", "full_attention"]
        ),
        mm_tokens_per_image=4,
        image_token_index=tokenizer.image_token_id,
        boi_token_index=tokenizer.boi_token_id,
        eoi_token_index=tokenizer.eoi_token_id,
    )
    return _save(folder, processor, lambda: Gemma3ForConditionalGeneration(config))


def make_paligemma(folder: Path) -> Path:
    """PaliGemma: all tokens of a prompt see each other; 16 tokens a picture."""
    tokenizer = make_tokenizer({"image_token": "<image>"})
    images = SiglipImageProcessorPil(size={"height": 32, "width": 32})
    images.image_seq_length = 16
    processor = PaliGemmaProcessor(images, tokenizer)
    config = PaliGemmaConfig(
        vision_config=VISION | {"model_type": "siglip_vision_model", "projection_dim": 32, "vision_use_head": False},
        text_config=text_settings(tokenizer, model_type="gemma"),
        image_token_index=tokenizer.image_token_id,
        projection_dim=32,
    )
    return _save(folder, processor, lambda: PaliGemmaForConditionalGeneration(config))


def _save(folder: Path, processor: Any, make_model: Callable[[], Any]) -> Path:
    torch.manual_seed(0)
    model = make_model()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(NOISE * torch.randn_like(parameter))
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
