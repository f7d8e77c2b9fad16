"""ALBEF's pre-training step as the paper's algorithm reads, pass by pass: momentum encoder, queue, ITA, ITM with hard
negatives, MLM with soft labels over all positions, AdamW."""

import copy
import sys

import torch
import torch.nn.functional as F
from torch import nn

from layers import TiedMlmHead
from two_stream import Albef
from worker import Case, How, faster_attention, prepared, serve, start, train_step


class Matching(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.classifier = nn.Linear(hidden, 2)


class Pretraining(nn.Module):
    def __init__(self, config):
        super().__init__()
        encoder = config["model"]["encoder"]
        text = encoder["text"]
        self.encoder = Albef(encoder)
        self.mlm = TiedMlmHead(text["hidden_size"], text["vocab_size"], text["layer_norm_eps"])
        self.itm = Matching(text["hidden_size"])
        self.temperature = nn.Parameter(torch.empty(1))

    def words(self, fused):
        return self.mlm(fused, self.encoder.text_embeddings.word.weight)


class Momentum:
    """The momentum model and the queue."""

    def __init__(self, model, inputs, rate):
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.image, self.text = inputs["queue_image"].clone(), inputs["queue_text"].clone()
        self.pointer, self.rate, self.pending = 0, rate, None

    @torch.no_grad()
    def update(self, model):
        ours, theirs = list(self.model.parameters()), [p.detach() for p in model.parameters()]
        torch._foreach_mul_(ours, self.rate)
        torch._foreach_add_(ours, theirs, alpha=1.0 - self.rate)

    def enqueue(self):
        image, text = self.pending
        end = self.pointer + len(image)
        self.image[self.pointer : end], self.text[self.pointer : end] = image, text
        self.pointer = end % len(self.image)


def alignment(image, text, taught, momentum, temperature, alpha):
    """The loss, and both similarities within the batch."""
    image_keys = torch.cat([taught[0], momentum.image])
    text_keys = torch.cat([taught[1], momentum.text])
    with torch.no_grad():
        own = torch.eye(len(image), len(image_keys), device=image.device)
        soft = lambda own_side, keys: alpha * F.softmax(own_side @ keys.t() / temperature, 1) + (1 - alpha) * own
        targets = soft(taught[0], text_keys), soft(taught[1], image_keys)
    i2t, t2i = image @ text_keys.t() / temperature, text @ image_keys.t() / temperature
    loss = sum(-(F.log_softmax(sim, 1) * target).sum(1).mean() for sim, target in zip((i2t, t2i), targets)) / 2
    batch = len(image)
    return loss, i2t[:, :batch].detach(), t2i[:, :batch].detach()


def draw(similarities, uniforms):
    """A hard negative for each row: a draw from the softmax by Gumbel noise that both sides are given."""
    scores = similarities - (-uniforms.log()).log()
    return scores.fill_diagonal_(float("-inf")).argmax(1)


def matching(model, states, mask, image, negative_images, negative_texts):
    true = model.encoder.fuse(states, mask, image)[:, 0]
    texts = torch.cat([states, states[negative_texts]])
    masks = None if mask is None else torch.cat([mask, mask[negative_texts]])
    images = torch.cat([image[negative_images], image])
    false = model.encoder.fuse(texts, masks, images)[:, 0]
    return told_apart(model, torch.cat([true, false]), len(true))


def told_apart(model, cls, true):
    """The loss of matching; the first `true` rows are true pairs."""
    logits = model.itm.classifier(cls).float()
    return F.cross_entropy(logits, (torch.arange(len(cls), device=cls.device) < true).long())


def masked_words(model, momentum, inputs, mask, image, taught_image, alpha):
    states = model.encoder.text_states(inputs["masked_ids"], mask)
    logits = model.words(model.encoder.fuse(states, mask, image))
    with torch.no_grad():
        teacher = momentum.model
        states = teacher.encoder.text_states(inputs["masked_ids"], mask)
        answers = F.softmax(teacher.words(teacher.encoder.fuse(states, mask, taught_image)), -1)
    labels = inputs["labels"]
    hard = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=-100)
    soft = -(F.log_softmax(logits, -1) * answers).sum(-1)[labels != -100].mean()
    return (1 - alpha) * hard + alpha * soft


def seen_alike(model, momentum, inputs, config, update):
    """What both ways of writing the step begin with: states of both streams, the momentum model's, and ITA."""
    encoder, mask = model.encoder, inputs["mask"]
    image, states = encoder.vision(inputs["pixels"]), encoder.text_states(inputs["ids"], mask)
    with torch.no_grad():
        if update:
            momentum.update(model)
        teacher = momentum.model.encoder
        taught_image = teacher.vision(inputs["pixels"])
        taught = teacher.features(taught_image, teacher.text_states(inputs["ids"], mask))
    momentum.pending = taught
    own = encoder.features(image, states)
    ita, i2t, t2i = alignment(*own, taught, momentum, model.temperature, config["alpha"])
    images, texts = draw(t2i, inputs["image_uniforms"]), draw(i2t, inputs["text_uniforms"])
    return ita, (image, states, taught_image), (images, texts)


def losses(model, momentum, inputs, config, update=True):
    ita, (image, states, taught_image), (images, texts) = seen_alike(model, momentum, inputs, config, update)
    alpha, mask = config["alpha"], inputs["mask"]
    return {
        "ita": ita,
        "itm": matching(model, states, mask, image, images, texts),
        "mlm": masked_words(model, momentum, inputs, mask, image, taught_image, alpha),
    }


def weighed(named, config):
    """Times the weights of the last stage, of which the case is a step."""
    stage = config["stages"][-1]
    return {name: loss * stage[name]["weight"] for name, loss in named.items()}


def main(folder, losses):
    start()
    case = Case(folder)
    case.inputs["mask"] = case.mask("mask")
    rows = (case.inputs["labels"].flatten() != -100).nonzero().squeeze(1)
    case.inputs |= {"rows": rows, "row_labels": case.inputs["labels"].flatten()[rows]}
    model = Pretraining(case.config).to(How.device)

    def fresh(learning_rate=None):
        model.load_state_dict(case.weights)
        momentum = Momentum(model, case.inputs, case.config["momentum"]["rate"])
        return momentum, case.optimizer(model, learning_rate)

    def step(losses, momentum, optimizer):
        of = lambda model: weighed(losses(model, momentum, case.inputs, case.config), case.config)
        total = train_step(model, optimizer, of, None)
        with torch.no_grad():
            model.temperature.clamp_(0.001, 0.5)
        momentum.enqueue()
        return total

    trial = fresh(learning_rate=0.0)
    faster_attention(lambda: step(losses, *trial))
    del trial
    momentum, optimizer = fresh()
    ready = prepared(losses)

    def check():
        model.eval()
        with torch.no_grad():
            named = weighed(losses(model, momentum, case.inputs, case.config, update=False), case.config)
        model.train()
        return {name: loss.item() for name, loss in named.items()}

    serve(check, lambda: step(ready, momentum, optimizer))


if __name__ == "__main__":
    main(sys.argv[3], losses)
