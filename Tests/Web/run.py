"""Runs the tests of the dashboard against a server of its own; called by scripts/test-web."""

import argparse
import importlib
import pathlib
import sys
import tempfile
import time
import traceback

from playwright.sync_api import sync_playwright

import fleet
from harness import Server, Web

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MODULES = ["looks", "journeys", "states", "words", "long_lists"]


def tests(wanted):
    for module in MODULES:
        for name, test in vars(importlib.import_module(module)).items():
            if name.startswith("test_") and (not wanted or any(part in name for part in wanted)):
                yield name.removeprefix("test_"), test


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--browser", required=True)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/horizonscale"))
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--workspace", type=pathlib.Path, help="serve this one instead of making one")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()

    passed, failed = 0, []
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        workspace = options.workspace or fleet.make(options.binary, folder, servers=60)
        print(f"fleet made in {time.monotonic() - begun:.1f} s", flush=True)
        with Server(options.binary, workspace) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=options.browser, args=["--no-sandbox", "--force-color-profile=srgb"])
            web = Web(browser, server, workspace, options.keep, options.update)
            for name, test in tests(options.names):
                begun = time.monotonic()
                try:
                    test(web)
                    passed += 1
                    verdict = "ok"
                except Exception as error:  # noqa: BLE001: a failed test must not end the others
                    failed.append(name)
                    own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(str(HERE))][-1]
                    said = "\n    ".join((str(error) or own.line).splitlines()[:14])
                    verdict = f"FAILED in {pathlib.Path(own.filename).name}, line {own.lineno}: {type(error).__name__}\n    {said}\n "
                print(f"{name}: {verdict} ({time.monotonic() - begun:.1f} s)", flush=True)
            browser.close()
    if passed + len(failed) == 0:
        print("no test has such a name")
        failed.append("none ran")
    print(f"{passed} passed, {len(failed)} failed")
    return 1 if failed else 0


sys.exit(main())
