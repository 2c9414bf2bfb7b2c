"""A small vocabulary in OFA's layout, trained on the spot."""

import json
from pathlib import Path

from tokenizers import ByteLevelBPETokenizer

from mibench.ofa.tokenizer import FIRST_PIECES, OFATokenizer

SENTENCES = (
    " which region does the text describe?",
    " what does the image describe?",
    " is there a red square beside the blue circle?",
    " the small café has two tables and a naïve waiter 123 456 0.5",
    " [options]: yes||||no||||a green triangle",
    " it's what they've said; we'll see, don't you?",
    " does the image show the text of the question? answer: yes",
)


def make_tokenizer(folder: Path, *, pieces: int = 400, num_codes: int = 16, num_bins: int = 1000) -> OFATokenizer:
    """Write `vocab.json`, `merges.txt` and `tokenizer_config.json` into a folder, and load it."""
    folder.mkdir(parents=True, exist_ok=True)
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(
        SENTENCES, vocab_size=pieces - 1, min_frequency=1, show_progress=False, special_tokens=list(FIRST_PIECES)
    )
    trained.save_model(str(folder))
    file = folder / "vocab.json"
    vocabulary = json.loads(file.read_text(encoding="utf-8"))
    file.write_text(json.dumps(vocabulary | {"<mask>": len(vocabulary)}, ensure_ascii=False), encoding="utf-8")
    settings = {"tokenizer_class": "OFATokenizer", "num_codes": num_codes, "num_bins": num_bins}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    loaded: OFATokenizer = OFATokenizer.from_pretrained(folder)
    return loaded
