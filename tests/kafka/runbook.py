"""Reads a runbook.md as a person does: headings, steps in bold, and the commands below them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class WaveSteps:
    """The blocks of one wave, step by step; each sets `$WAVE` first, as a shell in which that was typed before."""

    # What the watching block counts to; nothing where nothing is copied.
    count: int | None
    look: list[str]
    start: list[str]
    watch: list[str]
    finish: list[str]
    elect: list[str]
    look_again: list[str]

    def is_done(self, printed: str) -> bool:
        """Whether what the watching block printed says that all is done."""
        return printed.strip() == str(self.count)


@dataclass(frozen=True)
class Runbook:
    """The bash blocks of a runbook, by heading and by step, and the text below each heading."""

    path: Path
    blocks: dict[str, dict[str, list[str]]]
    texts: dict[str, str]

    @classmethod
    def read(cls, path: Path) -> Runbook:
        """Reads a runbook; what stands under a heading before any step has the step ``""``."""
        blocks: dict[str, dict[str, list[str]]] = {}
        texts: dict[str, str] = {}
        heading = step = ""
        pieces = re.split(r"^```bash\n(.*?)^```\n", path.read_text(), flags=re.MULTILINE | re.DOTALL)
        for number, piece in enumerate(pieces):
            if number % 2:
                blocks.setdefault(heading, {}).setdefault(step, []).append(piece)
                continue
            for line in piece.splitlines():
                if line.startswith("#"):
                    heading, step = line.lstrip("#").strip(), ""
                    assert heading not in texts, f"{path} has `{heading}` twice"
                elif bold := re.match(r"\*\*(?:\d+\. )?(.+?)\.\*\*", line):
                    step = bold.group(1)
                texts[heading] = texts.get(heading, "") + line + "\n"
        return cls(path, blocks, texts)

    def section(self, starts_with: str) -> dict[str, list[str]]:
        """The steps below the one heading that starts with a text."""
        return self.blocks[self._heading(starts_with)]

    def wave(self, index: int) -> WaveSteps:
        """The steps of a wave: those that its section points to."""
        heading = self._heading(f"Wave {index:03} of ")
        text, (set_wave,) = self.texts[heading], self.blocks[heading][""]
        copies_nothing = "(#a-wave-that-copies-nothing)" in text
        if "(#a-wave-that-copies" in text:
            steps = self.section("A wave that copies nothing" if copies_nothing else "A wave that copies")
        else:
            steps = next(found for found in self.blocks.values() if "Look" in found and "Start" in found)
        count = re.search(r"^\| Count when done \| (\d+) \|$", text, flags=re.MULTILINE)
        elects = "| Election | none" not in text

        def named(*names: str) -> list[str]:
            return [set_wave + block for name in names for block in steps.get(name, [])]

        return WaveSteps(
            count=int(count.group(1)) if count else None,
            look=named("Look"),
            start=named("Start"),
            watch=named("Watch"),
            finish=named("Verify", "Verify and clear"),
            elect=named("Elect") if elects else [],
            look_again=named("Look again"),
        )

    def trouble(self, heading: str, index: int) -> dict[str, list[str]]:
        """The blocks of a section on trouble, by step, for one wave."""
        (set_wave,) = self.section(f"Wave {index:03} of ")[""]
        steps = self.blocks[heading]
        return {step: [set_wave + block for block in blocks] for step, blocks in steps.items()}

    def _heading(self, starts_with: str) -> str:
        found = [heading for heading in self.texts if heading.startswith(starts_with)]
        exact = [heading for heading in found if heading == starts_with]
        found = exact or found
        assert len(found) == 1, f"{self.path} has {len(found)} headings `{starts_with}…`: {list(self.texts)}"
        return found[0]
