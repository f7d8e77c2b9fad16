"""ALBEF's two streams and their fusion."""

import torch.nn.functional as F
from torch import nn

from layers import Block, FusionBlock, TextEmbeddings, Vit


class Albef(nn.Module):
    def __init__(self, config):
        super().__init__()
        vision, text, size = config["vision"], config["text"], config["embedding_size"]
        self.vision = Vit(vision)
        self.text_embeddings = TextEmbeddings(text)
        self.text_layers = nn.ModuleList(Block(text) for _ in range(text["text_layers"]))
        memory = vision["hidden_size"]
        self.fusion_layers = nn.ModuleList(FusionBlock(text, memory) for _ in range(text["fusion_layers"]))
        self.vision_projection = nn.Linear(memory, size)
        self.text_projection = nn.Linear(text["hidden_size"], size)

    def text_states(self, ids, mask):
        states = self.text_embeddings(ids)
        for layer in self.text_layers:
            states = layer(states, mask)
        return states

    def fuse(self, states, mask, memory):
        for layer in self.fusion_layers:
            states = layer(states, mask, memory)
        return states

    def features(self, image, text):
        image = F.normalize(self.vision_projection(image[:, 0]), dim=1)
        return image, F.normalize(self.text_projection(text[:, 0]), dim=1)
