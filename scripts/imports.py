#!/usr/bin/env python3
"""Which file of src/ imports which, and whether it may.

    imports.py              fails if a rule is broken, and names file, line and import
    imports.py --self-test  breaks each rule in sources of its own, and fails if that is not found
    imports.py --graph      prints which room imports which

The rules:
    rooms    a room imports only what ROOMS lists
    circles  no file imports itself by way of others; `Engine`, `Backend` and the functions that are its defaults count as one
    engine   a room above the contract names the processor's backend only as the default of a type parameter, or in a type alias
    names    nothing hides an import: no other name for the crate or the backend, no `include!`, no `#[path]`, no `r#`

A path stands for the file that defines what it names: what a module hands on of its children (`pub use`) is looked up there,
and is no import of its own. Code that is compiled for tests only may import anything, and so may `src/lib.rs`.
"""

import argparse
import collections
import pathlib
import re
import sys
import tempfile

from rust_source import USE, Source, branches

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Every room, by the path of its files in src/, and the rooms that it may import. The engine is not among them: see below.
BASE = {"error", "sealed", "random", "mesh_axes"}
TENSOR = BASE | {"backend", "dim", "shape"}
MODULE = TENSOR | {"tensor"}
NN = MODULE | {"module", "io", "mask"}
KERNELS = {"backend", "cpu/environment", "cpu/parallel", "cpu/memory"}
ARRAY = KERNELS | {"cpu/kernels"}
OPS = ARRAY | {"cpu/array"}
GRADIENT = OPS | {"cpu/ops"}
ROOMS = {
    "error": {"backend"},
    "errors": set(),
    "sealed": set(),
    "random": set(),
    "mesh_axes": set(),
    "backend": {"sealed", "mesh_axes"},
    "dim": BASE,
    "shape": BASE | {"dim"},
    "tensor": TENSOR,
    "module": MODULE,
    "mask": MODULE | {"module"},
    "io": MODULE | {"module"},
    "nn": NN,
    "dual": MODULE | {"module"},
    "mesh": MODULE | {"module", "io", "mask"},
    "optim": MODULE | {"module", "io", "mesh"},
    "generate": NN | {"nn"},
    "conformance": {"backend", "random"},
    "cpu/environment": set(),
    "cpu/parallel": {"cpu/environment"},
    "cpu/memory": {"backend", "cpu/environment"},
    "cpu/kernels": KERNELS,
    "cpu/array": ARRAY,
    "cpu/ops": OPS,
    "cpu/gradient": GRADIENT,
    "cpu": GRADIENT | {"cpu/gradient", "sealed"},
}

# The rooms of the engine. All others stand above the contract, or are the contract: none of them may import it, but for the
# default of a type parameter.
ENGINE = "cpu"


def room_of(src, path):
    parts = path.relative_to(src).with_suffix("").parts
    if parts[-1] == "mod":
        parts = parts[:-1]
    for length in range(len(parts), 0, -1):
        name = "/".join(parts[:length])
        if name in ROOMS:
            return name
    return parts[0]


# The contract: engines and their operations, which name each other, and the functions that are the defaults of these.
CONTRACT = {"backend/engine.rs", "backend/operations.rs", "backend/composed"}


def part_of_contract(src, path):
    name = str(path.relative_to(src))
    return "backend/composed" if name.startswith("backend/composed/") else name


def is_engine(room):
    return room.split("/")[0] == ENGINE


def wrong_rooms(source):
    for path, line, target, name in source.edges():
        room, other = room_of(source.src, path), room_of(source.src, target)
        if is_engine(other) and not is_engine(room):
            continue  # of which there is a rule of its own
        if room != other and other not in ROOMS.get(room, set()):
            yield path, line, f"`{name}`: `{room}` must not import `{other}`"


def circles(source):
    """A shortest circle through each group of files that import each other."""
    graph, lines = collections.defaultdict(set), {}
    for path, line, target, name in source.edges():
        # One thing in files of their own.
        parts = {part_of_contract(source.src, path), part_of_contract(source.src, target)}
        if len(parts) == 2 and parts <= CONTRACT:
            continue
        graph[path].add(target)
        lines.setdefault((path, target), (line, name))
    seen = set()
    for start in sorted(graph):
        if start in seen:
            continue
        before, queue = {}, collections.deque([start])
        while queue and start not in before:
            at = queue.popleft()
            for to in sorted(graph[at]):
                if to not in before:
                    before[to] = at
                    queue.append(to)
        if start not in before:
            continue
        way = [start]
        while (at := before[way[-1]]) != start:
            way.append(at)
        way = [start, *reversed(way[1:]), start]
        seen.update(way)
        steps = [f"{path.relative_to(source.src)}:{lines[path, to][0]} ({lines[path, to][1]})" for path, to in zip(way, way[1:])]
        yield start, lines[start, way[1]][0], "a circle: " + " -> ".join(steps)


