"""Plans, and a real browser that opens their pages from files: Debian's Chromium, driven by Playwright."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from opened import Pages
from playwright.sync_api import Browser, sync_playwright

import kshift


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium as Debian ships it; nothing is downloaded."""
    program = shutil.which("chromium")
    assert program, "chromium is missing; `make browser` installs it on Debian"
    with sync_playwright() as playwright:
        # Without a sandbox, because tests run as root.
        opened = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def pages(browser: Browser, tmp_path: Path) -> Iterator[Pages]:
    """Opens reports; all windows are closed afterwards."""
    opener = Pages(browser, tmp_path)
    yield opener
    for context in opener.contexts:
        context.close()


@pytest.fixture(scope="session")
def plan() -> kshift.Plan:
    """Twelve old brokers, 1000-1011, onto twelve new ones, 0-11: 2,000 partitions."""
    cluster = kshift.Cluster.example()
    return kshift.plan(cluster, drain="1000-1011", throttle="50MB/s", canary=5)


@pytest.fixture(scope="session")
def large() -> kshift.Plan:
    """500 old brokers onto 500 new ones: 100,000 partitions."""
    cluster = kshift.Cluster.example(old=500, new=500, partitions=100_000, total_tb=900)
    return kshift.plan(cluster, drain="1000-1499", throttle="50MB/s", canary=5)


@pytest.fixture(scope="session")
def steps() -> kshift.Plan:
    """A plan in which partitions take several steps, on brokers with three log dirs, with a partition left out."""
    content = json.loads(kshift.Cluster.example(old=6, new=6, partitions=150, total_tb=2, dirs=3).to_json())
    broken = content["topics"][1]["partitions"][0]
    broken["leader"], broken["isr"] = -1, []
    cluster = kshift.Cluster.from_json(json.dumps(content))
    return kshift.plan(cluster, drain="1000-1005", throttle="50MB/s", strategy="two-stage", skip_unhealthy=True)
