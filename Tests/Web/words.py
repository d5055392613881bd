"""What numbers, names and addresses are made into."""


def test_chances_are_never_rounded_to_certainty(web):
    with web.page() as page:
        web.open(page, "models")
        said = page.evaluate("""async (base) => {
          const { chance } = await import(base);
          return [null, 0, 0.004, 0.35, 0.996, 1].map(chance);
        }""", asset(page, "format.js"))
        assert said == ["\u2013", "0%", "<1%", "35%", ">99%", "100%"], said


def test_names_cannot_turn_the_text_around_them(web):
    with web.page() as page:
        web.open(page, "models")
        said = page.evaluate("""async (base) => {
          const { shown } = await import(base);
          return ['a\\u202eb', '\\u0000\\n', '', '服务器', 'ä'].map(shown);
        }""", asset(page, "format.js"))
        assert said == ["a\ufffdb", "\ufffd\ufffd", "(no name)", "服务器", "ä"], said


def test_addresses_leave_out_what_is_empty(web):
    with web.page() as page:
        web.open(page, "models")
        said = page.evaluate("""async (base) => {
          const { href, toSeries } = await import(base);
          return [href('risks', [], { tier: '', severity: ['a', 'b'], text: 'x & y' }), href('fleet'), toSeries('a/b c', 'cpu')];
        }""", asset(page, "router.js"))
        assert said == ["/risks?severity=a&severity=b&text=x+%26+y", "/", "/series/a%2Fb%20c/cpu"], said


def test_first_paint(web):
    with web.page() as page:
        web.open(page, "")
        told = page.evaluate("""() => [performance.getEntriesByName('first-contentful-paint')[0].startTime, performance.getEntriesByName('horizonscale-ready')[0].startTime]""")
        print(f"  first paint {told[0]:.0f} ms, page ready {told[1]:.0f} ms")
        # Under a second where nothing else runs; this machine may build meanwhile.
        assert told[0] < 3000


def asset(page, name):
    """The address of a module as the page has it, with the digest that the server puts into it."""
    return page.evaluate("document.querySelector('script[type=module]').src").replace("main.js", name)
