"""A running program, which is asked and answers line by line."""

import re
import subprocess
import tempfile
import threading
from pathlib import Path


class Peer:
    """To be used in `with`. Whatever is wrong with the program is a `ChildProcessError`."""

    def __init__(self, command, environment, patience):
        self.errors = tempfile.TemporaryFile("w+")
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self.errors}
        self.process = subprocess.Popen(command, env=environment, text=True, **pipes)
        self.timer = threading.Timer(patience, self.process.kill)
        self.timer.start()

    def ask(self, ids, count):
        """The seconds until the first token, those of the tokens after it, and the ids of all."""
        try:
            print(count, " ".join(map(str, ids)), sep="\t", file=self.process.stdin, flush=True)
            first, rest, found = self.process.stdout.readline().split("\t")
        except (BrokenPipeError, ValueError):
            self.process.kill()
            self.process.wait()
            self.errors.seek(0)
            said = [line for line in self.errors.read().splitlines() if line.strip()]
            raise ChildProcessError(said[-1] if said else f"ended with {self.process.returncode}") from None
        return int(first) / 1e9, int(rest) / 1e9, [int(word) for word in found.split()]

    def memory(self):
        """The most memory that it has had, and how much of what it has now belongs to no file, in MiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return [int(re.search(rf"{name}:\s*(\d+)", status)[1]) / 1024 for name in ("VmHWM", "RssAnon")]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # A program ends when its input does.
        self.timer.cancel()
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            try:
                stream.close()
            except BrokenPipeError:
                pass
        self.process.wait()
