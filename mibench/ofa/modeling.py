"""OFA as a transformers model: loading, saving, the loss, and generation."""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import (
    AutoModel,
    AutoModelForImageTextToText,
    AutoModelForSeq2SeqLM,
    GenerationMixin,
    PreTrainedModel,
)
from transformers import initialization as init
from transformers.cache_utils import DynamicCache, EncoderDecoderCache
from transformers.generation.logits_process import (
    ForcedEOSTokenLogitsProcessor,
    LogitsProcessor,
    LogitsProcessorList,
)
from transformers.modeling_outputs import Seq2SeqLMOutput

from mibench.errors import InputError
from mibench.ofa.attention import OFAAttention
from mibench.ofa.configuration import OFAConfig
from mibench.ofa.decoder import OFADecoder
from mibench.ofa.encoder import OFAEncoder, OFAEncoderOutput
from mibench.ofa.positions import BiasTable
from mibench.ofa.trunk import NormedConv

_CACHE_NAME = "cache" if "cache" in Seq2SeqLMOutput.__dataclass_fields__ else "past_key_values"
_IGNORED = -100


class EndOfAnswer(LogitsProcessor):
    """Leaves the longest answers no way but to end, at the price of ending, as fairseq's search does.

    The processor of transformers makes that step free of charge, which changes the order of beams.
    """

    def __init__(self, forced: ForcedEOSTokenLogitsProcessor) -> None:
        self.longest = forced.max_length
        self.ends = forced.eos_token_id

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Return the scores, [B, vocabulary], where the answers [B, Q] may go on, else those of ending alone.

        Where something else bans the end, as a least length does, they go on.
        """
        if input_ids.shape[1] < self.longest - 1:
            return scores
        only = torch.full_like(scores, -torch.inf)
        only[:, self.ends] = scores[:, self.ends]
        banned = scores[:, self.ends].isneginf().all(dim=1, keepdim=True)
        return torch.where(banned, scores, only)


class OFAForConditionalGeneration(PreTrainedModel, GenerationMixin):  # type: ignore[no-untyped-call]
    """OFA with its projection to the vocabulary; parameter names are those of the published Hugging Face form."""

    config: OFAConfig
    config_class = OFAConfig
    base_model_prefix = "model"
    main_input_name = "input_ids"
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _no_split_modules: ClassVar[list[str]] = ["OFAEncoderLayer", "OFADecoderLayer", "Bottleneck"]  # type: ignore[misc]
    _keys_to_ignore_on_load_unexpected: ClassVar[list[str]] = [  # type: ignore[misc]
        r"\.num_batches_tracked$",
        r"_rp_bucket$",
        r"\.image_position_idx$",
        r"(en|de)coder\.version$",
    ]

    def __init__(self, config: OFAConfig) -> None:
        super().__init__(config)
        embed_tokens = nn.Embedding(config.vocab_size, config.d_model, config.pad_token_id)
        self.encoder = OFAEncoder(config, embed_tokens)
        self.decoder = OFADecoder(config, embed_tokens)
        self._tied_weights_keys = {"decoder.embed_tokens.weight": "encoder.embed_tokens.weight"}
        if config.share_decoder_input_output_embed:
            self._tied_weights_keys["decoder.output_projection.weight"] = "encoder.embed_tokens.weight"
        self.post_init()  # type: ignore[no-untyped-call]

    def get_encoder(self, *_: Any, **__: Any) -> OFAEncoder:
        """Return the encoder."""
        return self.encoder

    def get_decoder(self, *_: Any, **__: Any) -> OFADecoder:
        """Return the decoder."""
        return self.decoder

    def get_input_embeddings(self) -> nn.Embedding:
        """Return the token embedding, which encoder and decoder share."""
        return self.encoder.embed_tokens

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replace the token embedding of encoder and decoder."""
        assert isinstance(value, nn.Embedding)
        self.encoder.embed_tokens = value
        self.decoder.embed_tokens = value

    def get_output_embeddings(self) -> nn.Linear:
        """Return the projection to the vocabulary."""
        return self.decoder.output_projection

    def set_output_embeddings(self, new_embeddings: nn.Linear) -> None:
        """Replace the projection to the vocabulary."""
        self.decoder.output_projection = new_embeddings

    def encode_image(self, pixel_values: Tensor) -> Tensor:
        """Return the patch features of images [I, 3, H, W], [I, rows, columns, D].

        All the work that depends on the images alone; give the result as `image_features` to every call about them.

        Raises:
            InputError: an image has more rows or columns of patches than there are positions for.

        """
        return self.encoder.encode_image(pixel_values)

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        pixel_values: Tensor | None = None,
        image_features: Tensor | None = None,
        image_index: Tensor | None = None,
        decoder_input_ids: Tensor | None = None,
        decoder_attention_mask: Tensor | None = None,
        encoder_outputs: OFAEncoderOutput | None = None,
        past_key_values: EncoderDecoderCache | None = None,
        cache: EncoderDecoderCache | None = None,
        labels: Tensor | None = None,
        use_cache: bool | None = None,
        output_attentions: bool | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
    ) -> Seq2SeqLMOutput | tuple[Any, ...]:
        """Return logits [B, Q, vocabulary] and, with labels, the mean cross entropy.

        Args:
            input_ids: texts, [B, T].
            attention_mask: false at padding, [B, T]; by default where the pad token is.
            pixel_values: normalised images, [I, 3, H, W], all of one size.
            image_features: what `encode_image` gave for them, instead of `pixel_values`.
            image_index: which image each text is about, [B]; -1 is none. Not needed where each has its own.
            decoder_input_ids: the answers so far, from the start token on, [B, Q]; by default from the labels.
            decoder_attention_mask: false at padding of the answers, those in the cache included.
            encoder_outputs: what the encoder gave, instead of texts and images. It may have fewer rows, of which as
                many consecutive answers then share one.
            past_key_values: keys and values of the tokens before; the old name of `cache`.
            cache: keys and values of the tokens before, extended in place.
            labels: the answers, [B, Q]; -100 is left out.
            use_cache: whether to return a cache; never a new one with labels, nor by default in training.
            output_attentions: whether to return attention weights, by the eager implementation.
            output_hidden_states: whether to return the states of all layers.
            return_dict: whether to return an output with names, or a tuple.

        Raises:
            InputError: inputs are missing, contradict each other, or are larger than there are positions for.

        """
        if output_attentions is None:
            output_attentions = self.config.output_attentions
        if output_hidden_states is None:
            output_hidden_states = self.config.output_hidden_states
        if encoder_outputs is None:
            if input_ids is None:
                raise InputError("neither input_ids nor encoder_outputs")
            encoder_outputs = self.encoder(
                input_ids,
                attention_mask,
                pixel_values,
                image_features,
                image_index,
                output_attentions=output_attentions,
                output_hidden_states=output_hidden_states,
            )
        if decoder_input_ids is None:
            if labels is None:
                raise InputError("neither decoder_input_ids nor labels")
            decoder_input_ids = self.prepare_decoder_input_ids_from_labels(labels)
        if use_cache is None:
            use_cache = self.config.use_cache and not self.training
        cache = self._cache(past_key_values if cache is None else cache, use_cache and labels is None)
        decoded = self.decoder(
            decoder_input_ids,
            encoder_outputs,
            self.encoder,
            decoder_attention_mask,
            cache,
            output_attentions=output_attentions,
            output_hidden_states=output_hidden_states,
        )
        logits = self.decoder.output_projection(decoded.last_hidden_state)
        loss = None
        if labels is not None:
            loss = functional.cross_entropy(logits.flatten(0, 1).float(), labels.flatten(), ignore_index=_IGNORED)
        output = Seq2SeqLMOutput(
            loss=loss,
            logits=logits,
            decoder_hidden_states=decoded.hidden_states,
            decoder_attentions=decoded.attentions,
            cross_attentions=decoded.cross_attentions,
            encoder_last_hidden_state=encoder_outputs.last_hidden_state,
            encoder_hidden_states=encoder_outputs.hidden_states,
            encoder_attentions=encoder_outputs.attentions,
            **{_CACHE_NAME: cache},
        )
        return output if return_dict or (return_dict is None and self.config.return_dict) else output.to_tuple()

    def prepare_decoder_input_ids_from_labels(self, labels: Tensor) -> Tensor:
        """Return what the decoder reads to give the labels [B, Q]: the start token, then all but the last."""
        start = labels.new_full((len(labels), 1), self.config.decoder_start_token_id)
        shifted = torch.cat((start, labels[:, :-1]), dim=1)
        return shifted.masked_fill(shifted == _IGNORED, self.config.pad_token_id)

    def _cache(self, given: EncoderDecoderCache | None, wanted: bool) -> EncoderDecoderCache | None:
        if given is not None and not isinstance(given, EncoderDecoderCache):
            raise InputError(f"a cache of type {type(given).__name__}", remedy="OFA needs an EncoderDecoderCache")
        if given is None and wanted:
            return EncoderDecoderCache(DynamicCache(), DynamicCache())
        return given

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, NormedConv):
            init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        elif isinstance(module, OFAAttention):
            init.ones_(module.c_attn)
        elif isinstance(module, BiasTable):
            init.zeros_(module.weight)
        else:
            super()._init_weights(module)  # type: ignore[no-untyped-call]

    def _get_logits_processor(self, *args: Any, **kwargs: Any) -> LogitsProcessorList:
        processors = super()._get_logits_processor(*args, **kwargs)  # type: ignore[misc]
        return LogitsProcessorList(
            EndOfAnswer(processor) if isinstance(processor, ForcedEOSTokenLogitsProcessor) else processor
            for processor in processors
        )

    def _expand_inputs_for_generation(  # type: ignore[override]
        self,
        expand_size: int = 1,
        is_encoder_decoder: bool = False,
        input_ids: Tensor | None = None,
        **model_kwargs: Any,
    ) -> tuple[Tensor | None, dict[str, Any]]:
        """Repeat the answers for beams; what was encoded is shared by them, so it stays as it is."""
        for spent in ("pixel_values", "image_features", "image_index", "attention_mask"):
            model_kwargs.pop(spent, None)
        encoder_outputs = model_kwargs.pop("encoder_outputs")
        model_kwargs = {
            name: value.repeat_interleave(expand_size, dim=0) if isinstance(value, Tensor) else value
            for name, value in model_kwargs.items()
        }
        answers = None if input_ids is None else input_ids.repeat_interleave(expand_size, dim=0)
        return answers, model_kwargs | {"encoder_outputs": encoder_outputs}

    def _reorder_cache(self, cache: EncoderDecoderCache, beam_idx: Tensor) -> EncoderDecoderCache:
        """Follow the beams that survived; keys and values of the encoder belong to all beams of a row alike."""
        cache.self_attention_cache.reorder_cache(beam_idx)  # type: ignore[arg-type]
        return cache


OFAModel = OFAForConditionalGeneration
"""The name by which published configurations call the model."""

for _auto in (AutoModel, AutoModelForSeq2SeqLM, AutoModelForImageTextToText):
    _auto.register(OFAConfig, OFAForConditionalGeneration, exist_ok=True)
