"""Transformer layers in plain PyTorch, with the parameter names of tuwen's, so that its weights load by name."""

import torch
import torch.nn.functional as F
from torch import nn


class Attention:
    """How attention is computed, for all layers: the fused operator, or the plain formula.

    The worker times both and keeps the faster one."""

    fused = True


def attend(query, key, value, mask, heads, dropout, training):
    """[B, N, H] and [B, S, H] to [B, N, H]; mask [B, S] is true where real, or None."""
    batch, length, hidden = query.shape
    split = lambda x: x.view(batch, x.shape[1], heads, hidden // heads).transpose(1, 2)
    query, key, value = split(query), split(key), split(value)
    rate = dropout if training else 0.0
    if Attention.fused:
        wide = None if mask is None else mask[:, None, None, :]
        mixed = F.scaled_dot_product_attention(query, key, value, attn_mask=wide, dropout_p=rate)
    else:
        scores = query @ key.transpose(-1, -2) * (hidden // heads) ** -0.5
        if mask is not None:
            scores = scores.masked_fill(~mask[:, None, None, :], float("-inf"))
        mixed = F.dropout(scores.softmax(-1), rate, training) @ value
    return mixed.transpose(1, 2).reshape(batch, length, hidden)


class SelfAttention(nn.Module):
    def __init__(self, hidden, heads, dropout=0.0):
        super().__init__()
        self.query_key_value = nn.Linear(hidden, 3 * hidden)
        self.output = nn.Linear(hidden, hidden)
        self.heads, self.dropout = heads, dropout

    def forward(self, states, mask):
        query, key, value = self.query_key_value(states).chunk(3, -1)
        return self.output(attend(query, key, value, mask, self.heads, self.dropout, self.training))


class CrossAttention(nn.Module):
    def __init__(self, hidden, memory, heads, dropout):
        super().__init__()
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(memory, hidden)
        self.value = nn.Linear(memory, hidden)
        self.output = nn.Linear(hidden, hidden)
        self.heads, self.dropout = heads, dropout

    def forward(self, states, memory):
        query, key, value = self.query(states), self.key(memory), self.value(memory)
        return self.output(attend(query, key, value, None, self.heads, self.dropout, self.training))


class FeedForward(nn.Module):
    def __init__(self, hidden, intermediate):
        super().__init__()
        self.intermediate = nn.Linear(hidden, intermediate)
        self.output = nn.Linear(intermediate, hidden)

    def forward(self, states):
        return self.output(F.gelu(self.intermediate(states)))


class Block(nn.Module):
    """Post-norm, BERT's."""

    def __init__(self, config):
        super().__init__()
        hidden, epsilon = config["hidden_size"], config["layer_norm_eps"]
        heads = config["num_attention_heads"]
        self.attention = SelfAttention(hidden, heads, config["attention_probs_dropout_prob"])
        self.attention_norm = nn.LayerNorm(hidden, epsilon)
        self.feed_forward = FeedForward(hidden, config["intermediate_size"])
        self.output_norm = nn.LayerNorm(hidden, epsilon)
        self.rate = config["hidden_dropout_prob"]

    def drop(self, states):
        return F.dropout(states, self.rate, self.training)

    def forward(self, states, mask):
        states = self.attention_norm(states + self.drop(self.attention(states, mask)))
        return self.output_norm(states + self.drop(self.feed_forward(states)))


class FusionBlock(Block):
    """BERT's with cross-attention between its halves, ALBEF's."""

    def __init__(self, config, memory):
        super().__init__(config)
        hidden = config["hidden_size"]
        dropout = config["attention_probs_dropout_prob"]
        self.cross_attention = CrossAttention(hidden, memory, config["num_attention_heads"], dropout)
        self.cross_norm = nn.LayerNorm(hidden, config["layer_norm_eps"])

    def forward(self, states, mask, memory):
        states = self.attention_norm(states + self.drop(self.attention(states, mask)))
        states = self.cross_norm(states + self.drop(self.cross_attention(states, memory)))
        return self.output_norm(states + self.drop(self.feed_forward(states)))


class VisionBlock(nn.Module):
    """Pre-norm, the vision transformer's."""

    def __init__(self, config):
        super().__init__()
        hidden, epsilon = config["hidden_size"], config["layer_norm_eps"]
        self.attention_norm = nn.LayerNorm(hidden, epsilon)
        self.attention = SelfAttention(hidden, config["num_attention_heads"])
        self.feed_forward_norm = nn.LayerNorm(hidden, epsilon)
        self.feed_forward = FeedForward(hidden, config["intermediate_size"])

    def forward(self, states):
        states = states + self.attention(self.attention_norm(states), None)
        return states + self.feed_forward(self.feed_forward_norm(states))


class Vit(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, self.patch = config["hidden_size"], config["patch_size"]
        patches = (config["image_size"] // self.patch) ** 2
        self.patch_projection = nn.Linear(3 * self.patch**2, hidden)
        self.class_token = nn.Parameter(torch.empty(1, hidden))
        self.positions = nn.Parameter(torch.empty(1 + patches, hidden))
        self.layers = nn.ModuleList(VisionBlock(config) for _ in range(config["num_hidden_layers"]))
        self.norm = nn.LayerNorm(hidden, config["layer_norm_eps"])

    def forward(self, pixels):
        weight, bias = self.patch_projection.weight, self.patch_projection.bias
        kernel = weight.view(-1, 3, self.patch, self.patch)
        patches = F.conv2d(pixels, kernel, bias, stride=self.patch).flatten(2).transpose(1, 2)
        first = self.class_token.expand(len(pixels), 1, -1)
        states = torch.cat([first, patches], 1) + self.positions
        for layer in self.layers:
            states = layer(states)
        return self.norm(states)


def place(states, module, rate):
    """Adds positions and token type 0, normalises, drops out."""
    states = states + module.position.weight[: states.shape[1]] + module.token_type.weight[0]
    return F.dropout(module.norm(states), rate, module.training)


class TextEmbeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden = config["hidden_size"]
        self.word = nn.Embedding(config["vocab_size"], hidden, padding_idx=config.get("frozen_word"))
        self.position = nn.Embedding(config["max_position_embeddings"], hidden)
        self.token_type = nn.Embedding(config["type_vocab_size"], hidden)
        self.norm = nn.LayerNorm(hidden, config["layer_norm_eps"])
        self.rate = config["hidden_dropout_prob"]

    def forward(self, ids):
        return place(self.word(ids), self, self.rate)


class FrameEmbeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden = config["hidden_size"]
        self.projection = nn.Linear(config["frame_dim"], hidden)
        self.position = nn.Embedding(config["max_position_embeddings"], hidden)
        self.token_type = nn.Embedding(config["type_vocab_size"], hidden)
        self.norm = nn.LayerNorm(hidden, config["layer_norm_eps"])
        self.rate = config["hidden_dropout_prob"]

    def forward(self, frames):
        return place(self.projection(frames), self, self.rate)


class PredictionHead(nn.Module):
    """Transform, norm and, if `outputs` is given, a decoder of its own."""

    def __init__(self, hidden, epsilon, outputs=None):
        super().__init__()
        self.transform = nn.Linear(hidden, hidden)
        self.norm = nn.LayerNorm(hidden, epsilon)
        self.decoder = nn.Linear(hidden, outputs) if outputs else None

    def forward(self, states):
        states = self.norm(F.gelu(self.transform(states)))
        return self.decoder(states) if self.decoder else states


class TiedMlmHead(PredictionHead):
    def __init__(self, hidden, vocabulary, epsilon):
        super().__init__(hidden, epsilon)
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    def forward(self, states, table):
        return F.linear(super().forward(states), table, self.bias)
