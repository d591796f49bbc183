"""Schedule files as Python's writers write their times: python python.py INTO [pandas]"""

import io
import json
import sys
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import _jsonnet
import ruamel.yaml
import yaml

into = Path(sys.argv[1])
UTC, EAST, WEST = timezone.utc, timezone(timedelta(hours=2)), timezone(-timedelta(hours=5, minutes=30))
nine = datetime(2027, 6, 1, 9)
taken = {
    "utc": nine.replace(tzinfo=UTC),
    "east": nine.replace(tzinfo=EAST),
    "west": nine.replace(tzinfo=WEST),
    "local": nine,
    "midnight": datetime(2027, 6, 1, tzinfo=UTC),
}
refused = {"fraction": nine.replace(microsecond=500_000, tzinfo=UTC), "date": date(2027, 6, 1)}
texts = {
    "utc": taken["utc"].isoformat(),
    "utc-str": str(taken["utc"]),
    "utc-milliseconds": taken["utc"].isoformat(timespec="milliseconds"),
    "east-strftime": taken["east"].strftime("%Y-%m-%dT%H:%M:%S%z"),
    "west": taken["west"].isoformat(),
    "local": str(nine),
    "local-minutes": nine.isoformat(" ", "minutes"),
    # The form of the module `logging`.
    "local-logging": nine.strftime("%Y-%m-%d %H:%M:%S,000"),
}


def document(times):
    entries = {name: {"at": at, "lambda": "f"} for name, at in times.items()}
    return {"defaults": {"timezone": "Europe/Berlin"}, "schedules": entries}


def write(name, program, text):
    (into / f"{name}.yaml").write_text(f"# {program}\n{text}\n")


def round_trip(text):
    stream = io.StringIO()
    ruamel.yaml.YAML().dump(text, stream)
    return stream.getvalue()


pyyaml = f"PyYAML {yaml.__version__}"
write("pyyaml", pyyaml, yaml.safe_dump(document(taken), sort_keys=False))
write("pyyaml-texts", pyyaml, yaml.safe_dump(document(texts), sort_keys=False))
write("pyyaml.refused", pyyaml, yaml.safe_dump(document(refused), sort_keys=False))
ruamel_yaml = f"ruamel.yaml {ruamel.yaml.__version__}"
write("ruamel", ruamel_yaml, round_trip(document(taken)))
write("ruamel.refused", ruamel_yaml, round_trip(document(refused)))
# What it has read it writes as it was read, or nearly.
read = ruamel.yaml.YAML().load(
    (into / "pyyaml.yaml").read_text().replace(" 09", "T09").replace("+00:00", "Z").replace("+02:00", " +02:00")
)
write("ruamel-read", ruamel_yaml, round_trip(read))
jsonnet = f"jsonnet {_jsonnet.version}"
manifest = "std.manifestYamlDoc(%s, quote_keys=false)"
made = {name: _jsonnet.evaluate_snippet("x", manifest % json.dumps(document(of)), max_stack=500) for name, of in
        {"jsonnet": texts, "jsonnet.refused": {"epoch": 1811840400, "epoch-ms": 1811840400000}}.items()}
for name, text in made.items():
    write(name, jsonnet, json.loads(text))

if sys.argv[2:] == ["pandas"]:
    import pandas

    stamps = {
        "utc": pandas.Timestamp("2027-06-01T09:00:00Z"),
        "east": pandas.Timestamp("2027-06-01T09:00:00", tz="Europe/Berlin"),
        "local": pandas.Timestamp("2027-06-01T09:00:00"),
    }
    forms = {}
    for name, stamp in stamps.items():
        forms[f"{name}-datetime"] = stamp.to_pydatetime()
        forms[f"{name}-isoformat"] = stamp.isoformat()
        forms[f"{name}-nanoseconds"] = stamp.isoformat(timespec="nanoseconds")
        forms[f"{name}-str"] = str(stamp)
    frame = pandas.DataFrame({"at": [stamps["utc"]]})
    cells = {f"utc-json-{unit}": json.loads(frame.to_json(date_format="iso", date_unit=unit))["at"]["0"] for unit in
             ("s", "ms", "us", "ns")}
    forms.update(cells)
    numbers = {f"epoch-{unit}": json.loads(frame.to_json(date_format="epoch", date_unit=unit))["at"]["0"] for unit in
               ("s", "ms", "us", "ns")}
    program = f"pandas {pandas.__version__}, {pyyaml}"
    write("pandas", program, yaml.safe_dump(document(forms), sort_keys=False))
    write("pandas.refused", program, yaml.safe_dump(document(numbers), sort_keys=False))
