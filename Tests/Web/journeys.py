"""What people do with the dashboard, from one end to the other."""

import csv
import io
import json
import re
import urllib.parse

import fleet
from harness import DESKTOP, until


def listed(page):
    """How many rows the list says it has."""
    until(page, "!document.querySelector('[aria-busy=true]')")
    text = page.locator("main .status [role=status]").first.inner_text()
    return int(re.sub(r"[^0-9]", "", text.split(" ")[0])) if text else 0


def first_column(page, heading):
    """The texts of a column, of the rows that are elements."""
    heads = [text.strip() for text in page.locator("table.windowed thead th").all_inner_texts()]
    at = next(i for i, text in enumerate(heads) if text.startswith(heading))
    return [row.locator("th, td").nth(at).inner_text() for row in page.locator("table.windowed tbody tr.row").all()]


def saved(page, press):
    with page.expect_download() as waiting:
        press()
    return waiting.value.suggested_filename, waiting.value.path().read_bytes()


def choose(page, menu, *boxes):
    page.locator("details.menu > summary", has_text=menu).click()
    for box in boxes:
        page.locator("details.menu[open]").get_by_label(box, exact=True).click()
    page.keyboard.press("Escape")


def test_filter_to_detail_to_export(web):
    with web.page() as page:
        web.open(page, "")
        tile = page.locator("a.tile", has_text="Within 90 days")
        promised = int(tile.locator(".figure").inner_text())
        tile.click()
        web.settle(page)
        assert listed(page) == promised > 3
        page.get_by_role("button", name=re.compile("^Now")).click()
        choose(page, "Trust", "high", "medium")
        web.settle(page)
        some = listed(page)
        assert 0 < some < promised
        now = [int(text.rstrip("%")) for text in first_column(page, "Now")]
        assert now == sorted(now, reverse=True) and len(now) == some
        choose(page, "Columns", "region", "#: Place in the whole ranking")
        heads = [re.sub(r"\s", " ", head.strip()) for head in page.locator("table.windowed thead th").all_inner_texts()]
        assert "region" in heads and "#" not in heads
        servers = first_column(page, "Server")

        page.locator("summary", has_text="Export").click()
        name, text = saved(page, lambda: page.get_by_role("link", name="CSV").click())
        rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"))))
        assert name.endswith(".csv") and len(rows) == some
        assert len(rows[0]) == len(heads) and list(rows[0])[0] == "server" and "group.region" in rows[0], rows[0]
        shown = [server.replace("\u202e", "\ufffd").replace("\u2066", "\ufffd") for server in (row["server"] for row in rows)]
        assert [server.removeprefix("'") if server[1:2] in "=+-@" else server for server in shown] == servers
        name, text = saved(page, lambda: page.get_by_role("link", name="JSON").click())
        told = json.loads(text)
        told = told["rows"] if isinstance(told, dict) else told
        assert name.endswith(".json") and len(told) == some
        name, text = saved(page, lambda: page.get_by_role("link", name="Parquet").click())
        assert name.endswith(".parquet") and text[:4] == b"PAR1" == text[-4:]
        page.keyboard.press("Escape")

        page.locator("a.row-link").first.click()
        web.settle(page)
        assert page.locator("h1").inner_text().startswith(servers[0])
        page.go_back()
        web.settle(page)
        assert listed(page) == some and first_column(page, "Server") == servers


def test_numbers_of_the_fleet_lead_to_their_lists(web):
    with web.page() as page:
        web.open(page, "")
        links = page.evaluate("""() => [...document.querySelectorAll('main a.pick, main a.tile')].map((a) => [a.getAttribute('href'),
          a.classList.contains('tile') ? a.querySelector('.figure').textContent
          : a.closest('.rooms') ? a.getAttribute('aria-label').match(/of ([0-9,]+) series/)[1] : a.textContent])""")
        assert len(links) > 50
        wrong = []
        for address, number in dict(links).items():
            if not address.startswith("/risks") and not address.startswith("/changes"):
                continue
            web.go(page, address.lstrip("/"))
            if listed(page) != int(re.sub(r"[^0-9]", "", number)):
                wrong.append(f"{address}: {listed(page)} rows, the fleet says {number}")
        assert not wrong, "\n".join(wrong)


def test_address_holds_the_view(web):
    with web.page() as page:
        web.open(page, "risks")
        page.get_by_label("Server, resource or group").fill("cache")
        choose(page, "Severity", "critical", "warning", "watch", "none")
        page.get_by_role("button", name=re.compile("^Headroom|^Trust")).first.click()
        choose(page, "Columns", "Headroom: Points between utilization now and the threshold")
        web.settle(page)
        page.wait_for_timeout(300)
        address, total, servers = page.url, listed(page), first_column(page, "Server")
        assert total > 3 and "text=cache" in address and "severity=all" in address and "columns=" in address and "sort=" in address, address
    with web.page() as page:
        page.goto(address)
        web.settle(page)
        assert listed(page) == total and first_column(page, "Server") == servers
        assert page.get_by_label("Server, resource or group").input_value() == "cache"
        page.get_by_role("button", name="Clear").click()
        web.settle(page)
        assert "text=" not in page.url and "columns=" in page.url


