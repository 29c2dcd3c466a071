#!/usr/bin/env python3
"""Every rule of docs/threat-model.md has a test by its name, and every test that has a rule's name is in its table.

A row is `| F12 | what holds | OrreryFetchTests/ReachTests.swift, … |`; a test bears the name as `@Test("F12: …")`.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
RULES = {"B": 4, "H": 6, "K": 8, "C": 15, "F": 15}
ROW = re.compile(r"(?m)^\| ([BHKCF]\d+) \| [^|]+ \| ([^|]+) \|$")
NAME = re.compile(r"@Test\(\s*\"([BHKCF]\d+): ")


def main():
    rows = {rule: [word.strip() for word in files.split(",")]
            for rule, files in ROW.findall((ROOT / "docs/threat-model.md").read_text())}
    wanted = [f"{letter}{number}" for letter, count in RULES.items() for number in range(1, count + 1)]
    wrong = [f"{rule} has no row in docs/threat-model.md" for rule in wanted if rule not in rows]
    wrong += [f"docs/threat-model.md has a row {rule}, which is no rule" for rule in rows if rule not in wanted]
    named = {}
    for file in sorted((ROOT / "Tests").glob("*Tests/**/*.swift")):
        for rule in NAME.findall(file.read_text()):
            named.setdefault(rule, set()).add(str(file.relative_to(ROOT / "Tests")))
    for rule, files in rows.items():
        wrong += [f"{rule}: no test in {file} bears its name" for file in files if file not in named.get(rule, ())]
        wrong += [f"{rule}: docs/threat-model.md does not name {file}" for file in named.get(rule, ()) if file not in files]
    if wrong:
        sys.exit("rules: " + "\nrules: ".join(wrong))
    print(f"rules: {len(rows)} rules have tests by their names")


if __name__ == "__main__":
    main()
