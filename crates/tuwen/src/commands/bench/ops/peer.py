"""The same operations on the same numbers in PyTorch."""

import torch
import torch.nn.functional as F

BATCH, TOKENS, PATCHES, HIDDEN, INNER, HEADS, WORDS, MASKED = 8, 64, 197, 256, 1024, 4, 8192, 80


def numbers(*dims, seed):
    count = torch.Size(dims).numel()
    values = (torch.arange(count, dtype=torch.int64) * 7919 + seed * 104729) % 1009
    return (values.float() / 504.5 - 1.0).view(*dims)


def ids(*dims, below):
    return (torch.arange(torch.Size(dims).numel()) * 7919 % below).view(*dims)


def split(states):
    return states.view(BATCH, -1, HEADS, HIDDEN // HEADS).transpose(1, 2)


def attend(query, key, value, mask=None):
    mixed = F.scaled_dot_product_attention(split(query), split(key), split(value), attn_mask=mask)
    return mixed.transpose(1, 2).reshape(BATCH, -1, HIDDEN)


parameter = lambda tensor: tensor.requires_grad_()
states = numbers(BATCH, TOKENS, HIDDEN, seed=1)
branch = numbers(BATCH, TOKENS, HIDDEN, seed=2)
# PyTorch keeps the weight of a linear map as [out, in].
weight = parameter(numbers(HIDDEN, INNER, seed=3).t().contiguous())
bias = parameter(numbers(INNER, seed=4))
scale, shift = parameter(torch.ones(HIDDEN)), parameter(torch.zeros(HIDDEN))
table = parameter(numbers(WORDS, HIDDEN, seed=5))
places = ids(BATCH, TOKENS, below=WORDS)
packed = numbers(BATCH, TOKENS, 3 * HIDDEN, seed=6)
query = numbers(BATCH, TOKENS, HIDDEN, seed=7)
key, value = (parameter(numbers(BATCH, PATCHES, HIDDEN, seed=seed)) for seed in (8, 9))
position = torch.arange(TOKENS)
real = torch.stack([position < (TOKENS if row % 2 == 0 else TOKENS * 3 // 4) for row in range(BATCH)])
logits = numbers(MASKED, WORDS, seed=10)
targets = (numbers(MASKED, WORDS, seed=11) + 1.0) / WORDS
labels = ids(MASKED, below=WORDS)
hidden = numbers(MASKED, HIDDEN, seed=12)
word_bias = parameter(numbers(WORDS, seed=13))

# The plain sum of a normalised row is a constant, so each number gets a weight.
weights = numbers(BATCH, TOKENS, HIDDEN, seed=16)
norm = lambda x: F.layer_norm(x, (HIDDEN,), scale, shift, 1e-12) * weights
functions = {
    "linear": (states, lambda x: F.linear(x, weight, bias)),
    "linear_gelu": (states, lambda x: F.gelu(F.linear(x, weight, bias))),
    "layer_norm": (states, norm),
    "residual_norm": (states, lambda x: norm(x + branch)),
    "embedding": (None, lambda: F.embedding(places, table)),
    "self_attention": (packed, lambda x: attend(*x.chunk(3, -1), mask=real[:, None, None, :])),
    "cross_attention": (query, lambda x: attend(x, key, value)),
    "tied_linear": (hidden, lambda x: F.linear(x, table, word_bias)),
    "cross_entropy": (logits, lambda x: F.cross_entropy(x, labels)),
    "soft_cross_entropy": (logits, lambda x: F.cross_entropy(x, targets)),
}
parameters = [weight, bias, scale, shift, table, key, value, word_bias]


def once(name):
    """Forward and backward; the sum of the result and that of its first gradient's magnitudes."""
    if name == "adamw":
        return optimizer_step()
    for tensor in parameters:
        tensor.grad = None
    start, function = functions[name]
    point = table if start is None else start.detach().requires_grad_()
    total = function().sum() if start is None else function(point).sum()
    total.backward()
    return total.detach(), point.grad.abs().sum()


def optimizer_of(moved):
    moved.grad = numbers(WORDS * HIDDEN, seed=14)
    return torch.optim.AdamW([moved], lr=1e-3, weight_decay=0.01, fused=True)


def optimizer_step():
    moved = parameter(numbers(WORDS * HIDDEN, seed=15))
    optimizer = optimizer_of(moved)
    optimizer.step()
    return moved.detach().abs().sum(), optimizer.state[moved]["exp_avg_sq"].sum()


running = optimizer_of(parameter(numbers(WORDS * HIDDEN, seed=15)))


def measure(name, times):
    work = running.step if name == "adamw" else lambda: once(name)
    return seconds(lambda: [work() for _ in range(times)])


def probe(name):
    result, gradient = once(name)
    return {"result": result.item(), "gradient": gradient.item()}


answer({"measure": measure, "probe": probe})
