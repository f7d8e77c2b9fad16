"""Makes the files weights_* of this folder: seeded tiny models of transformers and timm with their states, and files of
torch.save, sound and malicious. `python make_weights.py`, with torch 2.9, transformers 4.57, timm 1.0 and safetensors.
`python make_weights.py --minilm FOLDER` writes the states of the real model there beside it, as FOLDER/states.safetensors;
the tests read both where TUWEN_MINILM_DIR names the folder."""

import collections
import json
import os
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from timm.models.vision_transformer import VisionTransformer
from transformers import BertConfig, BertForPreTraining, BertModel, ViTConfig, ViTModel

FOLDER = Path(__file__).parent


def randomise(module, seed):
    """Every weight from N(0, 0.1), so that no bias is 0 and no norm is 1."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in sorted(module.named_parameters()):
            fresh = 0.1 * torch.randn(tensor.shape, generator=generator)
            tensor.copy_(fresh + 1.0 if "norm" in name.lower() and name.endswith("weight") else fresh)
    return module.eval()


def write(name, tensors, config):
    tensors = {key: tensor.detach().clone().contiguous() for key, tensor in tensors.items()}
    save_file(tensors, FOLDER / name, metadata={"meta": json.dumps({"config": config})})


def bert():
    config = BertConfig(
        vocab_size=40, hidden_size=24, num_hidden_layers=3, num_attention_heads=2, intermediate_size=40,
        max_position_embeddings=16, attn_implementation="eager",
    )
    model = randomise(BertForPreTraining(config), 1)
    generator = torch.Generator().manual_seed(2)
    ids = torch.randint(5, 40, (3, 7), generator=generator)
    mask = torch.tensor([[1] * 7, [1] * 4 + [0] * 3, [1] * 2 + [0] * 5])
    with torch.no_grad():
        found = model(input_ids=ids, attention_mask=mask, output_hidden_states=True)
    tensors = {f"weights/{name}": tensor for name, tensor in model.state_dict().items()}
    tensors |= {"input/ids": ids, "input/mask": mask, "expect/mlm_logits": found.prediction_logits}
    tensors |= {f"expect/hidden_states/{i}": states for i, states in enumerate(found.hidden_states)}
    write("weights_bert.safetensors", tensors, config.to_diff_dict() | {
        key: getattr(config, key) for key in ("num_hidden_layers", "num_attention_heads", "layer_norm_eps")})


def minilm(folder):
    model = BertModel.from_pretrained(folder, attn_implementation="eager").eval()
    generator = torch.Generator().manual_seed(8)
    ids = torch.randint(1000, 30522, (3, 24), generator=generator)
    ids[:, 0] = 101
    mask = (torch.arange(24) < torch.tensor([24, 15, 6])[:, None]).long()
    with torch.no_grad():
        found = model(input_ids=ids, attention_mask=mask, output_hidden_states=True)
    tensors = {"input/ids": ids, "input/mask": mask}
    tensors |= {f"expect/hidden_states/{i}": states for i, states in enumerate(found.hidden_states)}
    config = {key: getattr(model.config, key) for key in ("num_hidden_layers", "num_attention_heads", "layer_norm_eps")}
    write(Path(folder) / "states.safetensors", tensors, config)


def vit():
    sizes = {"image": 12, "patch": 4, "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3}
    timm = randomise(VisionTransformer(
        img_size=12, patch_size=4, embed_dim=24, depth=2, num_heads=3, mlp_ratio=2.0, num_classes=5), 3)
    hf = randomise(ViTModel(ViTConfig(
        image_size=12, patch_size=4, hidden_size=24, num_hidden_layers=2, num_attention_heads=3,
        intermediate_size=40, attn_implementation="eager")), 4)
    image = torch.randn((2, 3, 12, 12), generator=torch.Generator().manual_seed(5))
    tensors = {"input/image": image}
    with torch.no_grad():
        tensors["expect/timm"] = timm.forward_features(image)
        tensors["expect/hf"] = hf(pixel_values=image).last_hidden_state
    tensors |= {f"timm/{name}": tensor for name, tensor in timm.state_dict().items()}
    tensors |= {f"hf/{name}": tensor for name, tensor in hf.state_dict().items()}
    eps = {"timm": timm.norm.eps, "hf": hf.config.layer_norm_eps}
    write("weights_vit.safetensors", tensors, sizes | {"layer_norm_eps": eps})


def albef_state_dict(width, vit_width, vocabulary):
    """Shapes of a pre-trained ALBEF of 1 vision, 1 text and 1 fusion layer under the names of its checkpoints."""
    generator = torch.Generator().manual_seed(6)
    state = collections.OrderedDict()

    def add(name, *shape):
        state[name] = 0.1 * torch.randn(shape, generator=generator)

    def linear(name, out, inner):
        add(f"{name}.weight", out, inner)
        add(f"{name}.bias", out)

    def norm(name, size):
        add(f"{name}.weight", size)
        add(f"{name}.bias", size)

    def attention(name, inner):
        linear(f"{name}.self.query", width, width)
        linear(f"{name}.self.key", width, inner)
        linear(f"{name}.self.value", width, inner)
        linear(f"{name}.output.dense", width, width)
        norm(f"{name}.output.LayerNorm", width)

    add("temp")
    add("image_queue", 4, 6)
    add("text_queue", 4, 6)
    state["queue_ptr"] = torch.tensor([2])
    for twin in ("", "_m"):
        eye, text = f"visual_encoder{twin}", f"text_encoder{twin}"
        add(f"{eye}.cls_token", 1, 1, vit_width)
        add(f"{eye}.pos_embed", 1, 5, vit_width)
        add(f"{eye}.patch_embed.proj.weight", vit_width, 3, 2, 2)
        add(f"{eye}.patch_embed.proj.bias", vit_width)
        block = f"{eye}.blocks.0"
        norm(f"{block}.norm1", vit_width)
        linear(f"{block}.attn.qkv", 3 * vit_width, vit_width)
        linear(f"{block}.attn.proj", vit_width, vit_width)
        norm(f"{block}.norm2", vit_width)
        linear(f"{block}.mlp.fc1", 2 * vit_width, vit_width)
        linear(f"{block}.mlp.fc2", vit_width, 2 * vit_width)
        norm(f"{eye}.norm", vit_width)
        state[f"{text}.bert.embeddings.position_ids"] = torch.arange(7)[None]
        add(f"{text}.bert.embeddings.word_embeddings.weight", vocabulary, width)
        add(f"{text}.bert.embeddings.position_embeddings.weight", 7, width)
        add(f"{text}.bert.embeddings.token_type_embeddings.weight", 2, width)
        norm(f"{text}.bert.embeddings.LayerNorm", width)
        for number in (0, 1):
            layer = f"{text}.bert.encoder.layer.{number}"
            attention(f"{layer}.attention", width)
            if number == 1:
                attention(f"{layer}.crossattention", vit_width)
            linear(f"{layer}.intermediate.dense", 2 * width, width)
            linear(f"{layer}.output.dense", width, 2 * width)
            norm(f"{layer}.output.LayerNorm", width)
        add(f"{text}.cls.predictions.bias", vocabulary)
        linear(f"{text}.cls.predictions.transform.dense", width, width)
        norm(f"{text}.cls.predictions.transform.LayerNorm", width)
        state[f"{text}.cls.predictions.decoder.weight"] = state[f"{text}.bert.embeddings.word_embeddings.weight"]
        state[f"{text}.cls.predictions.decoder.bias"] = state[f"{text}.cls.predictions.bias"]
        linear(f"vision_proj{twin}", 4, vit_width)
        linear(f"text_proj{twin}", 4, width)
    linear("itm_head", 2, width)
    return state


class Malicious:
    """What pickle calls on load: a harmless command that leaves a trace."""

    def __reduce__(self):
        return os.system, ("touch tuwen-was-here",)


def archives():
    state = albef_state_dict(8, 6, 11)
    weight = torch.nn.Parameter(torch.zeros(3))
    optimizer = torch.optim.AdamW([weight], lr=1e-3)
    weight.sum().backward()
    optimizer.step()
    whole = {"model": state, "optimizer": optimizer.state_dict(), "lr_scheduler": {"last_epoch": 3}, "epoch": 3}
    torch.save(whole, FOLDER / "weights_albef.pth")
    numbers = torch.randn((4, 3), generator=torch.Generator().manual_seed(7))
    mixed = collections.OrderedDict(
        single=numbers, half=numbers.half(), brain=numbers.bfloat16(), double=numbers.double(),
        view=numbers.t(), part=numbers[1:3, 1:], scalar=torch.tensor(0.5), empty=torch.zeros(0, 3),
        parameter=torch.nn.Parameter(numbers + 1), count=torch.tensor([3, -4]), flag=torch.tensor([True, False]),
    )
    torch.save(mixed, FOLDER / "weights_mixed.pth")
    torch.save({"state_dict": mixed, "epoch": 3}, FOLDER / "weights_mixed_stream.pth", _use_new_zipfile_serialization=False)
    floats = {name: tensor.float() for name, tensor in mixed.items() if tensor.is_floating_point()}
    write("weights_mixed.safetensors", floats, {})
    torch.save({"model": {"weight": numbers, "x": Malicious()}}, FOLDER / "weights_malicious.pth")
    torch.save({"weight": numbers, "x": Malicious()}, FOLDER / "weights_malicious_stream.pth",
               _use_new_zipfile_serialization=False)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--minilm"]:
        minilm(sys.argv[2])
    else:
        bert()
        vit()
        archives()
