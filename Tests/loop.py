"""The loop of the test programs in Python: a verdict and a time for each test, what a failed one says, and 'N passed, N failed'."""

import pathlib
import time
import traceback


def run_tests(tests, call, wanted=()):
    """Runs those of `tests`, pairs of a name and a function, whose names hold one of `wanted`, each by `call(name, test)`.

    A test that fails does not end the others. Returns the number of failed ones; no test at all is one failure."""
    here, passed, failed = str(pathlib.Path(__file__).resolve().parent), 0, 0
    for name, test in tests:
        if wanted and not any(part in name for part in wanted):
            continue
        begun = time.monotonic()
        try:
            call(name, test)
            passed += 1
            verdict = "ok"
        except Exception as error:  # noqa: BLE001: whatever it is, it is this test's
            failed += 1
            own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(here) and frame.filename != __file__]
            places = " < ".join(f"{pathlib.Path(frame.filename).name}:{frame.lineno}" for frame in reversed(own))
            said = "\n    ".join((str(error) or own[-1].line).splitlines()[:14])
            verdict = f"FAILED at {places}: {type(error).__name__}\n    {said}\n "
        print(f"{name}: {verdict} ({time.monotonic() - begun:.1f} s)", flush=True)
    if passed + failed == 0:
        print("no test has such a name")
        failed = 1
    print(f"{passed} passed, {failed} failed")
    return failed


def tests_in(names):
    """The tests among a module's names, in the order in which they stand there."""
    return [(name.removeprefix("test_"), test) for name, test in names.items() if name.startswith("test_")]
