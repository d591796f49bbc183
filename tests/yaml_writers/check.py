"""Runs `onced add`, `edit` and `fmt` on many values and files, and holds what they write against yamllint's defaults,
`prettier --check`, and other readers of YAML 1.1 and 1.2. tests/yaml_writers.sh calls it.

check.py ONCED NODE_MODULES DIRECTORY   (ONCED_SEED: which random values)
"""

import json
import os
import pathlib
import random
import shutil
import subprocess
import sys

import yaml
from yamllint import linter
from yamllint.config import YamlLintConfig

ONCED, MODULES, WORK = (pathlib.Path(argument).resolve() for argument in sys.argv[1:])
HERE = pathlib.Path(__file__).parent
LINT = YamlLintConfig("extends: default")
SEED = int(os.environ.get("ONCED_SEED", "21"))
failures = []

WORDS = """yes no on off y n Y N Yes NO true false True TRUE null Null NULL ~ = << nan .nan .NaN .inf -.inf +.INF 1 -1 +1 01
010 0o14 0b11 0x1F -0x1F +0o14 1_000 1__0 1,000 12:30 190:20:30 1e3 12345e6 1.5 1. .5 -.5e1 1.5e+3 2027-06-01 2027-6-1
2027-06-01T09:00:00Z 12e03 0 -0 00 0. 0x 0o8 1e 1e+ e3 . - + -. -- --- ... .a -x _x _1 1d 1h 5m 2h30m 1f 1L v1.2 1.2.3
10.0.0.1 ? : :: a: :a a:b a::b http://example.com/a?b=c&d=#e C:\\dir\\file \\d+ \\ \\\\ ' '' " "" '" "' it's say"x" #a a#b & &a *
*a ! !a !!str | |- > >- % %a @ @a ` `a [ ] [] [a] { } {} {a} {{a}} ${a} , ,a a, arn:aws:lambda:us-east-1:123456789012:function:f
Europe/Berlin Infinity NaN undefined None nil YES yEs oN""".split()

SPECIAL = [
    "", " ", "  ", " a", "a ", "\t", "\ta", "a\t", "a\tb", "a  b", "- a", "? a", "a: b", "a : b", "a :b", "a #b", "a# b",
    "# a", "a - b", "a ? b", "say \"x\"", "say \"x\" and it's", "it's so", "'a' b", "\"a\" b", "what? (no!)", "a, b; c",
    "2001-12-14 21:59:43.10 -5", "12 30", "yes no", "null and void",
    "\n", "\n\n", "a\n", "a\n\n", "a\n\n\n", "\na", "\n\na", "a\nb", "a\nb\n", "a\n\nb", "a\n\n\nb", "a\n\n\n\nb\n",
    "a\n\n\n\n\nb", "a \nb", "a\n b", "a\n  b\n c\n", " a\nb", "\ta\nb", "a\n\tb", "a\n \nb", "a\n\n b\n", "# a\n# b\n",
    "---\na\n...\n", "- a\n- b\n", "a: b\nc: d\n", "{\n  \"a\": 1\n}\n", "\"\n", "'\n'", "a\r\nb\r\n", "a\rb", "\r",
    "a\u0085b", "a\u2028b", "\u2028", "a\u2029b\n", "\ufeffa", "a\ufeff", "\u00a0a", "a\u00a0b\nc", "a\u200bb", "\u202eabc",
    "\x00", "\x07bell", "\x1b[31mred\x1b[0m", "a\x7fb", "a\x80b", "a\x9fb\nc", "\ufffd", "\ufffe", "\uffff", "\U0001fffe",
    "\U0001f680", "We shipped \U0001f680 today", "\U0010ffff", "\ud7ff", "\ue000", "Gr\u00fc\u00dfe aus K\u00f6ln",
    "\u4f60\u597d\uff0c\u4e16\u754c", "\u201cquoted\u201d", "\u2018a\u2019", "\u0663", "\u00b2", "\u05d0\u05d1 abc",
    "e\u0301", "\u0301", "\u200dx",
]
LONG = [
    "word " * 30, "word " * 29 + "end", "a" * 200, "a" * 60 + " " + "b" * 100 + " c", "https://example.com/" + "path/" * 30,
    "two  blanks  " * 20 + "end", "a" + " " * 120 + "b", " " * 120, "x\n" * 40, "one two three " * 10 + "\nfour\n",
    "one two three " * 9 + "end\n\nparagraph " + "of words " * 12 + "end\n", "#" + " comment-like" * 15, "- item" * 20,
    "key: value, " * 15, "say \"" + "word " * 25 + "\"", "it's " * 30 + "so", "\\" * 100, "\\ " * 60 + "x", "\t" * 90,
    "a\tb " * 30 + "c", "\u00e9 " * 60 + "e", "\u4f60\u597d" * 60, "\U0001f680 " * 50 + "end", "\x00" * 40, "'" * 100, '"' * 100,
    "a " * 45 + "b\nc\n" + "d " * 45 + "e", "a " * 45 + "b\n\n\n\nc", "a " * 45 + "b\n indented", "0 " * 60 + "0",
    json.dumps({"json": ["in", "text"] * 12, "deep": {"a": None}}), "<p>" + "<b>html</b> " * 20 + "</p>",
    "-----BEGIN KEY-----\n" + ("A" * 64 + "\n") * 4 + "-----END KEY-----\n", "SELECT *\n  FROM t\n WHERE a = 'b'\n",
]
NUMBERS = ["0", "-0", "1.0", "1e3", "1E+03", "6.02214076e23", "9999999999999.99999", "-0.0", "9007199254740993",
           "18446744073709551616", "123456789012345678901234567890123456789012345678901234567890", "1e22", "1e-400"]


