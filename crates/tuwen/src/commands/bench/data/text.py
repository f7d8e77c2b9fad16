"""Tokenises with Hugging Face's libraries and masks with their collators."""

import warnings

import tokenizers
import torch
import transformers

warnings.simplefilter("ignore", FutureWarning)  # the collator for whole words says that it will move
torch.set_num_threads(1)

texts = []
held = {}


def open_texts(vocabulary, captions, ids):
    """Keeps the captions, and a batch of ids as the tokenizer would return it."""
    texts.extend(captions)
    held["bare"] = tokenizers.BertWordPieceTokenizer(vocabulary, lowercase=True)
    held["bert"] = transformers.BertTokenizerFast(vocab_file=vocabulary, do_lower_case=True)
    held["token"] = transformers.DataCollatorForLanguageModeling(held["bert"], mlm_probability=0.15)
    held["whole word"] = transformers.DataCollatorForWholeWordMask(held["bert"], mlm_probability=0.15)
    special = set(held["bert"].all_special_ids)
    held["batch"] = [
        {"input_ids": row, "attention_mask": [1] * len(row), "special_tokens_mask": [int(i in special) for i in row]}
        for row in ids
    ]
    return {"torch": torch.__version__, "transformers": transformers.__version__, "tokenizers": tokenizers.__version__}


def bare():
    return [held["bare"].encode(text, add_special_tokens=False).ids for text in texts]


def bert():
    return held["bert"](texts, add_special_tokens=False)["input_ids"]


def token_ids():
    """The ids of all captions, from both tokenizers."""
    return {"bare": bare(), "bert": bert()}


def masked_share(unit):
    """Share of the words that are masked, in a hundred batches."""
    rows = [row["special_tokens_mask"] for row in held["batch"]]
    words = sum(len(row) - sum(row) for row in rows)
    masked = special = 0
    for _ in range(100):
        labels = held[unit](batch())["labels"] != -100
        masked += int(labels.sum())
        special += int(labels[torch.tensor(rows) == 1].sum())
    return {"share": masked / words / 100, "special": special}


def batch():
    """The collators take entries out of what they get."""
    return [dict(row) for row in held["batch"]]


def time_masking(unit, times):
    collator, batches = held[unit], [batch() for _ in range(times)]
    return seconds(lambda: [collator(rows) for rows in batches])


def time_tokenising(which):
    return seconds(bare if which == "bare" else bert)


answer({"open": open_texts, "ids": token_ids, "share": masked_share, "mask": time_masking, "tokenise": time_tokenising})
