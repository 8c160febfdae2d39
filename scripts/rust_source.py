"""The files of a Rust crate, as far as what they name of each other goes: its modules, paths and imports."""

import collections
import re


def without_comments(source):
    """The source with comments and the contents of literals blanked, line by line as it was."""
    token = re.compile(
        r"""(?P<line>//[^\n]*)|(?P<block>/\*)|(?P<raw>\bb?r(?P<marks>\#*)".*?"(?P=marks))"""
        r"""|(?P<string>b?"(?:\\.|[^"\\])*")|(?P<char>b?'(?:\\(?:u\{[^}]*\}|x..|.)|[^'\\\n])')""",
        re.S,
    )
    blank = lambda text: re.sub(r"[^\n]", " ", text)
    out, at = [], 0
    while found := token.search(source, at):
        out.append(source[at : found.start()])
        end = found.end()
        if found["block"]:
            depth = 1
            while depth:
                mark = re.compile(r"/\*|\*/").search(source, end)
                if mark is None:
                    end = len(source)
                    break
                depth += 1 if mark[0] == "/*" else -1
                end = mark.end()
        out.append(blank(source[found.start() : end]))
        at = end
    return "".join(out) + source[at:]


def closing(code, start):
    """Behind the bracket that closes the one at `start`."""
    pairs, depth = {"{": 1, "(": 1, "[": 1, "}": -1, ")": -1, "]": -1}, 0
    for at in range(start, len(code)):
        depth += pairs.get(code[at], 0)
        if depth == 0:
            return at + 1
    return len(code)


def item_end(code, start):
    """Behind the item that begins at `start`: at its semicolon, or behind its braces."""
    at = start
    while at < len(code):
        if code[at] == ";":
            return at + 1
        if code[at] == "{":
            end = closing(code, at)
            # `use a::{b};`
            rest = re.compile(r"\s*;").match(code, end)
            return rest.end() if rest else end
        at = closing(code, at) if code[at] in "([" else at + 1
    return at


def is_for_tests(condition):
    """Whether code under `cfg(condition)` is there in tests only."""
    condition = condition.strip()
    if condition == "test":
        return True
    every = re.fullmatch(r"all\((.*)\)", condition, re.S)
    if not every:
        return False
    depth, part, parts = 0, "", []
    for char in every[1] + ",":
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "," and depth == 0:
            parts.append(part)
            part = ""
        else:
            part += char
    return any(is_for_tests(part) for part in parts)


def without_tests(code):
    """The code without what is compiled for tests only: a module that is declared there is none."""
    attribute, at = re.compile(r"#\[cfg\("), 0
    while found := attribute.search(code, at):
        end = closing(code, found.end() - 1)
        at = found.end()
        if not is_for_tests(code[found.end() : end - 1]):
            continue
        start = end + 1
        while more := re.compile(r"\s*#\[").match(code, start):
            start = closing(code, more.end() - 1)
        finish = item_end(code, start)
        code = code[: found.start()] + re.sub(r"[^\n]", " ", code[found.start() : finish]) + code[finish:]
    return code


USE = re.compile(r"(?P<public>\bpub\s+)?\buse\s+(?P<tree>[^;]*);")


def branches(tree):
    """The paths of a tree of imports, each with the name that it gets, and where it is in the tree."""
    tree_start = len(tree) - len(tree.lstrip())
    brace = tree.find("{")
    if brace < 0:
        parts = re.split(r"\s+as\s+", tree.strip())
        path = [part.strip() for part in parts[0].split("::")]
        if path[-1] == "self":
            path.pop()
        yield [part for part in path if part], parts[1] if len(parts) > 1 else (path or [None])[-1], tree_start
        return
    head = [part.strip() for part in tree[:brace].split("::") if part.strip()]
    inner_end = closing(tree, brace) - 1
    depth, start = 0, brace + 1
    for at in range(brace + 1, inner_end + 1):
        depth += {"{": 1, "}": -1}.get(tree[at], 0)
        if depth < 0 or depth == 0 and tree[at] == ",":
            part = tree[start:at]
            if part.strip():
                for path, name, offset in branches(part):
                    yield head + path, name or head[-1], start + offset
            start = at + 1


class File:
    """A file of source, its module, and what it names."""

    def __init__(self, path, module):
        self.path, self.module = path, module
        # Where something is visible is no import.
        code = re.sub(r"\bpub\([^)]*\)", lambda found: "pub" + " " * (len(found[0]) - 3), without_comments(path.read_text()))
        self.code = without_tests(code)


