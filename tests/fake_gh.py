"""Stands in for GitHub's `gh api`: pull requests and comments of a JSON file, filters by jq.

GH_STATE=state.json python tests/fake_gh.py api repos/o/r/issues/7/comments --jq '.[].id'
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any


def answer(state: dict[str, Any], method: str, path: str, fields: dict[str, str]) -> Any:
    if method == "GET" and path.endswith("/pulls"):
        wanted = (fields["state"], fields["head"])
        return [p for p in state["pulls"] if (p["state"], p["head"]["label"]) == wanted]
    if found := re.fullmatch(r"repos/o/r/issues/(\d+)/comments", path):
        here = [c for c in state["comments"] if c["issue"] == int(found[1])]
        if method == "GET":
            return here
        bot = {"type": "Bot", "login": "github-actions[bot]"}
        new = {"id": 100 + len(state["comments"]), "issue": int(found[1]), "user": bot}
        state["comments"].append(new | fields)
        return new
    found = re.fullmatch(r"repos/o/r/issues/comments/(\d+)", path)
    assert found, path
    assert method == "PATCH", method
    (comment,) = [c for c in state["comments"] if c["id"] == int(found[1])]
    comment.update(fields)
    return comment


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["api"])
    parser.add_argument("path")
    parser.add_argument("--method", default="GET")
    parser.add_argument("--paginate", action="store_true")
    parser.add_argument("--silent", action="store_true")
    parser.add_argument("-f", dest="fields", action="append", default=[])
    parser.add_argument("--jq", default=".")
    given = parser.parse_args()
    assert os.environ["GH_TOKEN"]
    file = Path(os.environ["GH_STATE"])
    state = json.loads(file.read_text())
    fields = dict(field.split("=", 1) for field in given.fields)
    found = json.dumps(answer(state, given.method, given.path, fields))
    file.write_text(json.dumps(state))
    if not given.silent:
        done = subprocess.run(["jq", "-r", given.jq], input=found, text=True, check=False)
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