def test_what_if(web):
    with web.page() as page:
        web.open(page, "series/tickets-cache-00012/memory")
        page.get_by_role("link", name="What if").last.click()
        page.wait_for_selector("text=Before and after")
        web.settle(page)
        assert page.get_by_label("Servers", exact=True).input_value() == "tickets-cache-00012"

        page.get_by_label(re.compile("By how much")).fill("100")
        until(page, "document.querySelector('main .verdict')?.textContent.includes('instead of')")
        web.settle(page)
        row = page.locator("tr.row", has_text="tickets-cache-00012")
        assert "no longer at risk" in row.inner_text(), row.inner_text()
        before, after = (int(page.locator("table", has_text="by severity").locator("tr", has_text="all").locator("td").nth(i).inner_text()) for i in (0, 1))
        assert after == before - 1
        web.accessible(page, "outcome")

        page.get_by_label("Name").fill("Twice the memory!")
        page.get_by_role("button", name="Keep as scenario").click()
        page.get_by_role("button", name="Twice the memory!", exact=True).wait_for()
        kept = list((web.workspace / "scenarios").glob("twice-the-memory*"))
        assert len(kept) == 1, kept

        address = page.url
        web.open(page, "what-if")
        page.get_by_role("button", name="Twice the memory!", exact=True).click()
        page.wait_for_selector("text=Before and after")
        web.settle(page)
        assert "no longer at risk" in page.locator("tr.row", has_text="tickets-cache-00012").inner_text()
        page.get_by_role("button", name="Throw Twice the memory! away").click()
        page.wait_for_selector("text=None is kept yet.")
        assert not kept[0].exists()

        # The address alone holds a scenario that was not kept.
        page.goto(address)
        page.wait_for_selector("text=Before and after")
        web.settle(page)
        assert page.get_by_label(re.compile("By how much")).input_value() == "100"


def test_what_if_with_several_changes(web):
    with web.page() as page:
        web.open(page, "what-if")
        page.get_by_label("What changes").select_option("load_percent")
        page.get_by_label(re.compile("By how much")).fill("40")
        page.get_by_label("From", exact=True).fill("2026-02-01")
        page.get_by_role("button", name="Add another change").click()
        second = page.locator(".change-list > li").nth(1)
        second.get_by_label("What changes").select_option("thresholds")
        second.get_by_label(re.compile("^At")).fill("70")
        page.get_by_role("button", name="Show what happens").click()
        page.wait_for_selector("text=Before and after")
        until(page, "document.querySelector('main .verdict')?.textContent.includes('instead of')")
        before, after = (int(page.locator("table", has_text="by severity").locator("tr", has_text="all").locator("td").nth(i).inner_text()) for i in (0, 1))
        assert after > before
        second.get_by_role("button", name="Remove").click()
        assert page.locator(".change-list > li").count() == 1
        page.get_by_label(re.compile("By how much")).fill("")
        page.get_by_role("button", name="Show what happens").click()
        assert page.evaluate("document.querySelector('input[type=number]').validity.valueMissing")


def test_keyboard_only(web):
    with web.page() as page:
        focused = lambda: page.evaluate("document.activeElement.textContent.trim() || document.activeElement.id || document.activeElement.tagName")
        web.open(page, "")
        page.keyboard.press("Tab")
        assert focused() == "Skip to the content"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        page.keyboard.press("g")
        page.keyboard.press("r")
        page.wait_for_url("**/risks")
        web.settle(page)

        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.classList.contains('row-link')"):
                break
        names = [page.evaluate("document.activeElement.textContent")]
        for key in ("ArrowDown", "ArrowDown", "ArrowUp", "End", "Home"):
            page.keyboard.press(key)
            names.append(page.evaluate("document.activeElement.textContent"))
        assert names[0] == names[5] and names[1] == names[3] != names[2] and names[4] not in names[:3], names
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        web.settle(page)
        assert page.locator("h1").inner_text().startswith(names[1][:20])

        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.classList.contains('plot')"):
                break
        page.keyboard.press("End")
        read = page.locator(".chart .readout").first.inner_text()
        page.keyboard.press("ArrowLeft")
        assert "median" in read and page.locator(".chart .readout").first.inner_text() != read

        page.keyboard.press("?")
        assert page.locator("dialog").is_visible()
        page.keyboard.press("Escape")
        assert not page.locator("dialog").is_visible()
        page.keyboard.press("/")
        page.keyboard.type("shop-api")
        page.keyboard.press("Enter")
        page.wait_for_url("**/risks?text=shop-api*")
        web.settle(page)
        assert listed(page) > 0


def test_everything_that_has_focus_shows_it(web):
    with web.page() as page:
        web.open(page, "risks")
        unseen = []
        for _ in range(30):
            page.keyboard.press("Tab")
            told = page.evaluate("""() => {
              const node = document.activeElement, style = getComputedStyle(node);
              // The button inside a date has a ring of the browser's own.
              return [node.outerHTML.slice(0, 80), node.type === 'date' || style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0];
            }""")
            if not told[1]:
                unseen.append(told[0])
        assert not unseen, unseen


