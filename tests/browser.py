"""Pages in the system's Chromium: what axe finds in each, and whether it is wider than its window.

for page, found in browser.look([Path("build/report.html")], dark=True).items():
    assert found.problems == [] and found.width <= browser.PHONE

One browser looks at all pages, each in a frame of its own: starting one takes longer than looking.
"""

from __future__ import annotations

import html
import importlib.resources
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROGRAM = "chromium"
DESK, PHONE = 1100, 360  # pixels
POLICY = re.compile('<meta http-equiv="Content-Security-Policy"[^>]*>')
USUAL = ("index.html", "tutorial.html", "search.html", "reference/results.html")  # of the docs
# WCAG 2.2 AA, and what axe calls best practices.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

FRAME = """
<script src="axe.js"></script>
<script>
addEventListener("load", async () => {
  const [key, kind] = name.split(" ");
  const width = document.documentElement.scrollWidth;
  for (const each of document.querySelectorAll("tbody[id]")) each.classList.add("open");
  let problems = [];
  try {
    if (kind === "desk") {
      const found = await axe.run(document, {
        runOnly: RULES, resultTypes: ["violations"], iframes: false, elementRef: false,
      });
      problems = found.violations.flatMap(rule => rule.nodes.slice(0, 5).map(
        node => `${rule.id}: ${node.target.join(" ")}: ${node.any[0]?.message ?? rule.help}`));
    }
  } catch (error) { problems = [`axe: ${error}`]; }
  parent.postMessage({key, kind, width, problems}, "*");
});
</script>
"""
PARENT = """<!DOCTYPE html><title>waits</title><body><script>
const pages = PAGES, said = {};
let next = 0;
const go = () => {
  if (next === 2 * pages.length) {
    const text = document.createElement("pre");
    text.id = "said";
    text.textContent = JSON.stringify(said);
    document.body.replaceChildren(text);
    document.title = "done";
    return;
  }
  const frame = document.createElement("iframe");
  const desk = next % 2 === 0;
  frame.name = `${next >> 1} ${desk ? "desk" : "phone"}`;
  frame.width = desk ? DESK : PHONE;
  frame.height = 800;
  frame.style.border = "0";
  frame.src = pages[next >> 1];
  next += 1;
  document.body.replaceChildren(frame);
};
onmessage = event => {
  const {key, kind, width, problems} = event.data;
  said[key] = {...said[key], [kind]: {width, problems}};
  go();
};
go();
</script>"""


@dataclass(frozen=True)
class Found:
    """Holds what axe complains of (rule: element: why), and the width on a phone in pixels."""

    problems: list[str]
    width: int


def look(pages: Sequence[Path], *, dark: bool = False, seconds: int = 600) -> dict[Path, Found]:
    """Returns what is found in each page, with all of its rows unfolded. The pages may link files
    of their own folder, which is the same for all or lies below the first one's."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        axe = importlib.resources.files("axe_playwright_python") / "axe.min.js"
        frame = FRAME.replace("RULES", json.dumps(RULES))
        made = []
        for number, page in enumerate(pages):
            text = POLICY.sub("", page.read_text())
            base = f'<base href="{page.parent.absolute().as_uri()}/">'
            script = frame.replace('src="axe.js"', f'src="{(folder / "axe.js").as_uri()}"')
            text = text.replace("<head>", f"<head>{base}", 1).replace("</body>", f"{script}</body>")
            (folder / f"{number}.html").write_text(text)
            made.append(f"{number}.html")
        (folder / "axe.js").write_text(axe.read_text())
        parent = PARENT.replace("PAGES", json.dumps(made))
        parent = parent.replace("DESK", str(DESK)).replace("PHONE", str(PHONE))
        (folder / "parent.html").write_text(parent)
        said = _said(folder, dark, seconds)
    return {
        page: Found(said[str(k)]["desk"]["problems"], said[str(k)]["phone"]["width"])
        for k, page in enumerate(pages)
    }


def _said(folder: Path, dark: bool, seconds: int) -> dict[str, Any]:
    theme = ["--blink-settings=preferredColorScheme=0"] if dark else []
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files"]
    done = subprocess.run(
        [
            *(PROGRAM, *options, *theme, "--window-size=1200,900"),
            *(f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=10000000"),
            *("--dump-dom", (folder / "parent.html").as_uri()),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds,
    )
    found = re.search('<pre id="said">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stdout[:500]
    said = json.loads(html.unescape(found[1]))
    assert isinstance(said, dict)
    return said


def problems(found: dict[Path, Found]) -> Iterable[str]:
    """Yields a line for all that is wrong."""
    for page, each in found.items():
        yield from (f"{page.name}: {problem}" for problem in each.problems)
        if each.width > PHONE:
            yield f"{page.name}: {each.width} pixels wide in a window of {PHONE}"


def main(arguments: Sequence[str]) -> int:
    """Looks at the documentation in a folder, light and dark, for `nox -s docs`."""
    folder = Path(arguments[0])
    pages = [folder / name for name in USUAL]
    if "--all" in arguments:
        pages = [p for p in sorted(folder.rglob("*.html")) if not p.parent.name.startswith("_")]
    found = [
        f"{theme}: {line}"
        for theme in ("light", "dark")
        for line in problems(look(pages, dark=theme == "dark", seconds=1800))
    ]
    print("\n".join(found) or f"axe finds nothing in {len(pages)} pages, light and dark")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