def is_default(code, at):
    """Whether what stands here is the default of a type parameter, `<B = Cpu<f32>>`, or what an alias stands for: a projection
    of a default, in place of the type itself, the compiler does not see through."""
    if re.search(r"\bpub type [^;{}]*$", code[:at]):
        return True
    before = code[:at].rstrip()
    if not before.endswith("=") or before.endswith("=="):
        return False
    depth, at = 0, len(before) - 2
    while at >= 0 and code[at] not in ";{}":
        if code[at] == ">" and code[at - 1] not in "-=":
            depth += 1
        elif code[at] == "<":
            depth -= 1
            if depth < 0:
                return True
        at -= 1
    return False


# How the backend is imported where it is a default.
DEFAULT = [["crate", "Cpu"], ["crate", ENGINE, "Cpu"], ["crate", ENGINE, "Processor"]]


def wrong_engine(source):
    for path, line, target, name in source.edges():
        if is_engine(room_of(source.src, target)) and not is_engine(room_of(source.src, path)):
            if name.split("::")[-1] not in ("Cpu", "Processor"):
                yield path, line, f"`{name}` above the contract"
    for file in source.files.values():
        room = room_of(source.src, file.path) if file.module else None
        if room is None or is_engine(room):
            continue
        code, imported = file.code, None
        for found in USE.finditer(file.code):
            paths = [path for path, _, _ in branches(found["tree"])]
            others = [path for path in paths if path not in DEFAULT]
            if len(others) < len(paths):
                imported = found
                if not any(path[:2] == ["crate", ENGINE] for path in others):
                    code = code[: found.start()] + re.sub(r"[^\n]", " ", found[0]) + code[found.end() :]
        named = list(re.finditer(r"\bCpu\b|\bProcessor\b", code))
        wrong = [found for found in named if not is_default(code, found.start())]
        for found in wrong:
            yield file.path, code.count("\n", 0, found.start()) + 1, f"`{found[0]}` above the contract"
        if imported and not named:
            line = file.code.count("\n", 0, imported.start("tree")) + 1
            yield file.path, line, f"`{imported['tree']}`: it is no default here"


# What the other rules would not see through.
HIDDEN = re.compile(r"\bextern\s+crate\b[^;]*|\b(?:Cpu|Processor)\s+as\s+\w+|\binclude!|#\[path\b|\br#\w+")


def hidden(source):
    for file in source.files.values():
        if not file.module:
            continue  # `lib.rs` gives the crate a name for itself.
        for found in HIDDEN.finditer(file.code):
            line = file.code.count("\n", 0, found.start()) + 1
            yield file.path, line, f"`{found[0]}` hides what is imported"
        for path, name, module, _, line in source.imports(file):
            if source.absolute(path, module) == ():
                yield file.path, line, f"`{'::'.join(path)} as {name}` hides what is imported"


RULES = {"rooms": wrong_rooms, "circles": circles, "engine": wrong_engine, "names": hidden}


def broken(src):
    """What breaks a rule: (rule, file, line, why)."""
    source = Source(src)
    return [
        (rule, str(path.relative_to(src)), line, why) for rule, check in RULES.items() for path, line, why in check(source)
    ]


