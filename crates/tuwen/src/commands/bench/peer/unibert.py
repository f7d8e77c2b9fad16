"""UniBERT's pre-training step: every pass of the recipe's plan, MLM, MFM (NCE), ITM and tags, AdamW.

Heads meet labelled positions alone, as on the other side."""

import sys

import torch
import torch.nn.functional as F
from torch import nn

from layers import Block, FrameEmbeddings, PredictionHead, TextEmbeddings
from worker import Case, real, start, train


class Encoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.text_embeddings = TextEmbeddings(config)
        self.frame_embeddings = FrameEmbeddings(config)
        self.layers = nn.ModuleList(Block(config) for _ in range(config["num_hidden_layers"]))
        self.cls_first = config["layout"] == "cls_frames_text"

    def order(self, text, frames):
        """[CLS] frames [SEP] title [SEP], or frames [CLS] title [SEP]."""
        return [text[:, :1], frames, text[:, 1:]] if self.cls_first else [frames, text]

    def forward(self, ids, frames, mask):
        text, frames = self.text_embeddings(ids), self.frame_embeddings(frames)
        states = torch.cat(self.order(text, frames), 1)
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
        there = lambda task, head: head if task in config["tasks"] else None
        self.mlm = there("mlm", PredictionHead(hidden, epsilon, encoder["vocab_size"]))
        self.mfm = there("mfm", PredictionHead(hidden, epsilon, encoder["frame_dim"]))
        self.itm = there("itm", Classifier(hidden, 1))
        self.tag = there("tag", Classifier(hidden, config["tags"]))


def nce(model, rows, inputs, similarity):
    """Each hidden frame among all frames of the batch; its equals are no negatives where `twins` says so."""
    predicted, frames = model.mfm(rows[inputs["frame_rows"]]), inputs["frames"]
    if similarity == "dot_product":
        scores = predicted @ frames.t()
    else:
        scores = F.normalize(predicted, dim=1) @ F.normalize(frames, dim=1).t() / similarity["cosine"]["temperature"]
    if "twins" in inputs:
        scores = scores.masked_fill(inputs["twins"].bool(), float("-inf"))
    return F.cross_entropy(scores.float(), inputs["frame_targets"])


def task_loss(task, model, states, cls, inputs, config):
    rows = states.flatten(0, 1)
    if task == "mlm":
        return F.cross_entropy(model.mlm(rows[inputs["token_rows"]]).float(), inputs["token_labels"])
    if task == "mfm":
        return nce(model, rows, inputs, config["tasks"]["mfm"]["similarity"])
    if task == "itm":
        match = model.itm.classifier(states[:, cls]).squeeze(1).float()
        return F.binary_cross_entropy_with_logits(match, inputs["matches"])
    tags = model.tag.classifier(F.relu(states[inputs["tag_rows"], cls])).float()
    return F.binary_cross_entropy_with_logits(tags, inputs["tag_targets"])


def losses(model, inputs, masks, config):
    named = {}
    for index, tasks in enumerate(config["passes"]):
        ids, frames = inputs[f"pass{index}.ids"], inputs[f"pass{index}.frames"]
        states = model.encoder(ids, frames, masks[index])
        cls = 0 if model.encoder.cls_first else frames.shape[1]
        for task in tasks:
            weight = config["tasks"][task]["weight"]
            named[task] = task_loss(task, model, states, cls, inputs, config) * weight
    return named


def ordered_mask(case, model, index):
    """The mask of a pass in the order of its sequence, or None where nothing is padding."""
    mask = lambda part: case.inputs[f"pass{index}.{part}_mask"].bool()
    return real(torch.cat(model.encoder.order(mask("text"), mask("frame")), 1))


def main(folder):
    start()
    case = Case(folder)
    model = Pretraining(case.config)
    masks = [ordered_mask(case, model, index) for index in range(len(case.config["passes"]))]
    clip_norm = case.config["optimizer"].get("clip_norm")
    train(case, model, lambda model: losses(model, case.inputs, masks, case.config), clip_norm)


main(sys.argv[3])
