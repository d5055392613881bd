"""PyTorch's nn.LSTM with a linear head and pinball loss in double precision: forecasts, loss and every gradient."""

import argparse
import json
import pathlib

import safetensors.torch
import torch

FOLDER = pathlib.Path(__file__).parents[2] / "Tests/Golden/lstm"
LEVELS = [0.05, 0.5, 0.9]
CASES = [
    {"name": "small", "inputs": 3, "statics": 2, "hidden": 5, "leads": 2, "steps": 4, "count": 6, "seed": 1},
    {"name": "many", "inputs": 2, "statics": 0, "hidden": 8, "leads": 1, "steps": 7, "count": 67, "seed": 2},
    {"name": "long", "inputs": 4, "statics": 3, "hidden": 17, "leads": 3, "steps": 60, "count": 9, "seed": 3},
]


class Numbers:
    """SplitMix64, twelve bits of each draw: numbers in [-1, 1) that single precision holds exactly."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) % 2**64
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) % 2**64
        return z ^ (z >> 31)

    def draw(self, *size):
        count = torch.Size(size).numel()
        return torch.tensor([(self.next() >> 52) / 2048 - 1 for _ in range(count)], dtype=torch.float64).reshape(size)


class Network(torch.nn.Module):
    def __init__(self, case):
        super().__init__()
        self.lstm = torch.nn.LSTM(case["inputs"], case["hidden"], batch_first=True)
        self.head = torch.nn.Linear(case["hidden"] + case["statics"], case["leads"] * len(LEVELS))
        self.double()

    def forward(self, inputs, statics):
        _, (last, _) = self.lstm(inputs)
        return self.head(torch.cat([last[0], statics], dim=1))


def reference(case):
    """Parameters come first, in the module's own order, then inputs, statics, targets; every fifth target is unknown."""
    numbers = Numbers(case["seed"])
    network = Network(case)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(numbers.draw(*parameter.shape))
    inputs = numbers.draw(case["count"], case["steps"], case["inputs"])
    statics = numbers.draw(case["count"], case["statics"])
    targets = numbers.draw(case["count"], case["leads"])
    known = (torch.arange(targets.numel()) % 5 != 3).reshape(targets.shape)
    weights = 1 + torch.arange(case["count"]) % 3

    forecasts = network(inputs, statics)
    errors = targets[:, :, None] - forecasts.reshape(case["count"], case["leads"], len(LEVELS))
    levels = torch.tensor(LEVELS, dtype=torch.float64)
    losses = torch.maximum(levels * errors, (levels - 1) * errors)
    counted = (known * weights[:, None])[:, :, None].expand_as(losses)
    loss = (losses * counted).sum() / counted.sum()
    loss.backward()
    return network, {
        "torch": torch.__version__,
        "case": case,
        "levels": LEVELS,
        "forecasts": digits(forecasts),
        "loss": loss.item(),
        "gradients": {name: digits(parameter.grad) for name, parameter in network.named_parameters()},
    }


def digits(tensor):
    return [float(f"{value:.13g}") for value in tensor.flatten().tolist()]


def golden():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for case in CASES:
        network, answer = reference(case)
        path = FOLDER / f"{case['name']}.json"
        path.write_text(json.dumps(answer, separators=(",", ":")) + "\n")
        if case is CASES[0]:
            tensors = {name: parameter.detach().float() for name, parameter in network.named_parameters()}
            safetensors.torch.save_file(tensors, path.with_suffix(".safetensors"), metadata={"case": case["name"]})
        print(f"{path}: loss {answer['loss']:.6f}")


def weights(path):
    with safetensors.safe_open(path, "pt") as file:
        print(file.metadata())
        for name in file.keys():
            tensor = file.get_tensor(name)
            print(f"{name}: {list(tensor.shape)}, mean {tensor.mean():.6g}, spread {tensor.std(correction=0):.6g}")


def main():
    parser = argparse.ArgumentParser(prog="scripts/parity/lstm", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("golden", help="write Tests/Golden/lstm anew")
    show = commands.add_parser("weights", help="what the safetensors package reads in a file of weights")
    show.add_argument("file")
    chosen = parser.parse_args()
    golden() if chosen.command == "golden" else weights(chosen.file)


main()
