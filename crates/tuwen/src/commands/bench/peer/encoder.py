"""A masked-word encoder's step: embeddings, post-norm layers, tied head over the masked positions, AdamW."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

from layers import Block, TextEmbeddings, TiedMlmHead
from worker import Case, start, train


class MaskedEncoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.text_embeddings = TextEmbeddings(config)
        self.layers = nn.ModuleList(Block(config) for _ in range(config["num_hidden_layers"]))
        self.mlm = TiedMlmHead(config["hidden_size"], config["vocab_size"], config["layer_norm_eps"])


def losses(model, inputs):
    states, mask = model.text_embeddings(inputs["ids"]), inputs["mask"]
    for layer in model.layers:
        states = layer(states, mask)
    logits = model.mlm(states.flatten(0, 1)[inputs["rows"]], model.text_embeddings.word.weight)
    return {"mlm": F.cross_entropy(logits, inputs["labels"])}


def main(folder):
    start()
    case = Case(folder)
    case.inputs["mask"] = case.mask("mask")
    model = MaskedEncoder(case.config["encoder"])
    train(case, model, lambda model: losses(model, case.inputs))


main(sys.argv[3])
