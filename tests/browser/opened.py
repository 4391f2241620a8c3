"""Reports opened in a browser, with all that they say and ask for."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

import kshift


@dataclass
class Opened:
    """A page that was opened, and all that it said or asked for."""

    page: Page
    url: str
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def is_quiet(self) -> bool:
        """Whether nothing was said on the console and nothing but the file itself was asked for."""
        assert self.messages == []
        assert [url.partition("#")[0] for url in self.requests] == [self.url]
        return True


class Pages:
    """Opens the reports of plans."""

    def __init__(self, browser: Browser, directory: Path) -> None:
        self.browser, self.directory = browser, directory
        self.contexts: list[BrowserContext] = []

    def open(self, plan: kshift.Plan, **options: Any) -> Opened:
        """The report of a plan in a window of its own; `options` are those of a context."""
        file = self.directory / "report.html"
        file.write_bytes(plan.export("html")["report.html"])
        context = self.browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        self.contexts.append(context)
        opened = Opened(context.new_page(), file.as_uri())
        opened.page.on("console", lambda message: opened.messages.append(message.text))
        opened.page.on("pageerror", lambda error: opened.messages.append(str(error)))
        opened.page.on("request", lambda request: opened.requests.append(request.url))
        opened.page.goto(opened.url)
        return opened
