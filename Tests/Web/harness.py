"""What every test of the dashboard needs: a server, pages that are watched, accessibility rules, kept pictures."""

import contextlib
import io
import pathlib
import re
import socket
import subprocess
import tempfile
import time
import urllib.request

from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageChops, ImageFilter
from playwright.sync_api import Error

KEPT = pathlib.Path(__file__).parent / "pictures"
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
WALL = {"width": 2560, "height": 1440}
# Pictures are kept this wide (of a phone half as wide) and compared in blocks: a block differs when its mean does by more than
# `BLOCK_TOLERANCE` of 255. A missing table is a tenth of the blocks or more, two other digits half a percent.
KEPT_WIDTH, BLOCK = 480, 16
BLOCK_TOLERANCE, SHARE_TOLERANCE = 4, 0.03


class Server:
    """`horizonscale serve` on a free port of loopback."""

    def __init__(self, binary, workspace):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [binary, "serve", "--workspace", str(workspace), "--listen", f"127.0.0.1:{self.port}"], stdout=self.log, stderr=self.log)

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{self.address}/readyz", timeout=1)
                return self
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
        self.__exit__()
        self.log.seek(0)
        raise SystemExit(f"the server did not start:\n{self.log.read().decode(errors='replace')[-2000:]}")

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def until(page, condition, seconds=15):
    """Waits for a condition in the page. Playwright's own `wait_for_function` evaluates text in the page, which the policy forbids."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if page.evaluate(f"Boolean({condition})"):
                return
        except Error as error:
            if "context was destroyed" not in str(error):
                raise
        page.wait_for_timeout(40)
    raise AssertionError(f"{page.url}: not within {seconds} s: {condition}")


class Web:
    def __init__(self, browser, server, workspace, keep, update):
        self.browser, self.server, self.workspace, self.keep, self.update = browser, server, workspace, keep, update
        if keep:
            keep.mkdir(parents=True, exist_ok=True)

    @contextlib.contextmanager
    def page(self, screen=DESKTOP, scheme="light", locale="en-GB", allowed=(), answers=None, **options):
        """A page that fails its test on a console message, an error, a dialog, or a request to anywhere but the server.

        `allowed`: patterns of console messages that the test provokes. `answers`: a function of a route for `/api/` requests.
        """
        context = self.browser.new_context(
            viewport=screen, color_scheme=scheme, locale=locale, timezone_id="America/New_York", reduced_motion="reduce", accept_downloads=True, **options)
        page = context.new_page()
        troubles = []

        def say(text):
            if not any(re.search(pattern, text) for pattern in allowed):
                troubles.append(text)

        page.on("console", lambda message: say(f"console {message.type}: {message.text}"))
        page.on("pageerror", lambda error: say(f"error: {error}"))
        page.on("dialog", lambda dialog: (say(f"dialog: {dialog.message}"), dialog.dismiss()))

        def gate(route):
            url = route.request.url
            if not url.startswith(self.server.address + "/"):
                troubles.append(f"request leaves the machine: {url}")
                route.abort()
            elif answers and "/api/" in url:
                answers(route)
            else:
                route.continue_()

        context.route("**/*", gate)
        page.base = self.server.address
        try:
            yield page
        finally:
            context.close()
        assert not troubles, "\n".join(troubles)

    def open(self, page, address):
        """Goes to a place of the dashboard and waits until it is drawn."""
        page.goto(f"{self.server.address}/{address}")
        self.settle(page)

    def go(self, page, address):
        """As `open`, without loading the page anew."""
        page.evaluate("(address) => { history.pushState(null, '', address); dispatchEvent(new PopStateEvent('popstate')); }", f"/{address}")
        self.settle(page)

    def settle(self, page):
        until(page, "document.querySelector('main h1') && !document.querySelector('[aria-busy=true]')")
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        page.wait_for_timeout(120)

    def accessible(self, page, name):
        """No rule of WCAG 2.1 AA or good practice is broken by the page as it stands."""
        broken = []
        for violation in Axe().run(page).response["violations"]:
            for node in violation["nodes"]:
                summary = (node["failureSummary"] or "").splitlines()[-1].strip()
                broken.append(f"{name}: {violation['id']}: {violation['help']}: {' '.join(map(str, node['target']))}: {summary}")
        assert not broken, "\n".join(broken[:12])

    def fits(self, page, name):
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name}: the page scrolls sideways by {wide} px"

    def picture(self, page, name, compare=True):
        """Compares what is in sight with the kept picture `name`, small and within a tolerance."""
        shot = page.screenshot(full_page=False, animations="disabled")
        if self.keep:
            (self.keep / f"{name}.png").write_bytes(shot)
        if not compare:
            return
        whole = Image.open(io.BytesIO(shot)).convert("RGB")
        width = KEPT_WIDTH if page.viewport_size["width"] > 600 else KEPT_WIDTH // 2
        small = whole.resize((width, round(whole.height * width / whole.width)), Image.Resampling.LANCZOS)
        path = KEPT / f"{name}.png"
        if self.update:
            KEPT.mkdir(exist_ok=True)
            small.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)
            return
        assert path.exists(), f"there is no kept picture {path.name}: look at the page, then run scripts/test-web --update"
        kept = Image.open(path).convert("RGB")
        assert kept.size == small.size, f"{name}: {small.size} instead of {kept.size}"
        # A blur forgives a letter that stands a pixel further on; a moved or missing part stays.
        blurred = [image.filter(ImageFilter.GaussianBlur(1.5)) for image in (kept, small)]
        difference = ImageChops.difference(*blurred).convert("L")
        blocks = difference.resize((-(-small.width // BLOCK), -(-small.height // BLOCK)), Image.Resampling.BOX)
        share = sum(blocks.histogram()[BLOCK_TOLERANCE:]) / (blocks.width * blocks.height)
        if share > SHARE_TOLERANCE and self.keep:
            difference.save(self.keep / f"{name}-difference.png")
        assert share <= SHARE_TOLERANCE, f"{name}: {share:.1%} of the picture differs from the kept one (at most {SHARE_TOLERANCE:.0%}); look with --keep FOLDER"
