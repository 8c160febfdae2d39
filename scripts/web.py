#!/usr/bin/env python3
"""Drives the page of examples/web in a headless Chromium: whether it writes what the program of `speak` writes, letter by letter and with
its speed, draws the attention of the heads with the names of the dimensions, and says what is wrong with its settings.

scripts/web.py [--screenshot FILE]; it needs Chromium (Debian: chromium)."""

import json
import math
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).parent.parent
NAMES = ["chromium", "chromium-browser", "google-chrome"]
# It fetches nothing, and asks nobody for news.
FLAGS = """--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --remote-debugging-pipe --window-size=1280,960 about:blank""".split()
SECONDS = 120


class Browser:
    """A page of a browser of its own, by the DevTools protocol on two pipes: messages of JSON, each ended by a zero."""

    def __init__(self, program, folder):
        [their_in, self.to], [self.back, their_out] = os.pipe(), os.pipe()
        # The browser reads from descriptor 3, and writes to 4.
        shell = f'exec "$0" "$@" 3<&{their_in} 4>&{their_out}'
        command = ["bash", "-c", shell, program, *FLAGS, f"--user-data-dir={folder}"]
        self.process = subprocess.Popen(command, pass_fds=[their_in, their_out], stderr=subprocess.DEVNULL)
        os.close(their_in)
        os.close(their_out)
        self.number, self.rest, self.session, self.faults = 0, b"", None, []
        targets = self.call("Target.getTargets")["targetInfos"]
        target = next(target["targetId"] for target in targets if target["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ["Runtime", "Log", "Page"]:
            self.call(f"{domain}.enable")

    def read(self):
        while b"\0" not in self.rest:
            more = os.read(self.back, 1 << 20)
            if not more:
                sys.exit("the browser has ended")
            self.rest += more
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.read()
            if answer.get("id") == self.number:
                assert "error" not in answer, f"{method}: {answer}"
                return answer["result"]
            if answer.get("method") == "Runtime.exceptionThrown":
                self.faults.append(answer["params"]["exceptionDetails"])
            if answer.get("method") == "Log.entryAdded" and answer["params"]["entry"]["level"] == "error":
                self.faults.append(answer["params"]["entry"])

    def value(self, expression):
        """What an expression of JavaScript is."""
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait(self, expression):
        end = time.monotonic() + SECONDS
        while not self.value(expression):
            assert time.monotonic() < end, f"{expression} does not become true"
            time.sleep(0.02)

    def close(self):
        self.process.terminate()
        self.process.wait()


def text(of):
    return f"document.getElementById({of!r}).textContent"


IDLE = "!document.getElementById('write').disabled"


def begin(browser, **settings):
    """Presses the button, when these settings were made."""
    browser.wait(IDLE)
    for name, value in settings.items():
        browser.value(f"document.getElementById('settings').{name}.value = {json.dumps(value)}")
    browser.value("document.getElementById('write').click()")


def written_by_the_program(seed, prompt):
    # On any processor as in WebAssembly: in vectors of four.
    environment = os.environ | {"CONGRUENT_SIMD": "portable"}
    command = ["cargo", "run", "--quiet", "-p", "speak", "--", "--seed", str(seed), "--", prompt]
    output = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
    # The last line ends there.
    return output.removesuffix("\n")


def check_letters(browser):
    """They come one after another, until it is stopped."""
    begin(browser, prompt="O", seed="1", letters="100000", pace="frame")
    lengths = []
    end = time.monotonic() + SECONDS
    while len(lengths) < 5:
        assert time.monotonic() < end, f"no more letters come after {lengths}"
        length = browser.value(f"{text('written')}.length")
        if length > 0 and length not in lengths:
            lengths.append(length)
    assert lengths == sorted(lengths), lengths
    assert not browser.value(IDLE), "one can write while it writes"
    browser.value("document.getElementById('stop').click()")
    browser.wait(IDLE)
    length = browser.value(f"{text('written')}.length")
    time.sleep(0.2)
    assert browser.value(f"{text('written')}.length") == length < 100000, "it goes on when it is stopped"


def check_text(browser, seed, prompt):
    begin(browser, prompt=prompt, seed=str(seed), temperature="0.7", letters="400", pace="full")
    browser.wait(IDLE)
    found = browser.value(f"{text('prompt')} + {text('written')}")
    expected = written_by_the_program(seed, prompt)
    assert found == expected, f"seed {seed}: the page writes\n{found}\nand the program\n{expected}"
    speed = browser.value(text("speed"))
    match = re.fullmatch(r"([\d,]+) letters/s · 400 letters", speed)
    assert match and int(match[1].replace(",", "")) > 0, f"the speed is {speed!r}"
    return speed


def pixels(browser, canvas):
    get = "const {width, height} = c; return [...new Uint32Array(c.getContext('2d').getImageData(0, 0, width, height).data.buffer)]"
    return browser.value(f"((c) => {{ {get} }})(document.querySelectorAll('#heads canvas')[{canvas}])")


def choose(browser, layer):
    browser.value(f"((s) => {{ s.value = {layer}; s.dispatchEvent(new Event('change')); }})(document.getElementById('layer'))")


def check_attention(browser):
    """That of every layer, in numbers and as it is drawn."""
    seen, positions, heads, layers = browser.value("((p) => [p.seen(), p.positions(), p.heads(), p.layers()])(page.program)")
    assert heads == browser.value("document.querySelectorAll('#heads canvas').length") > 0
    assert layers == browser.value("document.getElementById('layer').length") > 0
    drawings = set()
    # Row by row as it was written, and all at once.
    drawn = [pixels(browser, head) for head in range(heads)]
    choose(browser, browser.value("document.getElementById('layer').value"))
    assert drawn == [pixels(browser, head) for head in range(heads)], "rows are drawn where they do not belong"
    for layer in range(layers):
        choose(browser, layer)
        attention = browser.value("((a) => ({ names: a.names, weights: [...a.weights] }))(page.attention())")
        names, weights = attention["names"], attention["weights"]
        assert names == {"heads": "Heads", "queries": "Query", "keys": "Plus<Past, Query>"}, names
        labels = browser.value("[...document.querySelectorAll('#heads figure')].map((f) => [...f.children].map((c) => c.textContent))")
        assert labels == [[f"Heads {head}", "Query", "", "Plus<Past, Query>"] for head in range(heads)], labels
        for head in range(heads):
            for query in range(seen):
                row = weights[(head * positions + query) * positions :][:positions]
                assert math.isclose(sum(row), 1, abs_tol=1e-4) and min(row) >= 0, f"layer {layer}, head {head}: row {query} adds up to {sum(row)}"
                assert not any(row[query + 1 :]), f"layer {layer}, head {head}: row {query} attends to what follows"
            drawing = pixels(browser, head)
            side = math.isqrt(len(drawing))
            assert seen <= side, f"{seen} rows in a drawing of {side}"
            for row in range(side):
                filled = sum(pixel != 0 for pixel in drawing[row * side :][:side])
                assert filled == (row + 1 if row < seen else 0), f"layer {layer}, head {head}: {filled} pixels in row {row}"
            assert len(set(drawing)) > 20, f"layer {layer}, head {head}: {len(set(drawing))} colours"
            drawings.add(tuple(drawing))
    assert len(drawings) == layers * heads, "heads are drawn alike"


def check_problems(browser):
    good = {"prompt": "O", "seed": "1", "temperature": "0.7", "letters": "5", "pace": "full"}
    for wrong, line in [
        ({"prompt": "To be,\nor ñot"}, "'ñ' in line 2 is not of the alphabet that the model knows"),
        ({"prompt": ""}, "the prompt is empty: the model goes on from one letter at least"),
        ({"seed": "-1"}, 'seed: "-1" is not a whole number from 0 to 18446744073709551615'),
        ({"seed": "18446744073709551616"}, 'seed: "18446744073709551616" is not a whole number from 0 to 18446744073709551615'),
        ({"temperature": "hot"}, 'temperature: "hot" is not a number'),
        ({"temperature": "-1"}, "`temperature` is -1, expected a number from 0 on"),
        ({"temperature": "1e60"}, "`temperature` is inf, expected a number from 0 on"),
        ({"letters": "0"}, 'letters: "0" is not a whole number from 1 to 1000000'),
    ]:
        begin(browser, **(good | wrong))
        browser.wait(IDLE)
        problem = browser.value("((p) => p.hidden ? '' : p.textContent)(document.getElementById('problem'))")
        assert problem == line, f"of {wrong} it says {problem!r}"
        # It goes on as before.
        begin(browser, **good)
        browser.wait(IDLE)
        assert browser.value("document.getElementById('problem').hidden") and browser.value(f"{text('written')}.length") == 5


def main():
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        sys.exit("there is no Chromium (Debian: chromium)")
    command = ["cargo", "run", "--quiet", "--release", "-p", "web", "--", "--port", "0"]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        browser = None
        try:
            match = re.search(r"http://\S+", server.stdout.readline())
            if not match:
                sys.exit("the page is not served")
            browser = Browser(program, folder)
            browser.call("Page.navigate", url=match[0])
            browser.wait("globalThis.page !== undefined")
            browser.value("document.getElementById('stop').click()")
            check_letters(browser)
            # The last one is longer than what the model sees at once.
            for seed, prompt in [(7, "To be, or not to be"), (1, "**JULIET**  \n")]:
                speed = check_text(browser, seed, prompt)
                check_attention(browser)
            if sys.argv[1:2] == ["--screenshot"]:
                import base64

                image = browser.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)["data"]
                pathlib.Path(sys.argv[2]).write_bytes(base64.b64decode(image))
            check_problems(browser)
            assert not browser.faults, browser.faults
        finally:
            if browser:
                browser.close()
            server.terminate()
            server.wait()
    print(f"the page writes what the program writes, with {speed}")


main()
