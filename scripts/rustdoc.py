"""What the pages of the crate show, of rustdoc's JSON."""

import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What an item is called in a list, by its kind in the JSON.
KINDS = {
    "assoc_const": "constant",
    "assoc_type": "type",
    "constant": "constant",
    "enum": "enum",
    "function": "fn",
    "macro": "macro",
    "module": "mod",
    "proc_attribute": "macro",
    "proc_derive": "derive",
    "proc_macro": "macro",
    "static": "constant",
    "struct": "struct",
    "struct_field": "field",
    "trait": "trait",
    "type_alias": "type",
    "union": "struct",
    "variant": "variant",
}


def crate_from(path=None):
    """The JSON of a file, or what the nightly toolchain makes of the crate."""
    if path is None:
        options = ["-Zunstable-options", "--output-format", "json"]
        command = ["cargo", "+nightly", "rustdoc", "--quiet", "-p", "congruent", "--all-features", "--", *options]
        subprocess.run(command, cwd=ROOT, check=True)
        path = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "doc" / "congruent.json"
    return json.loads(pathlib.Path(path).read_text())


class Crate:
    """What is reached from the root, by modules and `pub use`."""

    def __init__(self, crate):
        self.index = {int(number): item for number, item in crate["index"].items()}
        self.root = self.index[int(crate["root"])]
        self.found = {}

    def items(self):
        """Path, kind and item, in the order of paths. Of several paths to one item, such as by the prelude, the first of the shortest."""
        self.members(self.root["inner"]["module"]["items"], [], {self.root["id"]})
        return sorted(self.found.values(), key=lambda entry: entry[:2])

    def members(self, numbers, path, above):
        for item in self.known(numbers):
            [(kind, inner)] = item["inner"].items()
            if item["visibility"] not in ("public", "default"):
                continue
            if kind == "use" and inner["is_glob"]:
                target = self.index.get(inner["id"], {"inner": {}})["inner"]
                [members] = [target[kind] for kind in ("module", "enum") if kind in target] or [{}]
                self.members(members.get("items", []), path, above)
            elif kind == "use" and inner["id"] in self.index:
                self.at(self.index[inner["id"]], path + [inner["name"]], above)
            elif kind not in ("use", "impl"):
                self.at(item, path + [item["name"]], above)

    def at(self, item, path, above):
        [(kind, inner)] = item["inner"].items()
        if kind == "module" and item["id"] in above:
            return
        self.add(item, path, KINDS.get(kind, kind))
        if kind == "module":
            self.members(inner["items"], path, above | {item["id"]})
        elif kind == "trait":
            self.parts(inner["items"], path, "trait method")
        elif kind == "enum":
            self.parts(inner["variants"], path)
        elif kind == "struct":
            plain = inner["kind"].get("plain", {}) if isinstance(inner["kind"], dict) else {}
            self.parts(plain.get("fields", []), path)
        if kind in ("struct", "enum", "union"):
            for block in self.known(inner["impls"]):
                if block["inner"]["impl"]["trait"] is None:
                    self.parts(block["inner"]["impl"]["items"], path, "method")

    def parts(self, numbers, path, function="method"):
        for item in self.known(numbers):
            [kind] = item["inner"]
            if item["visibility"] in ("public", "default"):
                self.add(item, path + [item["name"]], function if kind == "function" else KINDS.get(kind, kind))

    def known(self, numbers):
        return [self.index[number] for number in numbers if number in self.index]

    def add(self, item, path, kind):
        former = self.found.get(item["id"])
        if former is None or len(path) < len(former[0].split("::")):
            self.found[item["id"]] = ("::".join(path), kind, item)