def run(*arguments):
    return subprocess.run([str(argument) for argument in arguments], capture_output=True, text=True)


def onced(*arguments):
    done = run(ONCED, *arguments)
    if done.returncode != 0:
        failures.append(f"onced {' '.join(str(a)[:200] for a in arguments)}: {done.stderr}{done.stdout}")
    return done.returncode == 0


def prettier(*arguments):
    return run("node", MODULES / "prettier/bin/prettier.cjs", "--no-config", "--no-editorconfig", *arguments)


def read(directory):
    """By file and reader, what stands there."""
    done = run("node", HERE / "read.cjs", MODULES, directory)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def judges_judge():
    """What is not in prettier's form, or not as yamllint wants it, is found."""
    directory = WORK / "bad"
    directory.mkdir()
    path = directory / "bad.yaml"
    path.write_text("schedules:\n  e:\n    payload: { a: 'b' }\n    yes: 1\n", encoding="utf-8")
    judge(directory, {path: {"e": {"a": "c"}}})
    kinds = {failure.split(":")[0] for failure in failures}
    assert {"yamllint", "prettier", "bad.yaml"} <= kinds and len(failures) >= 7, failures
    failures.clear()


def random_text(rng):
    alphabet = list("aab bc  :#-,'\"\\\n\n\t?!&*[]{}|>%@`~=<0123.é") + ["\u2028", "\x7f", "\U0001f680", "yes", "word word "]
    return "".join(rng.choice(alphabet) for _ in range(rng.choice([1, 2, 3, 5, 8, 20, 60, 150])))


