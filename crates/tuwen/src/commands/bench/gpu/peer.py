"""One training step of ALBEF or UniBERT in PyTorch, written for speed: bf16 autocast, SDPA, fused AdamW, torch.compile.

Sizes come as JSON on stdin, the last line of stdout is JSON with the seconds of each timed step. On a CPU: f32, not compiled.
Weights are PyTorch's own and the batch is made up here: this measures time, `bench compare` compares numbers.
Words are predicted at masked places alone, image keys and values are computed for every pass.
"""
import json
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

case = json.load(sys.stdin)
size, device = case["sizes"], torch.device(case["device"])
on_card = device.type == "cuda"
torch.manual_seed(0)
torch.set_float32_matmul_precision("high")


class Attention(nn.Module):
    def __init__(self, width, heads, dropout, source=None):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.q, self.kv = nn.Linear(width, width), nn.Linear(source or width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x, source, mask):
        split = lambda t: t.unflatten(-1, (self.heads, -1)).transpose(1, 2)
        q, (k, v) = split(self.q(x)), map(split, self.kv(source).chunk(2, -1))
        drop = self.dropout if self.training else 0.0
        return self.out(F.scaled_dot_product_attention(q, k, v, mask, drop).transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Norms after each part as in BERT, or before as in a ViT; `source` is the width that cross-attention reads."""

    def __init__(self, width, heads, inner, eps, dropout=0.0, before=False, source=None):
        super().__init__()
        self.before, self.drop = before, nn.Dropout(dropout)
        self.attention = Attention(width, heads, dropout)
        self.cross = Attention(width, heads, dropout, source) if source else None
        self.mlp = nn.Sequential(nn.Linear(width, inner), nn.GELU(), nn.Linear(inner, width))
        self.norms = nn.ModuleList(nn.LayerNorm(width, eps=eps) for _ in range(3 if source else 2))

    def forward(self, x, mask=None, image=None):
        parts = [lambda h: self.attention(h, h, mask)]
        if self.cross is not None:
            parts.append(lambda h: self.cross(h, image, None))
        parts.append(self.mlp)
        for part, norm in zip(parts, self.norms):
            x = x + self.drop(part(norm(x))) if self.before else norm(x + self.drop(part(x)))
        return x


class Bert(nn.Module):
    def __init__(self, c, layers, source=None, words=True):
        super().__init__()
        h, eps, drop = c["hidden_size"], c["layer_norm_eps"], c["hidden_dropout_prob"]
        if words:
            self.words = nn.Embedding(c["vocab_size"], h)
            self.places = nn.Embedding(c["max_position_embeddings"], h)
            self.norm, self.drop = nn.LayerNorm(h, eps=eps), nn.Dropout(drop)
        make = lambda: Block(h, c["num_attention_heads"], c["intermediate_size"], eps, drop, source=source)
        self.blocks = nn.ModuleList(make() for _ in range(layers))

    def embed(self, ids):
        return self.drop(self.norm(self.words(ids) + self.places.weight[: ids.shape[1]]))

    def forward(self, x, mask, image=None):
        for block in self.blocks:
            x = block(x, mask, image)
        return x


class WordHead(nn.Module):
    def __init__(self, h, v):
        super().__init__()
        self.dense, self.norm, self.bias = nn.Linear(h, h), nn.LayerNorm(h), nn.Parameter(torch.zeros(v))

    def forward(self, x, table):
        return F.linear(self.norm(F.gelu(self.dense(x))), table, self.bias)


class AlbefEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        v, t, e = size["vision"], size["text"], size["embedding_size"]
        w, h = v["hidden_size"], t["hidden_size"]
        self.patch = nn.Conv2d(3, w, v["patch_size"], v["patch_size"])
        self.cls = nn.Parameter(torch.zeros(1, 1, w))
        self.places = nn.Parameter(torch.randn(1, (v["image_size"] // v["patch_size"]) ** 2 + 1, w) * 0.02)
        make = lambda: Block(w, v["num_attention_heads"], v["intermediate_size"], v["layer_norm_eps"], before=True)
        self.vit = nn.ModuleList(make() for _ in range(v["num_hidden_layers"]))
        self.norm = nn.LayerNorm(w, eps=v["layer_norm_eps"])
        self.text = Bert(t, t["text_layers"])
        self.fusion = Bert(t, t["fusion_layers"], source=w, words=False)
        self.image_out, self.text_out = nn.Linear(w, e), nn.Linear(h, e)
        self.word_head = WordHead(h, t["vocab_size"])

    def images(self, pixels):
        x = self.patch(pixels).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], 1) + self.places
        for block in self.vit:
            x = block(x)
        return self.norm(x)

    def features(self, image, text):
        unit = lambda x: F.normalize(x.float(), dim=-1)
        return unit(self.image_out(image[:, 0])), unit(self.text_out(text[:, 0]))

    def word_logits(self, fused, rows):
        return self.word_head(fused.flatten(0, 1)[rows], self.text.words.weight)


class Albef(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.match = AlbefEncoder(), nn.Linear(size["text"]["hidden_size"], 2)
        self.temperature = nn.Parameter(torch.tensor(0.07))

    def forward(self, teacher, queue, b):
        encoder, alpha = self.encoder, size["alpha"]
        image, text = encoder.images(b["pixels"]), encoder.text(encoder.text.embed(b["ids"]), b["mask"])
        masked = encoder.text(encoder.text.embed(b["masked_ids"]), b["mask"])
        fi, ft = encoder.features(image, text)
        with torch.no_grad():
            image_m = teacher.images(b["pixels"])
            text_m = teacher.text(teacher.text.embed(b["ids"]), b["mask"])
            fi_m, ft_m = teacher.features(image_m, text_m)
            all_i, all_t = torch.cat([fi_m, queue[0]]), torch.cat([ft_m, queue[1]])
            own = torch.eye(len(fi), len(all_i), device=fi.device)
            soft = lambda f, keys: alpha * F.softmax(f @ keys.T / self.temperature, 1) + (1 - alpha) * own
            targets = soft(fi_m, all_t), soft(ft_m, all_i)
            masked_m = teacher.text(teacher.text.embed(b["masked_ids"]), b["mask"])
            answers = F.softmax(teacher.word_logits(teacher.fusion(masked_m, b["mask"], image_m), b["rows"]).float(), -1)
        i2t, t2i = fi @ all_t.T / self.temperature, ft @ all_i.T / self.temperature
        cross = lambda logits, target: -(F.log_softmax(logits, 1) * target).sum(1).mean()
        ita = (cross(i2t, targets[0]) + cross(t2i, targets[1])) / 2
        n = len(fi)
        with torch.no_grad():
            weights = lambda s: (F.softmax(s[:, :n].float(), 1) + 1e-6).masked_fill(torch.eye(n, device=s.device) > 0, 0)
            draw = lambda s: torch.multinomial(weights(s), 1).squeeze(1)
            other_image, other_text = draw(t2i), draw(i2t)
        texts = torch.cat([text, text, text[other_text], masked])
        images = torch.cat([image, image[other_image], image, image])
        fused = encoder.fusion(texts, b["mask"], images)
        is_pair = torch.cat([torch.ones(n), torch.zeros(2 * n)]).long().to(fi.device)
        itm = F.cross_entropy(self.match(fused[: 3 * n, 0]).float(), is_pair)
        logits = encoder.word_logits(fused[3 * n :], b["rows"]).float()
        hard = F.cross_entropy(logits, b["labels"])
        mlm = (1 - alpha) * hard + alpha * -(F.log_softmax(logits, -1) * answers).sum(-1).mean()
        return ita + itm + mlm, fi_m, ft_m


class UniBert(nn.Module):
    def __init__(self):
        super().__init__()
        c = size["encoder"]
        h, d = c["hidden_size"], c["frame_dim"]
        self.bert, self.video = Bert(c, c["num_hidden_layers"]), nn.Linear(d, h)
        self.norm = nn.LayerNorm(h, eps=c["layer_norm_eps"])
        self.word_head = WordHead(h, c["vocab_size"])
        self.frame_head = nn.Sequential(nn.Linear(h, h), nn.GELU(), nn.LayerNorm(h), nn.Linear(h, d))
        self.tags = nn.Linear(h, max(size["tags"], 1))

    def forward(self, b):
        frames = self.norm(F.relu(self.video(b["frames"])))
        x = self.bert(torch.cat([self.bert.embed(b["ids"]), frames], 1), b["mask"])
        words, seen = self.bert.words.weight, x.flatten(0, 1)
        mlm = F.cross_entropy(self.word_head(seen[b["rows"]], words).float(), b["labels"])
        near = self.frame_head(seen[b["frame_rows"]]) @ b["frames"].flatten(0, 1).T
        mfm = F.cross_entropy(near.float(), b["frame_labels"])
        tag = F.binary_cross_entropy_with_logits(self.tags(x[:, 0]).float(), b["tag_labels"])
        return (mlm + mfm + tag,)


def ids(*shape):
    words = (size["text"] if size["model"] == "albef" else size["encoder"])["vocab_size"]
    return torch.randint(0, words, shape, device=device)


n, tokens = size["batch"], size["tokens"]
if size["model"] == "albef":
    model, teacher = Albef().to(device), AlbefEncoder().to(device).eval().requires_grad_(False)
    teacher.load_state_dict(model.encoder.state_dict())
    side, e = size["vision"]["image_size"], size["embedding_size"]
    rows = torch.tensor([r for r in range(n * tokens) if r % 20 < 3], device=device)
    batch = {"pixels": torch.randn(n, 3, side, side, device=device), "ids": ids(n, tokens), "masked_ids": ids(n, tokens),
             "mask": None, "rows": rows, "labels": ids(len(rows))}
    queue = [F.normalize(torch.randn(size["queue"], e, device=device), dim=-1) for _ in range(2)]
    pairs = list(zip(teacher.parameters(), model.encoder.parameters()))
else:
    model, frames = UniBert().to(device), size["frames"]
    length = tokens + frames
    rows = torch.tensor([r * length + t for r in range(n) for t in range(1, tokens) if t % 20 < 3], device=device)
    hidden = [(r, t) for r in range(n) for t in range(frames) if t % 20 < 3]
    batch = {"frames": torch.randn(n, frames, size["encoder"]["frame_dim"], device=device), "ids": ids(n, tokens),
             "mask": None, "rows": rows, "labels": ids(len(rows)),
             "frame_rows": torch.tensor([r * length + tokens + t for r, t in hidden], device=device),
             "frame_labels": torch.tensor([r * frames + t for r, t in hidden], device=device),
             "tag_labels": torch.eye(max(size["tags"], 1), device=device)[torch.arange(n) % max(size["tags"], 1)]}

optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.02, fused=True)
run = torch.compile(model) if on_card else model
pointer = 0


def step():
    global pointer
    with torch.autocast(device.type, torch.bfloat16, enabled=on_card):
        if size["model"] == "albef":
            with torch.no_grad():
                rate = size["momentum"]
                ours, theirs = [a for a, _ in pairs], [b.detach() for _, b in pairs]
                torch._foreach_lerp_(ours, theirs, 1 - rate)
            loss, image, text = run(teacher, queue, batch)
            if size["queue"] > 0:
                where = (torch.arange(n, device=device) + pointer) % size["queue"]
                queue[0][where], queue[1][where] = image, text
                pointer = (pointer + n) % size["queue"]
        else:
            (loss,) = run(batch)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    return loss.item()


for _ in range(case["warmup"]):
    step()
if on_card:
    torch.cuda.synchronize()
seconds = []
for _ in range(max(case["steps"], 1)):
    started = time.perf_counter()
    loss = step()
    if on_card:
        torch.cuda.synchronize()
    seconds.append(time.perf_counter() - started)
assert loss == loss, "the loss is not a number"
result = {"side": "pytorch", "version": torch.__version__, "device": case["device"], "dtype": "bf16" if on_card else "f32",
          "compiled": on_card, "seconds": seconds}
if on_card:
    result |= {"memory_bytes": torch.cuda.max_memory_reserved(), "memory_is": "reserved on the device"}
    result["card"] = torch.cuda.get_device_name(device)
print(json.dumps(result))
