"""`report.html` in a real browser, opened from a file.

Nothing may be asked of a network and nothing said on the console; everything can be reached by keyboard; the page keeps
the rules of accessibility that axe-core can judge, in light and dark; and the search tells of every partition what the
plan says.
"""

import json
import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from opened import Opened, Pages
from playwright.sync_api import Page, expect

import kshift


def rows_of(page: Page) -> list[list[str]]:
    """The cells of the matches."""
    script = "rows => rows.map(row => [...row.cells].map(cell => cell.innerText))"
    found: list[list[str]] = page.eval_on_selector_all("#results tbody tr", script)
    return found


def searched(opened: Opened, text: str) -> list[list[str]]:
    """The matches of a search, typed and sent by keyboard."""
    opened.page.keyboard.press("/")
    opened.page.keyboard.press("ControlOrMeta+a")
    opened.page.keyboard.type(text)
    opened.page.keyboard.press("Enter")
    return rows_of(opened.page)


def stories(plan: kshift.Plan) -> dict[str, list[dict[str, Any]]]:
    """The steps of each partition, in their order, by its name."""
    told: dict[str, list[dict[str, Any]]] = {}
    for wave in json.loads(plan.to_json())["waves"]:
        for step in wave["partitions"]:
            told.setdefault(f"{step['topic']}-{step['partition']}", []).append({**step, "wave": wave["index"]})
    return told


def shown(ids: list[int], dirs: list[str] | None) -> str:
    """A list of brokers as the page shows it."""
    names = [f" {name}" if name != "any" else "" for name in dirs or [""] * len(ids)]
    return ", ".join(f"{broker}{name}".rstrip() for broker, name in zip(ids, names, strict=True))


def test_nothing_is_said_and_nothing_is_asked_for(pages: Pages, plan: kshift.Plan, steps: kshift.Plan) -> None:
    for each in (plan, steps):
        opened = pages.open(each)
        searched(opened, "topic")
        opened.page.locator("#theme").click()
        assert opened.is_quiet()


def test_five_hundred_brokers_are_there_at_once(pages: Pages, large: kshift.Plan) -> None:
    opened = pages.open(large)
    paint = opened.page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    assert paint < 3000
    expect(opened.page.locator("#targets tbody tr")).to_have_count(500)
    took = opened.page.evaluate(
        """() => {
            const query = document.getElementById("query");
            query.value = "topic-00100";
            const start = performance.now();
            document.getElementById("search").requestSubmit();
            return performance.now() - start;
        }"""
    )
    assert took < 3000
    assert rows_of(opened.page)
    assert len(searched(opened, "wave 3")) == 200
    assert "5,000 partitions match" in opened.page.inner_text("#found")
    assert opened.is_quiet()


def test_the_search_tells_what_the_plan_says_of_every_partition(pages: Pages, steps: kshift.Plan) -> None:
    opened = pages.open(steps)
    told = stories(steps)
    topics = sorted({name.rpartition("-")[0] for name in told})
    compared = 0
    for topic in topics:
        for name, size, before, after, leader, waves in [row for row in searched(opened, topic) if len(row) == 6]:
            first, last = told[name][0], told[name][-1]
            assert before == shown(first["previous"], first.get("previous_log_dirs")), name
            assert after == shown(last["replicas"], last.get("log_dirs")), name
            assert leader == str(first["leader"])
            assert waves == ", ".join(str(step["wave"]) for step in told[name])
            exact = opened.page.locator("#results tr", has_text=name).first.locator("td").first.get_attribute("title")
            assert size.split()[1] in ("B", "kB", "MB", "GB", "TB")
            assert exact is not None
            compared += 1
    assert compared >= len(told)
    [left_out] = searched(opened, f"{steps.deferred[0].topic}-{steps.deferred[0].partition}")[:1]
    assert left_out[1].startswith("left out: ")
    some = next(iter(told))
    assert searched(opened, some)[0][0] == some
    on_broker = {name for name, rows in told.items() if any(3 in row["replicas"] + row["previous"] for row in rows)}
    assert {row[0] for row in searched(opened, "broker 3")} == on_broker
    in_wave = {name for name, rows in told.items() if any(row["wave"] == 2 for row in rows)}
    assert {row[0] for row in searched(opened, "wave 2")} == in_wave
    assert searched(opened, "no such topic") == []
    expect(opened.page.locator("#found")).to_contain_text("No partition of the plan matches")


def test_sizes_are_exact_on_request(pages: Pages, plan: kshift.Plan) -> None:
    opened = pages.open(plan)
    told = stories(plan)
    for name in list(told)[:5]:
        assert searched(opened, name)[0][0] == name
        title = opened.page.locator("#results td").first.get_attribute("title")
        assert title == f"{told[name][0]['size_bytes']:,} bytes"


