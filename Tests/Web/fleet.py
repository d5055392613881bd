"""A synthetic fleet with an inventory, an earlier run, and names that try to break out of a page."""

import csv
import json
import math
import pathlib
import random
import subprocess

# What a page must show as text, a CSV must not run, and an address must carry.
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "'\"><script>alert(2)</script>",
    "=HYPERLINK(0)+1",
    "a/b\\c?d#e&f%2F",
    "\u202eevil\u2066",
    "javascript:alert(3)",
    "naïve–服务器 " + "x" * 120,
]
DAY = 86400
LAST = 20453 * DAY  # 2025-12-31


def make(binary, folder, servers):
    """Fills `folder/workspace` with two runs a month apart; gives its path."""
    folder = pathlib.Path(folder)
    call(binary, "synth", "--out", folder / "fleet", "--servers", servers, "--days", 400, "--seed", 11)
    write_hostile(folder / "hostile.csv")
    workspace = folder / "workspace"
    inputs = [folder / "fleet" / "metrics.parquet", folder / "hostile.csv"]
    inventory = folder / "fleet" / "inventory.parquet"
    # Models that learn from the fleet would take half a minute a run and show nothing more.
    models = "seasonal-naive,line-30,line-90,theta,harmonic-ar,sawtooth,prophet,ensemble-median"
    common = ["--workspace", workspace, "--inventory", inventory, "--models", models, "--quiet"]
    call(binary, "run", *inputs, *common, "--as-of", "2025-11-30")
    call(binary, "run", *inputs, *common)
    return workspace


def call(binary, *arguments):
    done = subprocess.run([binary, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, arguments))} ended with {done.returncode}:\n{done.stderr[-2000:]}")


def write_hostile(path):
    """Disks that fill up, so that each name stands on the first page of risks."""
    chance = random.Random(5)
    with open(path, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["server", "resource", "time", "value", "capacity", "unit"])
        for i, name in enumerate(HOSTILE):
            for day in range(400):
                value = 30 + 2 * i + 0.11 * day + 1.5 * math.sin(day / 7 * 2 * math.pi) + chance.gauss(0, 0.6)
                out.writerow([name, "disk", LAST - (399 - day) * DAY, round(value, 2), 100, "GB"])
