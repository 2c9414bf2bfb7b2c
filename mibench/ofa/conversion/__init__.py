"""From a public OFA checkpoint, fairseq's or Hugging Face's, to a folder of safetensors, config and tokenizer files.

Sources: the two forms' names and what fairseq stores are described in OFA-Sys/OFA (`models/ofa`, and the branch
`feature/add_transformers`).
"""

from mibench.ofa.conversion.converting import Report, convert
from mibench.ofa.conversion.settings import parse_overrides

__all__ = ["Report", "convert", "parse_overrides"]
