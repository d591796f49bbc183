"""Hard texts as Python's writers write them: python python.py TEXTS INTO [jsonnet]"""

import io
import json
import sys
from pathlib import Path

import _jsonnet
import ansible.release
import ruamel.yaml
import yaml
from ansible.plugins.filter.core import to_nice_yaml
from ruamel.yaml.scalarstring import FoldedScalarString, LiteralScalarString

texts, into = json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2])


def document(payload):
    return {"schedules": {"e": {"at": "2027-06-01T09:00:00Z", "lambda": "f", "payload": payload}}}


def write(name, program, dump, style=str):
    lines = [f"# {program}"]
    for number, text in enumerate(texts):
        styled = style(text)
        for place, payload in ("value", {"v": styled, "l": [styled]}), ("key", {text: {text: "x"}}):
            line = {"text": number, "place": place}
            try:
                line["yaml"] = dump(document(payload))
            except Exception as why:
                line["failed"] = str(why).splitlines()[0]
            lines.append(json.dumps(line))
    (into / f"{name}.jsonl").write_text("\n".join(lines) + "\n")


def round_trip(value):
    stream = io.StringIO()
    ruamel.yaml.YAML().dump(value, stream)
    return stream.getvalue()


def block(text):
    return LiteralScalarString(text) if "\n" in text else text


def folded(text):
    return FoldedScalarString(text) if "\n" in text else text


pyyaml, ruamel_yaml = f"PyYAML {yaml.__version__}", f"ruamel.yaml {ruamel.yaml.__version__}"
if sys.argv[3:] == ["jsonnet"]:
    # All in one evaluation, which takes minutes even so: its standard library is slow with texts, and has no NUL.
    manifest = "[std.manifestYamlDoc(value, quote_keys=false) for value in %s]"
    taken = [text for text in texts if len(text) <= 100 and "\0" not in text]
    payloads = [payload for text in taken for payload in ({"v": text, "l": [text]}, {text: {text: "x"}})]
    manifests = json.loads(_jsonnet.evaluate_snippet("x", manifest % json.dumps([*map(document, payloads)])))
    written = {json.dumps(payload): yaml for payload, yaml in zip(payloads, manifests)}
    write("jsonnet", f"jsonnet {_jsonnet.version}", lambda value: written[json.dumps(value["schedules"]["e"]["payload"])])
    sys.exit()
write("pyyaml", pyyaml, yaml.safe_dump)
write("pyyaml-libyaml", f"{pyyaml}, CSafeDumper", lambda value: yaml.dump(value, Dumper=yaml.CSafeDumper))
write("pyyaml-unicode", f"{pyyaml}, allow_unicode", lambda value: yaml.safe_dump(value, allow_unicode=True))
write("pyyaml-flow", f"{pyyaml}, default_flow_style", lambda value: yaml.safe_dump(value, default_flow_style=True))
write("pyyaml-literal", f"{pyyaml}, default_style |", lambda value: yaml.safe_dump(value, default_style="|"))
write("pyyaml-folded", f"{pyyaml}, default_style >", lambda value: yaml.safe_dump(value, default_style=">"))
write("ansible", f"ansible-core {ansible.release.__version__}, to_nice_yaml, {pyyaml}", to_nice_yaml)
write("ruamel", ruamel_yaml, round_trip)
write("ruamel-literal", f"{ruamel_yaml}, LiteralScalarString", round_trip, block)
write("ruamel-folded", f"{ruamel_yaml}, FoldedScalarString", round_trip, folded)
write("python-json", f"json of Python {sys.version.split()[0]}", json.dumps)
write("python-json-unicode", f"json of Python {sys.version.split()[0]}, indent, ensure_ascii=False",
      lambda value: json.dumps(value, indent=2, ensure_ascii=False))
