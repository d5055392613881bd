"""80,000 risks scroll as 30 do."""

import urllib.parse

from harness import until

ROWS = 80_000


def row(i):
    return {
        "server": f"server-{i:05}", "resource": "cpu", "threshold": 90, "threshold_name": "critical", "severity": "critical" if i < 9_000 else "warning", "tier": "high",
        "current": 95 - i / 2_000, "headroom": i / 2_000 - 5, "p_breach_30d": 0.5, "p_breach_60d": 0.6, "p_breach_90d": 0.7, "p_breach_180d": 0.8,
        "days_to_breach_p10": 5, "days_to_breach_p50": 30 + i / 1_000, "days_to_breach_p90": None, "breach_date": "2026-02-01", "order_by": "2026-01-10", "capacity": 16,
        "recommended_capacity": 20, "reclaimable": 0, "unit": "cores", "reason": "Half of the simulated futures cross 90 %.", "rank": i, "group": {},
    }


def spent(meter):
    """Seconds that the page has worked."""
    told = {entry["name"]: entry["value"] for entry in meter.send("Performance.getMetrics")["metrics"]}
    return told["ScriptDuration"] + told["LayoutDuration"] + told["RecalcStyleDuration"]


def test_eighty_thousand_risks_scroll_smoothly(web):
    asked = []

    def answers(route):
        if "/api/v1/risks" not in route.request.url:
            return route.continue_()
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(route.request.url).query))
        offset, limit = int(query.get("offset", 0)), int(query.get("limit", 100))
        asked.append(offset)
        route.fulfill(json={"run": "2025-12-31", "as_of": "2025-12-31", "total": ROWS, "offset": offset, "next": None, "rows": [row(i) for i in range(offset, min(ROWS, offset + limit))]})

    with web.page(allowed=["Failed to load resource"], answers=answers) as page:
        web.open(page, "risks")
        assert page.locator(".table-box table").get_attribute("aria-rowcount") == str(ROWS + 1)
        meter = page.context.new_cdp_session(page)
        meter.send("Performance.enable")
        before = spent(meter)
        # Every frame of two seconds of steady scrolling.
        frames = page.evaluate("""() => new Promise((done) => {
          const box = document.querySelector('.table-box'), times = [];
          let before = performance.now(), i = 0;
          const step = (now) => {
            times.push(now - before);
            before = now;
            box.scrollTop += 180;
            if (++i < 120) requestAnimationFrame(step); else done(times.slice(2).sort((a, b) => a - b));
          };
          requestAnimationFrame(step);
        })""")
        work = 1000 * (spent(meter) - before) / 120
        slow = frames[int(len(frames) * 0.95)]
        print(f"  a frame: {work:.1f} ms of script, style and layout; {frames[len(frames) // 2]:.0f} ms in the median, {slow:.0f} ms at the 95th percentile")
        # 3 to 10 ms and 17 to 33 ms where nothing else runs; other work on this machine makes both longer.
        assert work < 40 and slow < 150
        assert page.locator(".table-box tr.row").count() < 80
        page.wait_for_timeout(300)
        assert page.locator(".table-box tr[aria-busy]").count() == 0

        # From one end to the other, and nothing between is asked for.
        asked.clear()
        page.locator("a.row-link").first.focus()
        page.keyboard.press("End")
        until(page, f"document.activeElement.textContent === 'server-{ROWS - 1}' || [...document.querySelectorAll('a.row-link')].some((a) => a.textContent === 'server-{ROWS - 1}')")
        assert len(asked) <= 2, asked
        page.evaluate("document.querySelector('.table-box').scrollTop = 46 * 40000")
        until(page, "[...document.querySelectorAll('a.row-link')].some((a) => a.textContent === 'server-40002')")
        assert len(asked) <= 5, asked

        # Who opens a row and comes back finds the place again.
        page.get_by_role("link", name="server-40002").click()
        until(page, "!document.querySelector('.table-box')")
        page.go_back()
        until(page, "[...document.querySelectorAll('a.row-link')].some((a) => a.textContent === 'server-40002')")