def test_hostile_names_stay_text(web):
    with web.page() as page:
        web.open(page, "risks?text=disk")
        elements = page.evaluate("document.querySelectorAll('main img, main script, main iframe').length")
        assert elements == 0
        for name in fleet.HOSTILE:
            shown = name.replace("\u202e", "\ufffd").replace("\u2066", "\ufffd")
            web.open(page, f"series/{urllib.parse.quote(name, safe='')}/disk")
            assert page.locator("h1").inner_text() == f"{shown} \u00b7 disk", page.locator("h1").inner_text()
            page.get_by_role("link", name="All resources of this server").click()
            web.settle(page)
            assert page.locator("h1").inner_text() == shown
            assert page.title().startswith(shown)
        assert page.evaluate("document.querySelectorAll('main img, main script, main iframe').length") == 0


def test_hostile_names_stay_text_in_exports(web):
    with web.page() as page:
        web.open(page, "risks")
        page.locator("summary", has_text="Export").click()
        _, text = saved(page, lambda: page.get_by_role("link", name="CSV").click())
        servers = [row["server"] for row in csv.DictReader(io.StringIO(text.decode("utf-8-sig")))]
        assert "'=HYPERLINK(0)+1" in servers and "=HYPERLINK(0)+1" not in servers


def test_fold_forecasts_are_laid_over_the_readings(web):
    with web.page() as page:
        web.open(page, "series/tickets-cache-00012/memory")
        before = page.locator(".plot").first.screenshot()
        page.get_by_role("button", name="Overlay the contest").click()
        page.get_by_label("Fold forecasts by").wait_for()
        page.wait_for_timeout(200)
        assert page.locator(".legend li", has_text="forecast from earlier cutoffs").is_visible()
        assert page.locator(".plot").first.screenshot() != before
        page.get_by_label("Fold forecasts by").select_option("")
        page.wait_for_timeout(200)
        assert not page.locator(".legend li", has_text="forecast from earlier cutoffs").is_visible()


def test_zoom_and_hover(web):
    with web.page() as page:
        web.open(page, "series/tickets-cache-00012/memory")
        box = page.locator(".plot").first.bounding_box()
        resting = page.locator(".chart .readout").first.inner_text()
        page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 100)
        pointed = page.locator(".chart .readout").first.inner_text()
        assert pointed != resting and "GB" in pointed
        whole = page.locator(".plot").first.screenshot()
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 120, steps=4)
        page.mouse.up()
        page.wait_for_timeout(200)
        assert page.locator(".plot").first.screenshot() != whole
        page.get_by_role("button", name="90 days").click()
        assert page.get_by_role("button", name="90 days").get_attribute("aria-pressed") == "true"


def test_find_a_server(web):
    with web.page() as page:
        web.open(page, "")
        page.locator("#find-text").fill("tickets-cache-00012")
        until(page, "document.querySelector('#find-list option')?.value === 'tickets-cache-00012'")
        page.keyboard.press("Enter")
        page.wait_for_url("**/servers/tickets-cache-00012")
        web.settle(page)
        assert page.locator(".chart-grid .plot").count() == 4


def test_dates_and_numbers_in_the_readers_locale(web):
    with web.page(locale="de-DE") as page:
        web.open(page, "")
        text = page.locator("main").inner_text()
        assert "31.12.2025" in text and "99.915" in text, text[:300]
        web.open(page, "series/tickets-cache-00012/memory")
        assert re.search(r"\d\s%", page.locator("main table").first.inner_text())
        web.fits(page, "German")


def test_colours_can_be_chosen(web):
    with web.page(DESKTOP, "light") as page:
        web.open(page, "series/tickets-cache-00012/memory")
        background = lambda: page.evaluate("getComputedStyle(document.body).backgroundColor")
        light = background()
        page.get_by_role("button", name="Dark colours").click()
        assert background() != light
        dark = background()
        page.reload()
        web.settle(page)
        assert background() == dark
        page.get_by_role("button", name="Light colours").click()
        assert background() == light


def test_series_of_every_kind(web):
    """With a gap and a resize; ended; without a ceiling."""
    with web.page() as page:
        web.open(page, "series/gap-db-00001/disk")
        legend = page.locator(".chart .legend").first
        for words in ("no readings", "capacity", "level or capacity changed"):
            assert legend.get_by_text(words, exact=True).is_visible(), words
        assert "100 GB \u2192 150 GB" in page.locator("main").inner_text().replace("\u202f", " ")
        web.picture(page, "gap-desktop-light")
        web.open(page, "series/ended-db-00002/disk")
        text = page.locator("main").inner_text()
        assert "ended" in text and "never a risk" in text, text[:400]
        web.open(page, "series/queue-00003/requests")
        text = page.locator("main").inner_text()
        assert "no known ceiling" in text and "cannot run out" in text, text[:400]
        assert not page.get_by_role("link", name="What if\u2026").is_visible()
        web.accessible(page, "without a ceiling")
