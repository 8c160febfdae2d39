#!/usr/bin/env python3
"""Whether every function that a user calls has an example in its documentation.

    examples.py              makes rustdoc's JSON with the nightly toolchain, and names each function or method without an example
    examples.py JSON         the same, of a JSON file that is there
    examples.py --self-test  fails if it finds too much or too little in a crate of its own

Asked of are functions and methods that the pages show: what is reached from the root of the crate, by modules and `pub use`. Of traits, the
methods of those in CALLED, which are called by their users as methods of a type are. What is exempt stands in EXEMPT, with the reason."""

import argparse
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Traits whose methods users call. Those of the others are called by the library, or stand for a bound.
CALLED = ["Create", "Module", "Combine", "Dim"]
# Paths without the name of the crate, or what they begin with.
EXEMPT = {
    "backend::composed::": "functions of arrays for who writes an engine, which one example at the module shows together",
    "conformance::Suite::": "each runs for seconds; the page of the module shows them together",
    "cpu::Gradients::": "made and read by the processor's engine alone: users have the typed `Gradients`",
    "dim::Branded::": "the inside of dimensions, called by what `dims!` and `bind!` write",
    "dim::SetOnce::": "the inside of dimensions, called by what `dims!` writes: its example shows `set` and `get`",
    "nn::Past::with": "written by `dims!`, whose example shows it",
    "nn::Cached::with": "written by `dims!`, whose example shows it",
    "Module::visit": "called by the library, on modules that `#[derive(Module)]` makes; by hand: `ParameterMut::into_buffer`",
    # Each value of a file by its type.
    **{
        f"io::Gguf::{name}": "one example shows all values of a file together"
        for name in ("keys", "has", "integer", "float", "boolean", "string")
    },
}


class Crate:
    def __init__(self, crate):
        self.index = {int(number): item for number, item in crate["index"].items()}
        self.root = self.index[int(crate["root"])]
        self.found = {}

    def functions(self):
        """What the pages show, by path: the documentation of each function and method."""
        self.walk(self.root, [], set())
        return self.found

    def walk(self, item, path, above):
        [(kind, inner)] = item["inner"].items()
        if kind == "use":
            target = self.index.get(inner["id"])
            if target is None or item["visibility"] != "public":
                return
            if inner["is_glob"]:
                self.members(target["inner"].get("module", target["inner"].get("enum", {})).get("items", []), path, above)
            else:
                self.at(target, path + [inner["name"]], above)
        elif item["visibility"] in ("public", "default"):
            self.at(item, path + [item["name"]] if item is not self.root else path, above)

    def at(self, item, path, above):
        [(kind, inner)] = item["inner"].items()
        if kind == "module" and item["id"] not in above:
            self.members(inner["items"], path, above | {item["id"]})
        elif kind == "function":
            self.add(item, path)
        elif kind == "trait" and item["name"] in CALLED:
            for method in self.items(inner["items"], "function"):
                self.add(method, path + [method["name"]])
        elif kind in ("struct", "enum", "union"):
            for block in self.items(inner["impls"], "impl"):
                if block["inner"]["impl"]["trait"] is None:
                    for method in self.items(block["inner"]["impl"]["items"], "function"):
                        if method["visibility"] == "public":
                            self.add(method, path + [method["name"]])

    def members(self, numbers, path, above):
        for number in numbers:
            if number in self.index:
                self.walk(self.index[number], path, above)

    def items(self, numbers, kind):
        return [self.index[number] for number in numbers if kind in self.index.get(number, {"inner": {}})["inner"]]

    def add(self, item, path):
        # Of several paths to one item, such as by the prelude, the first of the shortest.
        former = self.found.get(item["id"])
        if former is None or len(path) < len(former[0].split("::")):
            self.found[item["id"]] = ("::".join(path), item)


def missing(crate, exempt):
    """Paths and places of what has no example, and what is exempt without need."""
    needed, found = set(), []
    for path, item in sorted(Crate(crate).functions().values(), key=lambda entry: entry[0]):
        if "```" in (item["docs"] or ""):
            continue
        reasons = [begin for begin in exempt if path.startswith(begin)]
        needed.update(reasons)
        if not reasons:
            span = item["span"] or {"filename": "?", "begin": [0]}
            found.append(f"{span['filename']}:{span['begin'][0]}: `{path}` has no example")
    return found + [f"scripts/examples.py: `{begin}` need not be exempt" for begin in exempt if begin not in needed]


def rustdoc_json():
    options = ["-Zunstable-options", "--output-format", "json"]
    subprocess.run(["cargo", "+nightly", "rustdoc", "--quiet", "-p", "congruent", "--all-features", "--", *options], cwd=ROOT, check=True)
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "doc" / "congruent.json"


def self_test():
    def function(name, number, docs="", visibility="public"):
        inner = {"function": {"has_body": True}}
        return {"id": number, "name": name, "docs": docs, "visibility": visibility, "inner": inner, "span": None}

    def item(called, number, kind, **inner):
        return {"id": number, "name": called, "docs": "", "visibility": "public", "inner": {kind: inner}, "span": None}

    shown = "Words.\n\n```\nassert!(true);\n```"
    items = [
        item("lib", 0, "module", items=[1, 2, 6, 7, 10, 12]),
        item("T", 1, "struct", impls=[3, 4]),
        function("free", 2),
        item(None, 3, "impl", trait=None, items=[5, 8, 9]),
        item(None, 4, "impl", trait={"path": "Clone"}, items=[11]),
        function("bare", 5),
        # What a private module has is reached by `pub use` alone.
        item("U", 6, "use", name="renamed", id=13, is_glob=False),
        item("Create", 7, "trait", items=[14]),
        function("shown", 8, shown),
        function("own", 9, visibility="crate"),
        item("Other", 10, "trait", items=[15]),
        function("clone", 11),
        item("prelude", 12, "module", items=[16]),
        function("hidden_place", 13),
        function("zeros", 14, visibility="default"),
        function("of_other", 15, visibility="default"),
        item("T", 16, "use", name="T", id=1, is_glob=False),
        function("unreached", 17),
    ]
    crate = {"root": 0, "index": {str(entry["id"]): entry for entry in items}}
    found = missing(crate, {"free": "a reason", "T::shown": "none"})
    names = [line.split("`")[1] for line in found]
    assert names == ["Create::zeros", "T::bare", "renamed", "T::shown"], names


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("json", nargs="?")
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_test:
        return self_test()
    found = missing(json.loads(pathlib.Path(arguments.json or rustdoc_json()).read_text()), EXEMPT)
    print("\n".join(found) or "all functions that users call have an example")
    sys.exit(bool(found))


main()
