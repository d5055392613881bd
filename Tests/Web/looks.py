"""Every page in every dress: no message, no foreign request, nothing too wide, no broken accessibility rule, as in the kept picture."""

from harness import DESKTOP, PHONE, WALL

PAGES = {
    "fleet": "",
    "risks": "risks",
    "series": "series/tickets-cache-00012/memory",
    "server": "servers/tickets-cache-00012",
    "servers": "servers",
    "changes": "changes?kind=new",
    "what-if": "what-if?server=tickets-cache-00012",
    "idle": "idle",
    "models": "models",
    "record": "record",
    "quality": "quality",
}
SCREENS = {"desktop": DESKTOP, "phone": PHONE, "wall": WALL}


def look(web, screen, scheme, pages, compared):
    with web.page(SCREENS[screen], scheme) as page:
        for name in pages:
            web.open(page, PAGES[name])
            dress = f"{name}-{screen}-{scheme}"
            web.fits(page, dress)
            web.picture(page, dress, compare=name in compared)
            web.accessible(page, dress)


def test_pages_on_a_desktop(web):
    look(web, "desktop", "light", PAGES, PAGES)


def test_pages_in_the_dark(web):
    look(web, "desktop", "dark", PAGES, ["fleet", "risks", "series"])


def test_pages_on_a_phone(web):
    look(web, "phone", "light", PAGES, ["fleet", "risks", "series", "what-if"])


def test_pages_on_a_phone_in_the_dark(web):
    look(web, "phone", "dark", ["fleet", "series"], [])


def test_fleet_on_a_wall_screen(web):
    look(web, "wall", "dark", ["fleet", "risks"], ["fleet"])


def test_whole_pages(web):
    """From top to bottom: what is drawn only when it comes into sight as well."""
    with web.page() as page:
        for name in ("fleet", "series"):
            web.open(page, PAGES[name])
            page.set_viewport_size({"width": 1280, "height": page.evaluate("document.documentElement.scrollHeight")})
            web.settle(page)
            page.wait_for_timeout(300)
            web.picture(page, f"{name}-whole", compare=False)
            web.accessible(page, f"{name}, whole")


def test_open_menus_and_tables_are_accessible(web):
    with web.page() as page:
        web.open(page, "risks")
        for menu in ("Severity", "Group", "Columns", "Export"):
            page.locator("details.menu > summary", has_text=menu).click()
            web.picture(page, f"menu-{menu.lower()}", compare=False)
            web.accessible(page, menu)
            page.keyboard.press("Escape")
        web.open(page, PAGES["series"])
        for summary in page.locator("details.behind > summary").all():
            summary.click()
        web.accessible(page, "tables behind the charts")
        assert page.locator("details.behind table").count() >= 3
        page.keyboard.press("?")
        web.accessible(page, "keys")


def test_print(web):
    """On white paper, without what can only be pressed, and not wider than it."""
    with web.page(scheme="dark") as page:
        for name in ("fleet", "risks", "series"):
            web.open(page, PAGES[name])
            if web.keep:
                (web.keep / f"{name}.pdf").write_bytes(page.pdf(format="A4", margin=dict.fromkeys(("top", "bottom", "left", "right"), "12mm")))
            page.evaluate("dispatchEvent(new Event('beforeprint'))")
            page.emulate_media(media="print")
            page.set_viewport_size({"width": 703, "height": 1000})
            page.wait_for_timeout(200)
            assert not page.locator("nav").is_visible(), "navigation is printed"
            white = page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert white == "rgb(255, 255, 255)", white
            web.fits(page, f"{name} on paper")
            page.emulate_media(media="null")
            page.evaluate("dispatchEvent(new Event('afterprint'))")
            page.set_viewport_size(DESKTOP)
