"""The same step written for speed: one fusion pass for matching and masked words together, words at masked places alone."""

import sys

import torch
import torch.nn.functional as F

from albef import main, seen_alike, told_apart


def losses(model, momentum, inputs, config, update=True):
    ita, (image, states, taught_image), (images, texts) = seen_alike(model, momentum, inputs, config, update)
    encoder, alpha, mask, rows = model.encoder, config["alpha"], inputs["mask"], inputs["rows"]
    masked = encoder.text_states(inputs["masked_ids"], mask)
    pairs = torch.cat([states, states, states[texts], masked])
    masks = None if mask is None else torch.cat([mask, mask, mask[texts], mask])
    fused = encoder.fuse(pairs, masks, torch.cat([image, image[images], image, image]))
    matched, filled = fused[: 3 * len(image), 0], fused[3 * len(image) :]
    logits = model.words(filled.flatten(0, 1)[rows]).float()
    with torch.no_grad():
        teacher = momentum.model
        taught = teacher.encoder.text_states(inputs["masked_ids"], mask)
        taught = teacher.encoder.fuse(taught, mask, taught_image).flatten(0, 1)[rows]
        answers = F.softmax(teacher.words(taught).float(), -1)
    hard = F.cross_entropy(logits, inputs["row_labels"])
    soft = -(F.log_softmax(logits, -1) * answers).sum(-1).mean()
    itm = told_apart(model, matched, len(image))
    return {"ita": ita, "itm": itm, "mlm": (1 - alpha) * hard + alpha * soft}


if __name__ == "__main__":
    main(sys.argv[3], losses)
