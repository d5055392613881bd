"""A synthetic fleet with an inventory, an earlier run, and names that try to break out of a page."""

import csv
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
DAYS = 400
LAST = 20453 * DAY  # 2025-12-31


def make(binary, folder, servers):
    """Fills `folder/workspace` with two runs a month apart; gives its path."""
    folder = pathlib.Path(folder)
    call(binary, "synth", "--out", folder / "fleet", "--servers", servers, "--days", DAYS, "--seed", 11)
    write(folder / "hostile.csv", hostile())
    write(folder / "special.csv", special())
    workspace = folder / "workspace"
    inputs = [folder / "fleet" / "metrics.parquet", folder / "hostile.csv", folder / "special.csv"]
    inventory = folder / "fleet" / "inventory.parquet"
    # Models that learn from the fleet would take half a minute a run and show nothing more.
    models = "seasonal-naive,line-30,line-90,theta,harmonic-ar,sawtooth,prophet,ensemble-median"
    common = ["--workspace", workspace, "--inventory", inventory, "--models", models, "--quiet"]
    call(binary, "run", *inputs, *common, "--as-of", "2025-11-30")
    call(binary, "run", *inputs, *common)
    call(binary, "backtest", "--workspace", workspace, "--models", models, "--keep-forecasts", "--quiet")
    return workspace


def call(binary, *arguments):
    done = subprocess.run([binary, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, arguments))} ended with {done.returncode}:\n{done.stderr[-2000:]}")


def write(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["server", "resource", "time", "value", "capacity", "unit"])
        for server, resource, day, value, capacity, unit in rows:
            out.writerow([server, resource, LAST - (DAYS - 1 - day) * DAY, round(value, 2), capacity, unit])


def hostile():
    """Disks that fill up, so that each name stands on the first page of risks."""
    chance = random.Random(5)
    for i, name in enumerate(HOSTILE):
        for day in range(DAYS):
            yield name, "disk", day, 30 + 2 * i + 0.11 * day + 1.5 * math.sin(day / 7 * 2 * math.pi) + chance.gauss(0, 0.6), 100, "GB"


def special():
    """A gap and a resize; a server that has ended; a resource without a ceiling."""
    chance = random.Random(6)
    for day in range(DAYS):
        weekly = math.sin(day / 7 * 2 * math.pi)
        if not 200 <= day < 225:
            yield "gap-db-00001", "disk", day, 60 + 0.12 * day + weekly + chance.gauss(0, 0.5), 100 if day < 250 else 150, "GB"
        if day < DAYS - 60:
            yield "ended-db-00002", "disk", day, 50 + weekly + chance.gauss(0, 0.5), 100, "GB"
        yield "queue-00003", "requests", day, 4000 + 5 * day + 300 * weekly + chance.gauss(0, 60), "", ""