def self_test():
    good = {
        "lib.rs": "pub mod backend;\npub mod cpu;\npub mod nn;\npub mod optim;\npub use cpu::Cpu;\n",
        "backend/mod.rs": "mod ops;\nmod element;\npub use ops::Unary;\npub use element::Element;\npub trait Backend {}\n",
        "backend/ops.rs": "pub enum Unary { Abs }\n",
        "backend/element.rs": "use super::Unary;\npub trait Element { fn of(op: Unary); }\n",
        "cpu/mod.rs": "mod array;\nmod kernels;\nuse crate::backend::Backend;\nuse array::Array;\npub struct Cpu<T>(T);\n",
        "cpu/array/mod.rs": "mod layout;\nmod view;\npub use view::Array;\n",
        "cpu/array/layout.rs": "pub struct Layout;\n#[cfg(test)]\nmod tests { use super::super::view::Array; }\n",
        "cpu/array/view.rs": "use super::layout::Layout;\nuse crate::cpu::kernels::sum;\npub struct Array(Layout);\n",
        "cpu/kernels.rs": "//! See [`Array`](crate::cpu::array::Array).\npub fn sum() -> &'static str { \"crate::cpu::array::Array\" }\n",
        "optim.rs": "use crate::{Cpu, backend::Backend};\npub struct Sgd<T, B: Backend = Cpu<T>>(T, B);\n",
        "nn.rs": "use crate::backend::{Backend, Unary};\nuse crate::cpu::Cpu;\npub struct Linear<B: Backend = Cpu<f32>>(B);\n",
    }
    own_name = good["lib.rs"] + "extern crate self as own;\n"
    in_braces = good["lib.rs"] + "pub mod private {\n    pub use crate::nn::Linear;\n}\nmacro_rules! Linear {}\n"
    planted = [
        ("rooms", "cpu/kernels.rs", 1, {"cpu/kernels.rs": "use crate::cpu::array::Array;\npub fn sum(_: Array) {}\n"}),
        ("rooms", "backend/ops.rs", 2, {"backend/ops.rs": "pub enum Unary { Abs }\nfn f(_: crate::nn::Linear) {}\n"}),
        ("rooms", "backend/ops.rs", 1, {"backend/ops.rs": "pub enum Unary { Abs(super::super::nn::Linear) }\n"}),
        ("circles", "cpu/array/layout.rs", 1, {"cpu/array/layout.rs": "use super::view::Array;\npub struct Layout(Array);\n"}),
        # By way of what the module hands on, and of a tree of imports.
        ("circles", "cpu/array/layout.rs", 1, {"cpu/array/layout.rs": "use super::{Array as X};\npub struct Layout(X);\n"}),
        ("circles", "backend/element.rs", 1, {"backend/ops.rs": "use super::Element;\npub enum Unary { Abs }\n"}),
        ("engine", "nn.rs", 3, {"nn.rs": good["nn.rs"].replace("B: Backend = Cpu<f32>>(B)", "B>(B, Cpu<f32>)")}),
        ("engine", "nn.rs", 4, {"nn.rs": good["nn.rs"] + "type Mine = crate::cpu::Cpu<f32>;\n"}),
        ("engine", "nn.rs", 1, {"nn.rs": "use crate::cpu::Cpu;\n"}),
        ("engine", "nn.rs", 2, {"nn.rs": good["nn.rs"].replace("cpu::Cpu", "cpu::{Array, Cpu}")}),
        # What the root of the crate hands on of the engine, and all that it does.
        ("engine", "nn.rs", 1, {"lib.rs": good["lib.rs"] + "pub use cpu::threads;\n", "nn.rs": "use crate::threads;\n"}),
        ("engine", "nn.rs", 1, {"nn.rs": "use crate::{cpu};\n"}),
        # By the name that the crate has for itself, and by a module in braces.
        ("rooms", "backend/ops.rs", 1, {"lib.rs": own_name, "backend/ops.rs": "use own::nn::Linear;\n"}),
        ("rooms", "backend/ops.rs", 1, {"lib.rs": own_name, "backend/ops.rs": "fn f(_: ::own::nn::Linear) {}\n"}),
        ("rooms", "backend/ops.rs", 1, {"lib.rs": in_braces, "backend/ops.rs": "use crate::private::Linear;\n"}),
        # By a module that is imported, under another name.
        ("circles", "cpu/array/layout.rs", 2,
         {"cpu/array/layout.rs": "use crate::cpu::{array as a};\npub struct Layout(a::Array);\n"}),
        ("names", "nn.rs", 1, {"nn.rs": "use crate::cpu::Cpu as Engine;\n"}),
        ("names", "nn.rs", 1, {"nn.rs": "use super as root;\nfn f(_: root::optim::Sgd) {}\n"}),
        ("names", "nn.rs", 2, {"nn.rs": "fn f() {}\nuse crate::{self as root};\n"}),
        ("names", "nn.rs", 1, {"nn.rs": "extern crate self as own;\n"}),
        ("names", "nn.rs", 1, {"nn.rs": 'include!("optim.rs");\n'}),
        ("names", "nn.rs", 1, {"nn.rs": '#[path = "optim.rs"]\nmod other;\n'}),
        ("names", "nn.rs", 1, {"nn.rs": "use crate::r#optim::Sgd;\n"}),
    ]
    rooms = {"backend": set(), "nn": {"backend"}, "optim": {"backend"}, "cpu": {"backend", "cpu/array", "cpu/kernels"},
             "cpu/array": {"cpu/kernels"}, "cpu/kernels": set()}
    ROOMS.clear()
    ROOMS.update(rooms)
    failed = 0
    for rule, name, line, changes in [(None, None, None, {}), *planted]:
        with tempfile.TemporaryDirectory() as folder:
            src = pathlib.Path(folder)
            for path, text in (good | changes).items():
                (src / path).parent.mkdir(parents=True, exist_ok=True)
                (src / path).write_text(text)
            found = broken(src)
            right = not found if rule is None else any(one[:3] == (rule, name, line) for one in found)
            if not right:
                failed += 1
                print(f"planted {rule} at {name}:{line}: {changes}\nfound {found}", file=sys.stderr)
    if failed:
        sys.exit(f"{failed} of {len(planted) + 1} self-tests failed")
    print(f"all {len(planted)} planted imports were found, and none where there is none")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--self-test", action="store_true")
    parser.add_argument("--graph", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_test:
        return self_test()
    src = ROOT / "src"
    if arguments.graph:
        graph = collections.defaultdict(collections.Counter)
        for path, _, target, _ in Source(src).edges():
            room, other = room_of(src, path), room_of(src, target)
            if room != other:
                graph[room][other] += 1
        for room in sorted(graph):
            print(f"{room}: {', '.join(f'{other} {count}' for other, count in sorted(graph[room].items()))}")
        return
    found = broken(src)
    for rule, name, line, why in found:
        print(f"src/{name}:{line}: {why}", file=sys.stderr)
    if found:
        sys.exit(f"{len(found)} imports break a rule")
    print("all imports go one way")


if __name__ == "__main__":
    main()
