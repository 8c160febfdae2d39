#!/usr/bin/env python3
"""Asks rust-analyzer what it shows of the variables of tests/hover.rs, and compares with the comments there."""

import json
import pathlib
import re
import subprocess
import sys
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent
FILE = ROOT / "tests" / "hover.rs"
PATIENCE = 600  # seconds


class Server:
    """rust-analyzer, by the Language Server Protocol."""

    def __init__(self):
        self.process = subprocess.Popen(
            ["rust-analyzer"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.last = 0
        # A server that never answers is ended, and the read from it fails.
        timer = threading.Timer(PATIENCE, self.process.kill)
        timer.daemon = True
        timer.start()

    def send(self, method, params, **rest):
        self.write({"jsonrpc": "2.0", "method": method, "params": params, **rest})

    def write(self, message):
        body = json.dumps(message).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def receive(self):
        length = 0
        while line := self.process.stdout.readline().strip():
            name, value = line.split(b":", 1)
            if name.lower() == b"content-length":
                length = int(value)
        if not length:
            sys.exit(f"rust-analyzer ended, or did not answer within {PATIENCE} s")
        return json.loads(self.process.stdout.read(length))

    def answer(self, message):
        """Answers what the server asks of an editor that can do nothing."""
        if "id" in message and "method" in message:
            self.write({"jsonrpc": "2.0", "id": message["id"], "result": None})

    def request(self, method, params):
        self.last += 1
        self.send(method, params, id=self.last)
        while True:
            message = self.receive()
            if message.get("id") == self.last and "method" not in message:
                return message.get("result")
            self.answer(message)

    def wait_until_loaded(self):
        """Until the server has read the project and expanded its macros."""
        while True:
            message = self.receive()
            self.answer(message)
            status = message.get("params") or {}
            if message.get("method") == "experimental/serverStatus" and status.get("quiescent"):
                return


def expectations():
    """Line and column of each variable, and what is expected of it."""
    lines = FILE.read_text().splitlines()
    for number, line in enumerate(lines):
        if expected := re.match(r"\s*//  \^ (.*)", line):
            yield number - 1, lines[number - 1].index("let ") + 4, expected[1]


def main():
    server = Server()
    capabilities = {"experimental": {"serverStatusNotification": True}, "window": {"workDoneProgress": False}}
    options = {"cargo": {"targetDir": True}, "checkOnSave": False, "cachePriming": {"enable": False}}
    folder = {"uri": ROOT.as_uri(), "name": "congruent"}
    server.request(
        "initialize",
        {
            "processId": None,
            "rootUri": ROOT.as_uri(),
            "workspaceFolders": [folder],
            "capabilities": capabilities,
            "initializationOptions": options,
        },
    )
    server.send("initialized", {})
    document = {"uri": FILE.as_uri(), "languageId": "rust", "version": 1, "text": FILE.read_text()}
    server.send("textDocument/didOpen", {"textDocument": document})
    server.wait_until_loaded()

    wrong = 0
    for line, column, expected in expectations():
        position = {"textDocument": {"uri": FILE.as_uri()}, "position": {"line": line, "character": column}}
        hover = server.request("textDocument/hover", position)
        shown = re.search(r"let \w+: (.*)", hover["contents"]["value"]) if hover else None
        found = shown[1].strip() if shown else repr(hover)
        if found != expected:
            wrong += 1
            print(f"tests/hover.rs:{line + 1}: expected {expected}\n{'':20} found {found}")
    server.process.kill()
    count = len(list(expectations()))
    print(f"{count - wrong} passed, {wrong} failed")
    sys.exit(1 if wrong or not count else 0)


if __name__ == "__main__":
    main()
