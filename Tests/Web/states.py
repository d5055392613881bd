"""Loading, empty and failing: each says what to do."""

import json

REFUSED = r"Failed to load resource"


def problem(status, title, detail, remedy):
    body = json.dumps({"type": "urn:horizonscale:x", "title": title, "status": status, "detail": detail, "remedy": remedy})
    return lambda route: route.fulfill(status=status, content_type="application/problem+json", body=body)


def test_no_run_yet(web):
    answers = problem(503, "There is no run yet", "The workspace has no finished run.", "Make one with: horizonscale run INPUT")
    with web.page(allowed=[REFUSED], answers=answers) as page:
        page.goto(f"{page.base}/")
        alert = page.get_by_role("alert")
        alert.wait_for()
        assert "There is no run yet" in alert.inner_text() and "horizonscale run INPUT" in alert.inner_text()
        web.accessible(page, "no run")
        web.picture(page, "no-run", compare=False)


def test_server_gone_and_back(web):
    gone = {"is": True}
    answers = lambda route: route.abort() if gone["is"] else route.continue_()
    with web.page(allowed=[REFUSED], answers=answers) as page:
        page.goto(f"{page.base}/risks")
        page.get_by_text("The server does not answer").wait_for()
        gone["is"] = False
        page.get_by_role("button", name="Try again").click()
        web.settle(page)
        assert page.locator("h1").inner_text() == "Risks"


def test_list_that_fails_can_be_tried_again(web):
    failing = {"is": True}

    def answers(route):
        if failing["is"] and "/risks" in route.request.url:
            problem(503, "Too many requests at once", "The server is busy.", "Wait a moment.")(route)
        else:
            route.continue_()

    with web.page(allowed=[REFUSED], answers=answers) as page:
        page.goto(f"{page.base}/risks")
        page.get_by_text("Too many requests at once").wait_for()
        web.accessible(page, "failed list")
        failing["is"] = False
        page.get_by_role("button", name="Try again").click()
        page.locator("a.row-link").first.wait_for()


def test_unknown_names_and_pages(web):
    with web.page(allowed=[REFUSED]) as page:
        web.open(page, "series/no-such-server/cpu")
        assert "no-such-server" in page.get_by_role("alert").inner_text()
        web.accessible(page, "unknown series")
        page.get_by_role("link", name="To the fleet").click()
        web.settle(page)
        assert page.locator("h1").inner_text() == "Fleet"


def test_no_row_fits(web):
    with web.page() as page:
        web.open(page, "risks?text=nobody-has-this-name")
        assert "No series fits these filters" in page.locator("main").inner_text()
        web.accessible(page, "empty list")
        page.get_by_role("button", name="Clear the filters").click()
        page.locator("a.row-link").first.wait_for()
        web.open(page, "servers?text=nobody-has-this-name")
        assert "No server fits" in page.locator("main").inner_text()


def test_loading_is_said(web):
    held = []
    answers = lambda route: held.append(route) if "/summary" in route.request.url else route.continue_()
    with web.page(answers=answers) as page:
        page.goto(f"{page.base}/")
        page.locator("main[aria-busy=true] .bones").wait_for()
        assert page.get_by_role("status").filter(has_text="Loading").count() == 1
        web.accessible(page, "loading")
        held.pop().continue_()
        web.settle(page)


def test_sign_in(web):
    state = {"signed": False, "tokens": []}

    def answers(route):
        url = route.request.url
        if url.endswith("/session") and route.request.method == "GET":
            return route.fulfill(json={"token_required": True, "signed_in": state["signed"]})
        if url.endswith("/session") and route.request.method == "DELETE":
            state["signed"] = False
            return route.fulfill(json={"token_required": True, "signed_in": False})
        if url.endswith("/session"):
            state["tokens"].append(json.loads(route.request.post_data)["token"])
            state["signed"] = state["tokens"][-1] == "right"
            if not state["signed"]:
                return problem(401, "Wrong token", "", "")(route)
            return route.fulfill(json={"token_required": True, "signed_in": True})
        if not state["signed"]:
            return problem(401, "Sign in", "", "")(route)
        return route.continue_()

    with web.page(allowed=[REFUSED], answers=answers) as page:
        web.open(page, "risks?severity=critical")
        assert page.locator("h1").inner_text() == "Sign in"
        web.accessible(page, "sign in")
        web.picture(page, "sign-in", compare=False)
        page.get_by_label("Token").fill("wrong")
        page.keyboard.press("Enter")
        page.get_by_text("does not know this token").wait_for()
        page.get_by_label("Token").fill("right")
        page.keyboard.press("Enter")
        page.locator("a.row-link").first.wait_for()
        assert page.url.endswith("/risks?severity=critical") and "right" not in page.url
        page.get_by_role("button", name="Sign out").click()
        page.get_by_label("Token").wait_for()


def test_new_run_is_told(web):
    state = {"newer": False}

    def answers(route):
        if state["newer"] and "/risks" in route.request.url:
            answer = route.fetch()
            route.fulfill(response=answer, json={**answer.json(), "run": "2026-01-31"})
        else:
            route.continue_()

    with web.page(answers=answers) as page:
        web.open(page, "risks")
        state["newer"] = True
        page.get_by_label("Server, resource or group").fill("db")
        banner = page.locator("#banner")
        banner.wait_for()
        assert "2026-01-31" in banner.inner_text()
        state["newer"] = False
        page.get_by_role("button", name="Show it").click()
        web.settle(page)
        assert not banner.is_visible()


def test_first_run_of_a_workspace(web):
    """Without an inventory, an earlier run, a ceiling or a finding."""

    def answers(route):
        if "/summary" not in route.request.url and "/risks" not in route.request.url:
            return route.continue_()
        answer = route.fetch()
        body = answer.json()
        if "/risks" in route.request.url:
            body.update(total=0, rows=[])
        else:
            body["counts"].update(with_ceiling=0, without_ceiling=body["counts"]["series"], at_risk=0)
            body["windows"] = [{**entry, "series": 0, "cells": [], "resources": []} for entry in body["windows"]]
            body["headroom"] = {"resources": [], "all": [], "groupings": []}
            body["changes"] = {"run": None, "new": 0, "gone": 0, "moved": 0, "reasons": "none", "first": {"new": [], "gone": [], "moved": []}}
            body["record"] = {**body["record"], "origins": [], "lines": []}
            body["filters"]["groups"] = []
        route.fulfill(response=answer, json=body)

    with web.page(answers=answers) as page:
        web.open(page, "")
        text = page.locator("main").inner_text()
        assert "nothing can be said to run out" in text and "no earlier run to compare with" in text and "No earlier forecast" in text
        web.accessible(page, "bare fleet")
        web.picture(page, "bare", compare=False)
        web.open(page, "risks")
        assert "Nothing is at risk" in page.locator("main").inner_text()
