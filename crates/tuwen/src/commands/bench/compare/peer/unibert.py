"""UniBERT's pre-training step: every pass of the plan, MLM, MFM (NCE), ITM and tags, AdamW.

Heads meet labelled positions alone, as on the other side."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

from layers import Block, FrameEmbeddings, PredictionHead, TextEmbeddings
from worker import Case, start, train


class Encoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.text_embeddings = TextEmbeddings(config)
        self.frame_embeddings = FrameEmbeddings(config)
        self.layers = nn.ModuleList(Block(config) for _ in range(config["num_hidden_layers"]))

    def forward(self, ids, text_mask, frames, frame_mask):
        text, frames = self.text_embeddings(ids), self.frame_embeddings(frames)
        # [CLS] frames [SEP] title [SEP]
        states = torch.cat([text[:, :1], frames, text[:, 1:]], 1)
        mask = torch.cat([text_mask[:, :1], frame_mask, text_mask[:, 1:]], 1)
        for layer in self.layers:
            states = layer(states, mask)
        return states


class Classifier(nn.Module):
    def __init__(self, hidden, outputs):
        super().__init__()
        self.classifier = nn.Linear(hidden, outputs)


class Pretraining(nn.Module):
    def __init__(self, config):
        super().__init__()
        encoder = config["model"]["encoder"]
        hidden, epsilon = encoder["hidden_size"], encoder["layer_norm_eps"]
        self.encoder = Encoder(encoder)
        self.projection = nn.Linear(hidden, config["model"]["embedding_size"])
        self.mlm = PredictionHead(hidden, epsilon, encoder["vocab_size"])
        self.mfm = PredictionHead(hidden, epsilon, encoder["frame_dim"])
        self.itm = Classifier(hidden, 1)
        self.tag = Classifier(hidden, config["tags"])


def losses(model, inputs, config):
    tasks = config["tasks"]
    encode = lambda name: model.encoder(
        inputs[f"{name}.ids"],
        inputs[f"{name}.text_mask"].bool(),
        inputs[f"{name}.frames"],
        inputs[f"{name}.frame_mask"].bool(),
    )
    aligned, shuffled = encode("aligned"), encode("shuffled")
    rows = aligned.flatten(0, 1)
    words = model.mlm(rows[inputs["token_rows"]])
    predicted = F.normalize(model.mfm(rows[inputs["frame_rows"]]), dim=1)
    temperature = tasks["mfm"]["similarity"]["cosine"]["temperature"]
    frames = predicted @ F.normalize(inputs["frames"], dim=1).t() / temperature
    frames = frames.masked_fill(inputs["twins"].bool(), float("-inf"))
    match = model.itm.classifier(shuffled[:, 0]).squeeze(1)
    tags = model.tag.classifier(F.relu(aligned[inputs["tag_rows"], 0]))
    named = {
        "mlm": F.cross_entropy(words, inputs["token_labels"]),
        "mfm": F.cross_entropy(frames, inputs["frame_targets"]),
        "itm": F.binary_cross_entropy_with_logits(match, inputs["matches"]),
        "tag": F.binary_cross_entropy_with_logits(tags, inputs["tag_targets"]),
    }
    return {name: loss * tasks[name]["weight"] for name, loss in named.items()}


def main(folder):
    start()
    case = Case(folder)
    model = Pretraining(case.config)
    clip_norm = case.config["optimizer"].get("clip_norm")
    train(case, model, lambda model: losses(model, case.inputs, case.config), clip_norm)


main(sys.argv[3])
