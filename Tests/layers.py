#!/usr/bin/env python3
"""The layer check: reads Package.swift's layers and every import, and names each import that breaks the order.

A target may import Orrery targets of lower layers only, only those that Package.swift lists for it, and no system
library of layer 0 but its own. The layers are the numbered comments of Package.swift.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
IMPORT = re.compile(r"^\s*(?:@\w+\s+)*(?:package |internal |private |public )?import (?:\w+ )?(\w+)", re.M)


def layers():
    """Target -> (layer, declared dependencies), from the text between the layer comments."""
    text = (ROOT / "Package.swift").read_text()
    found, layer = {}, None
    for part in re.split(r"(?m)^\s*// (Layer \d+|Tests)", text.split("targets: [", 1)[1]):
        if match := re.fullmatch(r"Layer (\d+)|Tests", part):
            layer = int(match[1]) if match[1] else None
        elif layer is not None:
            for name, rest in re.findall(r'\.(?:target|systemLibrary|layer|command)\(\s*(?:name: )?"([\w-]+)"([^\n]*(?:\n\s{12,}[^\n]*)*)', part):
                found[name] = (layer, set(re.findall(r'"((?:Orrery|C)\w+)"', rest)))
    return found


def main():
    known, wrong = layers(), []
    if len(known) < 10:
        sys.exit("layers: Package.swift is not as this check expects; mend Tests/layers.py")
    for name, (layer, declared) in known.items():
        for dependency in declared:
            if dependency in known and known[dependency][0] >= layer:
                wrong.append(f"Package.swift: {name} (layer {layer}) depends on {dependency} (layer {known[dependency][0]})")
        for file in sorted((ROOT / "Sources" / name).rglob("*.swift")):
            for module in IMPORT.findall(file.read_text()):
                if module in known and module not in declared:
                    wrong.append(f"{file.relative_to(ROOT)}: imports {module}, which Package.swift does not list for {name}")
    if wrong:
        sys.exit("layers: " + "\nlayers: ".join(wrong))
    print(f"layers: {len(known)} targets in order")


if __name__ == "__main__":
    main()
