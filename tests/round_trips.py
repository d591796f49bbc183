"""Random values as real programs write them: python round_trips.py NODE_MODULES SEED FILE

One line of FILE for each value and writer: {"writer", "yaml", "meant": JSON}.
"""

import io
import json
import random
import subprocess
import sys
from pathlib import Path

import ruamel.yaml
import yaml

modules, seed, path = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
print(f"seed {seed}")
random.seed(seed)
COUNT = 600
# Ends of lines in YAML 1.1, and lone carriage returns: who writes them raw is in tests/emitters/other.txt.
HARD = "\0\1\t\n\x1b !\"#%&'*,-.0:<=>?@[\\]`{|}~\x7f\xa0\ufeff\ufffd"


def text():
    kinds = (
        lambda: random.choice(HARD),
        lambda: chr(random.randint(32, 126)),
        lambda: random.choice("äßéñ日本語"),
        lambda: chr(random.choice((random.randint(0xE000, 0xFDCF), random.randint(0x10000, 0x1FFFD), random.randint(0x20000, 0x10FFFD)))),
    )
    made = "".join(random.choice(kinds)() for _ in range(random.randint(0, 24)))
    # What YAML 1.2 reads as a number, and an older writer takes for a text.
    return made + "x" if made[-1:].isdigit() and made[0] in "+-.0123456789" else made


def number():
    return random.choice((
        lambda: random.randint(-100, 100),
        lambda: random.randint(-2**63, 2**64),
        lambda: random.getrandbits(random.randint(1, 200)),
        lambda: random.uniform(-1000, 1000),
        lambda: random.uniform(-1, 1) * 10 ** random.randint(-300, 300),
        lambda: float(random.randint(-10, 10)),
    ))()


def value(depth=0):
    kind = random.random()
    if depth < 4 and kind < 0.25:
        return [value(depth + 1) for _ in range(random.randint(0, 5))]
    if depth < 4 and kind < 0.55:
        return {text(): value(depth + 1) for _ in range(random.randint(0, 5))}
    return random.choice((text, text, number, lambda: random.choice((None, True, False))))()


def document(payload):
    return {"schedules": {"e": {"at": "2027-06-01T09:00:00Z", "lambda": "f", "payload": payload}}}


def round_trip(value):
    stream = io.StringIO()
    writer = ruamel.yaml.YAML()
    # A fold loses blanks at the end of a line: see tests/emitters/other.txt.
    writer.width = 10**9
    writer.dump(value, stream)
    return stream.getvalue()


payloads = [value() for _ in range(COUNT)]
with open(path, "w") as file:
    for payload in payloads:
        meant = json.dumps(payload)
        for writer, dump in ("PyYAML", yaml.safe_dump), ("PyYAML flow", lambda value: yaml.safe_dump(value, default_flow_style=True)), ("ruamel", round_trip):
            file.write(json.dumps({"writer": writer, "yaml": dump(document(payload)), "meant": meant}) + "\n")
script = Path(__file__).with_suffix(".mjs")
written = subprocess.run(["node", script, modules], input=json.dumps([*map(document, payloads)]), text=True, check=True, capture_output=True)
with open(path, "a") as file:
    file.write(written.stdout)
