#!/usr/bin/env python3
"""Whether every function that a user calls has an example in its documentation.

    examples.py              makes rustdoc's JSON with the nightly toolchain, and names each function or method without an example
    examples.py JSON         the same, of a JSON file that is there
    examples.py --self-test  fails if it finds too much or too little in a crate of its own

Asked of are functions and methods that the pages show: what is reached from the root of the crate, by modules and `pub use`. Of traits, the
methods of those in CALLED, which are called by their users as methods of a type are. What is exempt stands in EXEMPT, with the reason."""

import argparse
import sys

from rustdoc import Crate, crate_from

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


def missing(crate, exempt):
    """Paths and places of what has no example, and what is exempt without need."""
    needed, found = set(), []
    for path, kind, item in Crate(crate).items():
        is_called = kind in ("fn", "method") or kind == "trait method" and path.split("::")[-2] in CALLED
        if not is_called or "```" in (item["docs"] or ""):
            continue
        reasons = [begin for begin in exempt if path.startswith(begin)]
        needed.update(reasons)
        if not reasons:
            span = item["span"] or {"filename": "?", "begin": [0]}
            found.append(f"{span['filename']}:{span['begin'][0]}: `{path}` has no example")
    return found + [f"scripts/examples.py: `{begin}` need not be exempt" for begin in exempt if begin not in needed]


def self_test():
    def function(name, number, docs="", visibility="public"):
        inner = {"function": {"has_body": True}}
        return {"id": number, "name": name, "docs": docs, "visibility": visibility, "inner": inner, "span": None}

    def item(called, number, kind, **inner):
        return {"id": number, "name": called, "docs": "", "visibility": "public", "inner": {kind: inner}, "span": None}

    shown = "Words.\n\n```\nassert!(true);\n```"
    items = [
        item("lib", 0, "module", items=[1, 2, 6, 7, 10, 12]),
        item("T", 1, "enum", variants=[], impls=[3, 4]),
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
    found = missing(crate_from(arguments.json), EXEMPT)
    print("\n".join(found) or "all functions that users call have an example")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