def random_value(rng, depth=0):
    kind = rng.randrange(10 if depth < 5 else 6)
    if kind < 3:
        return random_text(rng)
    if kind < 5:
        return rng.choice(WORDS + SPECIAL + LONG)
    if kind == 5:
        return rng.choice([None, True, False, 0, 1, -7, 2.5, {}, [], "", 1e100])
    if kind < 8:
        return [random_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    keys = [rng.choice(WORDS + SPECIAL) for _ in range(rng.randrange(4))]
    return {key: random_value(rng, depth + 1) for key in keys}


def differs(expected, seen, reader, where="payload"):
    """What is another value, as a text. Only YAML 1.2 must read numbers as they are meant."""
    if isinstance(expected, dict):
        # JavaScript has whole numbers before all other keys.
        in_order = reader != "PyYAML" or list(expected) == list(seen)
        if not isinstance(seen, dict) or set(expected) != set(seen) or not in_order:
            return f"{where}: keys {list(expected)!r} are {seen!r}"
        pairs = [(f"{where}.{key!r}", expected[key], seen[key]) for key in expected]
    elif isinstance(expected, list):
        if not isinstance(seen, list) or len(expected) != len(seen):
            return f"{where}: {expected!r} is {seen!r}"
        pairs = [(f"{where}[{n}]", *pair) for n, pair in enumerate(zip(expected, seen))]
    else:
        is_number = isinstance(expected, (int, float)) and not isinstance(expected, bool)
        same = is_number and reader != "yaml" or type(expected) is type(seen) and expected == seen
        return None if same or is_number and expected == seen else f"{where}: {expected!r} is {seen!r}"
    found = (differs(one, other, reader, name) for name, one, other in pairs)
    return next((why for why in found if why), None)


def judge(directory, values):
    """All files of a directory; `values`: by file and entry, the payload that it must have."""
    for path in sorted(directory.rglob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        for problem in linter.run(text, LINT):
            # That a file begins with `---` is a matter of taste, and a warning.
            if problem.rule != "document-start":
                line = text.split("\n")[problem.line - 1]
                failures.append(f"yamllint: {path.name}:{problem.line}:{problem.column}: {problem.desc}: {line!r}")
    done = prettier("--check", directory)
    if done.returncode != 0:
        for path in (line.split(" ", 1)[1] for line in done.stderr.splitlines() if line.endswith(".yaml")):
            form = prettier(path).stdout.splitlines()
            lines = pathlib.Path(path).read_text(encoding="utf-8").splitlines()
            pairs = [(one, other) for one, other in zip(lines, form) if one != other][:3]
            failures.append(f"prettier: {path}: {pairs}")
        if "error" in done.stderr:
            failures.append(done.stderr)
    others = read(directory)
    for path, entries in values.items():
        readers = {"PyYAML": yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)}
        readers |= others[str(path)]
        for reader, seen in readers.items():
            for name, payload in entries.items():
                if name not in seen["schedules"]:
                    failures.append(f"{path.name}: {reader} knows no entry {name!r}")
                    continue
                why = differs(payload, seen["schedules"][name]["payload"], reader)
                if why:
                    failures.append(f"{path.name}: {reader}: {name}: {why}")


def adding(rng):
    """`add` in files of its own and behind others, `edit` in the place of what was there."""
    directory = WORK / "added"
    directory.mkdir()
    texts = WORDS + SPECIAL + LONG
    values = [texts, {f"k{n}": text for n, text in enumerate(texts)}, {text: 1 for text in WORDS + SPECIAL}]
    values += [{f"in{n}": {"lists": [[text, [text]], {"k": text, "l": {"m": text}}]} for n, text in enumerate(LONG)}]
    values += [[], {}, [[[], [{}]]], None, "yes", "", "a\nb\n", "word " * 29 + "end", " " * 120]
    # Many at once: what takes long is to start a program.
    values += [[random_value(rng) for _ in range(20)] for _ in range(15)]
    known, known_names = {}, {}
    path = directory / "all.yaml"
    for n, value in enumerate(values):
        payload = json.dumps(value, ensure_ascii=n % 2 == 0)
        if onced("add", f"n{n}", "--file", path.name, "--at", "2097-06-01T09:00:00Z", "--lambda", "f", f"--payload={payload}",
                 "--directory", directory):
            known[f"n{n}"] = value
    for n, name in enumerate(["1e5", "10e4", "null", "true", "0x10", "y", "2026", "010", "e5", "2027-06-01", ".a", "-x", "_", "a.b"]):
        text = rng.choice(SPECIAL[9:30])
        if onced("add", "--file", "names.yaml", "--at", "2097-06-01T09:00:00Z", "--lambda", "f", f"--payload={json.dumps(n)}",
                 f"--description={text}", "--directory", directory, "--", name):
            onced("edit", f"--payload={json.dumps([n, text])}", "--directory", directory, "--", name)
            known_names[name] = [n, text]
    judge(directory, {path: known, directory / "names.yaml": known_names})
    for n in range(len(values)):
        value = values[(n * 7 + 3) % len(values)]
        if onced("edit", f"n{n}", f"--payload={json.dumps(value)}", "--grace", "1h", "--description", "a: b", "--directory",
                 directory):
            known[f"n{n}"] = value
    judge(directory, {path: known, directory / "names.yaml": known_names})
    for n, number in enumerate(NUMBERS):
        onced("edit", f"n{n}", f'--payload={{"k": {number}}}', "--directory", directory)
        line = f"      k: {number}\n"
        if line not in path.read_text(encoding="utf-8"):
            failures.append(f"{number} is not written as it is")
    return len(texts), len(values)


def fixed_points():
    """`fmt`, `prettier --write`, `fmt`, `prettier --check`, and the other way round: nothing moves any more."""
    count = 0
    sources = [*pathlib.Path("examples").rglob("*.yaml"), *pathlib.Path("tests/fixtures").rglob("*.yaml")]
    good = WORK / "good"
    good.mkdir()
    for n, source in enumerate(sorted(sources)):
        target = good / f"{n}-{source.name}"
        shutil.copy(source, target)
        if run(ONCED, "fmt", "--check", target).returncode == 4:
            target.unlink()
    for order in ("fmt", "prettier"):
        directory = WORK / order
        shutil.copytree(good, directory)
        if order == "prettier":
            prettier("--write", directory)
        # One by one: a directory's files may not share names.
        onced("fmt", *sorted(directory.iterdir()))
        before = read(directory)
        prettier("--write", directory)
        if not onced("fmt", "--check", *sorted(directory.iterdir())):
            failures.append(f"{order}: what prettier writes is not in onced's form")
        done = prettier("--check", directory)
        if done.returncode != 0:
            failures.append(f"{order}: {done.stderr}")
        if read(directory) != before:
            failures.append(f"{order}: a value changed")
        count = len(list(directory.iterdir()))
    return count


judges_judge()
texts, added = adding(random.Random(SEED))
files = fixed_points()
for failure in failures[:40]:
    print(failure, file=sys.stderr)
print(f"{texts} texts in {added} values added and edited, {files} files formatted, {len(failures)} failures")
sys.exit(1 if failures else 0)