def test_everything_is_reached_by_keyboard(pages: Pages, plan: kshift.Plan) -> None:
    page = pages.open(plan).page
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the plan")).to_be_focused()
    expect(page.get_by_text("Skip to the plan")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    # From a match to its wave.
    page.keyboard.press("/")
    expect(page.locator("#query")).to_be_focused()
    page.keyboard.type("topic-00001")
    expect(page.locator("#found")).to_contain_text("match")
    page.keyboard.press("Enter")
    link = page.locator("#results a").first
    wave = link.inner_text()
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator(f"#wave-{wave}")).to_be_in_viewport()
    # Sorting, twice the other way round.
    head = page.locator("#wave-table th").filter(has_text=re.compile("^Takes$"))
    head.locator("button").focus()
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")
    takes = {wave["index"]: wave["duration_seconds"]["expected"] for wave in json.loads(plan.to_json())["waves"]}
    order = sorted(takes, key=lambda wave: takes[wave])
    first = "rows => rows.map(row => Number(row.cells[0].innerText.replaceAll(',', '')))"
    assert page.eval_on_selector_all("#wave-table tbody tr", first) == order
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    assert page.eval_on_selector_all("#wave-table tbody tr", first) == order[::-1]
    # Whatever scrolls can be scrolled without a mouse.
    unreachable = page.eval_on_selector_all(
        ".scroll, .chart", "all => all.filter(one => one.scrollWidth > one.clientWidth && one.tabIndex < 0).length"
    )
    assert unreachable == 0


def brightness(page: Page) -> float:
    """How bright the page is behind its text, from 0 to 255."""
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    red, green, blue = (float(part) for part in re.findall(r"[\d.]+", colour)[:3])
    return (red + green + blue) / 3


def test_light_and_dark_follow_the_system_and_the_button(pages: Pages, plan: kshift.Plan) -> None:
    page = pages.open(plan, color_scheme="dark").page
    assert brightness(page) < 60
    button = page.locator("#theme")
    button.click()
    expect(button).to_have_text("Theme: light")
    assert brightness(page) > 200
    button.click()
    assert brightness(page) < 60
    button.click()
    page.emulate_media(color_scheme="light")
    assert brightness(page) > 200


def test_it_prints_light_without_what_paper_cannot_do(pages: Pages, plan: kshift.Plan) -> None:
    page = pages.open(plan, color_scheme="dark").page
    page.emulate_media(media="print")
    assert brightness(page) > 200
    for hidden in ("nav", "#theme", "#find", ".skip"):
        expect(page.locator(hidden)).to_be_hidden()
    for seen in ("h1", "#waves", "#targets", "#bounds"):
        expect(page.locator(seen)).to_be_visible()
    paper = page.pdf(prefer_css_page_size=True)
    pages_of = re.findall(rb"/Type\s*/Page\b", paper)
    assert paper.startswith(b"%PDF")
    assert 5 <= len(pages_of) <= 20


def test_without_a_script_only_the_search_is_missing(pages: Pages, plan: kshift.Plan) -> None:
    page = pages.open(plan, java_script_enabled=False).page
    expect(page.locator("#search")).to_be_hidden()
    expect(page.locator("#theme")).to_be_hidden()
    expect(page.get_by_text("The search needs a script")).to_be_visible()
    for seen in ("#wave-table", "#flow", "#rack-matrix", "#targets", "#bound-table", "#back pre"):
        expect(page.locator(seen)).to_be_visible()


@pytest.mark.parametrize("width", [390, 768, 1280, 1920])
def test_the_page_never_scrolls_sideways(pages: Pages, steps: kshift.Plan, width: int) -> None:
    page = pages.open(steps, viewport={"width": width, "height": 800}).page
    searched(Opened(page, ""), "topic")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_five_hundred_brokers_fit_a_phone(pages: Pages, large: kshift.Plan) -> None:
    page = pages.open(large, viewport={"width": 390, "height": 800}).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_rules_of_accessibility_hold(pages: Pages, plan: kshift.Plan, steps: kshift.Plan, scheme: str) -> None:
    for each in (plan, steps) if scheme == "light" else (steps,):
        # axe-core is put into the page, which the page's own policy forbids.
        opened = pages.open(each, color_scheme=scheme, bypass_csp=True)
        searched(opened, "topic-00001")
        results = Axe().run(opened.page, options={"resultTypes": ["violations"]})
        assert results.violations_count == 0, results.generate_report()


def test_names_in_a_plan_run_nothing(pages: Pages) -> None:
    evil = "</script><script>window.hacked=1</script><img src=x onerror='window.hacked=1'>\"'&amp;"
    content = json.loads(kshift.Cluster.example(old=3, new=3, partitions=40, total_tb=1).to_json())
    content["name"] = evil
    for broker in content["brokers"]:
        broker["rack"] += evil
    plan = kshift.plan(kshift.Cluster.from_json(json.dumps(content)), drain="1000-1002", throttle="50MB/s")
    opened = pages.open(plan)
    expect(opened.page.locator("h1")).to_contain_text("<img src=x onerror='window.hacked=1'>")
    searched(opened, "topic")
    searched(opened, evil)
    assert opened.page.evaluate("window.hacked") is None
    assert opened.is_quiet()
    # And if one ever got in, the policy would keep it from running.
    opened.page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {text: 'window.hacked=1'}))"
    )
    assert opened.page.evaluate("window.hacked") is None
