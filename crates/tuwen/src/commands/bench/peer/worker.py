"""The other side of `bench compare` and `bench gpu`: reads a case, then answers each JSON string on stdin with one line of JSON.

check  the losses in f32 without dropout, nothing moves      step  one step, timed      memory  peak MiB"""

import json
import resource
import statistics
import sys
import time

import torch
from safetensors.torch import load_file

from layers import Attention

TABLES = ("word.weight", "position.weight", "token_type.weight")


def transposed(name, tensor):
    """tuwen keeps the weight of a linear map as [in, out]."""
    linear = name.endswith(".weight") and tensor.dim() == 2 and not name.endswith(TABLES)
    return tensor.t().contiguous() if linear else tensor


class How:
    """Where and in which format this side computes, from the script's last argument."""

    told = json.loads(sys.argv[4]) if len(sys.argv) > 4 else {}
    device = torch.device(told.get("device", "cpu"))
    reduced = told.get("precision") == "bf16"
    compiled = told.get("compiled", False)
    on_card = device.type == "cuda"


def reduced():
    """bf16 in matrix products where that was asked for, as autocast has it."""
    return torch.autocast(How.device.type, torch.bfloat16, enabled=How.reduced)


def prepared(losses):
    """`losses`, by way of PyTorch's compiler where that was asked for."""
    return torch.compile(losses) if How.compiled else losses


def real(mask):
    """`mask`, or None where it leaves nothing out."""
    return None if mask.all() else mask


class Case:
    """A case's folder, read."""

    def __init__(self, folder):
        with open(f"{folder}/case.json", encoding="utf-8") as file:
            self.config = json.load(file)
        tensors = load_file(f"{folder}/case.safetensors", device=str(How.device))
        part = lambda prefix: {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)}
        self.weights = {name: transposed(name, tensor) for name, tensor in part("weights/").items()}
        self.inputs = part("inputs/")

    def mask(self, name):
        """A mask as booleans, or None where nothing is padding, which leaves PyTorch its fastest way."""
        return real(self.inputs[name].bool())

    def optimizer(self, model, learning_rate=None):
        """AdamW in the fused form, the fastest of the three; its groups as in the recipe."""
        config = self.config["optimizer"]
        plain = lambda name: any(name.endswith(ending) for ending in config["no_decay"])
        named = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
        groups = [
            {"params": [p for name, p in named if not plain(name)], "weight_decay": config["weight_decay"]},
            {"params": [p for name, p in named if plain(name)], "weight_decay": 0.0},
        ]
        rate = config["learning_rate"] if learning_rate is None else learning_rate
        betas, epsilon = tuple(config["betas"]), config["epsilon"]
        return torch.optim.AdamW(groups, lr=rate, betas=betas, eps=epsilon, fused=True)


def train_step(model, optimizer, losses, clip_norm):
    """`losses` maps the model to its weighted losses by name."""
    optimizer.zero_grad(set_to_none=True)
    with reduced():
        total = sum(losses(model).values())
    total.backward()
    if clip_norm is not None:
        torch.nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
    optimizer.step()
    return total.item()


def faster_attention(trial):
    """Sets the way of attention that makes `trial` faster; on a card that is the fused one."""
    if How.on_card:
        return
    times = {}
    for fused in (True, False):
        Attention.fused = fused
        trial()
        spans = []
        for _ in range(3):
            started = time.perf_counter()
            trial()
            spans.append(time.perf_counter() - started)
        times[fused] = statistics.median(spans)
    Attention.fused = times[True] <= times[False]


def memory():
    if How.on_card:
        return {"peak_mib": torch.cuda.max_memory_reserved(How.device) / 2**20, "what": "reserved on the device"}
    # Kilobytes on Linux, bytes on a Mac.
    unit = 2**20 if sys.platform == "darwin" else 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return {"peak_mib": peak, "what": "at most in this process"}


def serve(check, step):
    """Answers commands until stdin ends. Both functions return named numbers."""
    for line in sys.stdin:
        command = json.loads(line)
        if command == "check":
            answer = check()
        elif command == "step":
            started = time.perf_counter()
            total = step()
            answer = {"seconds": time.perf_counter() - started, "total": total}
        elif command == "memory":
            answer = memory()
        elif command == "versions":
            attention = "fused" if Attention.fused else "plain"
            answer = {"torch": torch.__version__, "threads": torch.get_num_threads(), "attention": attention}
            answer["card"] = torch.cuda.get_device_name(How.device) if How.on_card else None
        else:
            answer = {"error": f"unknown command {command!r}"}
        print(json.dumps(answer), flush=True)


def train(case, model, losses, clip_norm=None):
    """Serves a model that `losses` maps to its weighted losses by name, from the case's weights on."""

    model.to(How.device)

    def fresh(learning_rate=None):
        model.load_state_dict(case.weights)
        return case.optimizer(model, learning_rate)

    ready = prepared(losses)

    trial = fresh(learning_rate=0.0)
    faster_attention(lambda: train_step(model, trial, losses, clip_norm))
    optimizer = fresh()

    def check():
        model.eval()
        with torch.no_grad():
            answer = {name: loss.item() for name, loss in losses(model).items()}
        model.train()
        return answer

    serve(check, lambda: train_step(model, optimizer, ready, clip_norm))


def start():
    # As many threads as OMP_NUM_THREADS says, which PyTorch reads itself.
    torch.manual_seed(0)
    if How.on_card:
        torch.set_float32_matmul_precision("high")  # TF32, as on the other side
