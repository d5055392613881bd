"""Opens a report as a reader would and says what went wrong; called by scripts/look."""

import pathlib
import sys

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

browser_path, report, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), pathlib.Path(sys.argv[3])
SCREENS = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}
TIMES = """() => {
  const paint = Object.fromEntries(performance.getEntriesByType('paint').map((entry) => [entry.name, entry.startTime]));
  const ready = performance.getEntriesByName('horizonscale-ready')[0];
  return {paint: paint['first-contentful-paint'] ?? -1, ready: ready ? ready.startTime : -1};
}"""
troubles = 0


def trouble(name, text):
    global troubles
    troubles += 1
    print(f"{name}: {text}")


def watch(page, screen):
    page.on("console", lambda message: trouble(screen, f"console {message.type}: {message.text}"))
    page.on("pageerror", lambda error: trouble(screen, f"error: {error}"))
    page.on("dialog", lambda dialog: (trouble(screen, f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda request: None if request.url.split(":")[0] in ("file", "data", "blob") else trouble(screen, f"request: {request.url}"))


def shoot(page, name):
    page.wait_for_timeout(150)
    page.screenshot(path=folder / f"{name}.png")


def check(page, name):
    """Accessibility rules of WCAG 2.1 AA and good practice, over the page as it stands."""
    for violation in Axe().run(page).response["violations"]:
        for node in violation["nodes"]:
            summary = node["failureSummary"].splitlines()[-1].strip()
            trouble(name, f"{violation['id']}: {violation['help']}: {' '.join(map(str, node['target']))}: {summary}")


def look(browser, screen, scheme):
    name = f"{screen}-{scheme}"
    context = browser.new_context(viewport=SCREENS[screen], color_scheme=scheme, device_scale_factor=2 if screen == "phone" else 1,
                                  reduced_motion="reduce")
    page = context.new_page()
    watch(page, name)
    page.goto(report.as_uri())
    page.wait_for_timeout(300)
    times = page.evaluate(TIMES)
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    print(f"{name}: first paint {times['paint']:.0f} ms, page ready {times['ready']:.0f} ms, {wide} px too wide")
    shoot(page, f"{name}-top")
    rows = page.locator(".open-row")
    if rows.count() > 2:
        page.evaluate("document.getElementById('risks').scrollIntoView()")
        shoot(page, f"{name}-risks")
        rows.nth(2).click()
        page.wait_for_timeout(300)
        shoot(page, f"{name}-open")
        check(page, f"{name}, a row open")
        rows.nth(2).click()
    for section in ("changes", "headroom", "charts", "record", "contest", "quality", "guide"):
        page.evaluate(f"document.getElementById('{section}').scrollIntoView()")
        page.wait_for_timeout(300)
        shoot(page, f"{name}-{section}")
    if wide > 0:
        trouble(name, "the page scrolls sideways")
    check(page, name)
    context.close()


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
    for screen in SCREENS:
        for scheme in ("light", "dark"):
            look(browser, screen, scheme)
    # A dark screen prints on white paper as well.
    page = browser.new_page(color_scheme="dark")
    watch(page, "print")
    page.goto(report.as_uri())
    page.pdf(path=folder / "print.pdf", format="A4", margin={side: "12mm" for side in ("top", "bottom", "left", "right")})
    browser.close()
print(f"{report.stat().st_size / 1e6:.2f} MB, {troubles} messages and violations, pictures in {folder}")
sys.exit(1 if troubles else 0)