class Source:
    """All files of a crate, by their modules."""

    def __init__(self, src):
        self.src, self.files, self.handed_on = src, {}, collections.defaultdict(list)
        self.add(src / "lib.rs", ())
        # What the crate may call itself.
        self.roots = ["crate", *re.findall(r"\bextern crate self as (\w+)", self.files[()].code)]
        for file in self.files.values():
            for path, name, module, public, _ in self.imports(file):
                if public:
                    self.handed_on[module].append((self.absolute(path, module), name))

    def add(self, path, module):
        file = self.files[module] = File(path, module)
        folder = path.parent if path.name in ("lib.rs", "mod.rs") else path.with_suffix("")
        for name in re.findall(r"\bmod\s+(\w+)\s*;", file.code):
            for child in (folder / f"{name}.rs", folder / name / "mod.rs"):
                if child.exists():
                    self.add(child, (*module, name))

    def modules_of(self, file):
        """The module at each place of a file that begins another one: modules may stand in braces."""
        spans = []
        for found in re.finditer(r"\bmod\s+(\w+)\s*\{", file.code):
            spans.append((found.end() - 1, closing(file.code, found.end() - 1), found[1]))
        return spans

    def imports(self, file):
        """Every path that the file names: its parts, its name, the module where it stands, whether it is handed on, and the
        line."""
        code, spans = file.code, self.modules_of(file)

        def module_at(at):
            inside = [name for start, end, name in spans if start < at < end]
            return (*file.module, *inside)

        line_of = lambda at: code.count("\n", 0, at) + 1
        rest, imported = list(code), {}
        for found in USE.finditer(code):
            rest[found.start() : found.end()] = " " * (found.end() - found.start())
            for path, name, offset in branches(found["tree"]):
                at = found.start("tree") + offset
                yield path, name, module_at(at), bool(found["public"]), line_of(at)
                if (absolute := self.absolute(path, module_at(at))) in self.files:
                    imported[name] = ["crate", *absolute]
        rest = "".join(rest)
        children = {module[-1] for module in self.files if module[:-1] == file.module and module}
        roots = "|".join(self.roots)
        first = "|".join([roots, "super", "self", *sorted({*children, *imported})])
        for found in re.finditer(rf"(?<![\w:.])(?:\$|::(?=(?:{roots})\b))?(?:{first})(?:\s*::\s*\w+)+", rest):
            path = [part.strip() for part in found[0].lstrip("$:").split("::")]
            path[:1] = imported.get(path[0], path[:1])
            yield path, path[-1], module_at(found.start()), False, line_of(found.start())

    def absolute(self, path, module):
        """The path from the root of the crate, if it begins in it."""
        path, module = list(path), list(module)
        if not path:
            return None
        if path[0] in self.roots:
            return tuple(path[1:])
        if path[0] in ("super", "self"):
            while path and path[0] in ("super", "self"):
                if path.pop(0) == "super":
                    module = module[:-1]
            return (*module, *path)
        if (*module, path[0]) in self.files:
            return (*module, *path)
        return None

    def targets(self, path, seen=()):
        """The files that define what a path from the root names."""
        module = path
        while module not in self.files and module not in self.handed_on:
            module = module[:-1]
        rest, home = path[len(module) :], module
        # A module in braces stands in the file of another.
        while home not in self.files:
            home = home[:-1]
        file = self.files[home]
        if (path, module) in seen:
            return set()
        seen = (*seen, (path, module))
        if not rest:
            return {file.path}
        found = set()
        for to, name in self.handed_on.get(module, []):
            if to is not None and to != path and (name == rest[0] or name == "*"):
                target = (*(to[:-1] if name == "*" else to), *rest[0 if name == "*" else 1 :])
                for one in self.targets(target, seen):
                    # What a glob does not have is found in the file where the search ended.
                    found.add(one)
        if rest[0] == "*":
            found.add(file.path)
            for to, _ in self.handed_on.get(module, []):
                if to is not None:
                    found |= self.targets(to, seen)
        defined = re.search(
            rf"\b(?:fn|struct|enum|trait|type|const|static|union|mod|macro_rules!)\s+(?:mut\s+)?{re.escape(rest[0])}\b",
            file.code,
        )
        return {file.path} if defined and module == home or not found else found

    def edges(self):
        """Every import of another file: from, line, to, and the path."""
        for file in self.files.values():
            if not file.module:
                continue
            for path, _, module, public, line in self.imports(file):
                to = self.absolute(path, module)
                if to is None or public and to[: len(file.module)] == file.module:
                    continue
                for target in self.targets(to):
                    if target != file.path and target.name != "lib.rs":
                        yield file.path, line, target, "::".join(path)
