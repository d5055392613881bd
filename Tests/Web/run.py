"""Runs the tests of the dashboard against a server of its own; called by scripts/test-web."""

import argparse
import importlib
import pathlib
import sys
import tempfile
import time

from playwright.sync_api import sync_playwright

import fleet
from harness import Server, Web

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "Tests"))
from loop import run_tests, tests_in  # noqa: E402

MODULES = ["looks", "journeys", "states", "words", "long_lists"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--browser", required=True)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/horizonscale"))
    parser.add_argument("--keep", type=pathlib.Path)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--workspace", type=pathlib.Path, help="serve this one instead of making one")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        workspace = options.workspace or fleet.make(options.binary, folder, servers=60)
        print(f"fleet made in {time.monotonic() - begun:.1f} s", flush=True)
        with Server(options.binary, workspace) as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=options.browser, args=["--no-sandbox", "--force-color-profile=srgb"])
            web = Web(browser, server, workspace, options.keep, options.update)
            tests = [test for module in MODULES for test in tests_in(vars(importlib.import_module(module)))]
            failed = run_tests(tests, lambda _, test: test(web), options.names)
            browser.close()
    return 1 if failed else 0


sys.exit(main())
