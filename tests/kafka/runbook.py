"""Reads a runbook.md as a person does: headings, steps in bold, and the commands below them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Runbook:
    """The bash blocks of a runbook, by heading and by step."""

    path: Path
    blocks: dict[str, dict[str, list[str]]]

    @classmethod
    def read(cls, path: Path) -> Runbook:
        """Reads a runbook; what stands under a heading before any step has the step ``""``."""
        blocks: dict[str, dict[str, list[str]]] = {}
        heading = step = ""
        pieces = re.split(r"^```bash\n(.*?)^```\n", path.read_text(), flags=re.MULTILINE | re.DOTALL)
        for number, piece in enumerate(pieces):
            if number % 2:
                blocks.setdefault(heading, {}).setdefault(step, []).append(piece)
                continue
            for line in piece.splitlines():
                if line.startswith("#"):
                    heading, step = line.lstrip("#").strip(), ""
                elif bold := re.match(r"\*\*(.+?)\.\*\*", line):
                    step = bold.group(1)
        return cls(path, blocks)

    def section(self, starts_with: str) -> dict[str, list[str]]:
        """The steps below the one heading that starts with a text."""
        found = [steps for heading, steps in self.blocks.items() if heading.startswith(starts_with)]
        assert len(found) == 1, f"{self.path} has {len(found)} headings `{starts_with}…`: {list(self.blocks)}"
        return found[0]

    def wave(self, index: int) -> dict[str, list[str]]:
        """The steps of a wave."""
        return self.section(f"Wave {index:03} of ")
