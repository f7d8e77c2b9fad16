"""Embedding with ALBEF: pictures and captions to unit features, without gradients."""

import sys

import torch

from two_stream import Albef
from worker import Case, faster_attention, serve, start


def main(folder):
    start()
    case = Case(folder)
    model = Albef(case.config["encoder"]).eval()
    model.load_state_dict(case.weights)
    pixels, ids, mask = case.inputs["pixels"], case.inputs["ids"], case.mask("mask")

    @torch.inference_mode()
    def embed():
        return model.features(model.vision(pixels), model.text_states(ids, mask))

    def check():
        image, text = embed()
        own = image @ text.t()
        return {"image": image.abs().sum().item(), "text": text.abs().sum().item(), "cosines": own.abs().sum().item()}

    faster_attention(embed)
    serve(check, lambda: embed()[0].sum().item())


main(sys.argv[3])
