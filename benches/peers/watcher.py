"""The same job with watchdog, boto3 and sqlite: an intent is on the disk before each call, the ARN after it.

watcher.py DIRECTORY STATE MACHINE ENDPOINT
"""

import json
import pathlib
import queue
import sqlite3
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import yaml
from botocore.config import Config
from watchdog.events import FileSystemEventHandler
from watchdog.observers import Observer

DIRECTORY, STATE, MACHINE, ENDPOINT = sys.argv[1:]
IN_FLIGHT = 32
SETTLE = 0.25  # seconds

client = boto3.client(
    "stepfunctions",
    endpoint_url=ENDPOINT,
    config=Config(max_pool_connections=IN_FLIGHT, retries={"mode": "standard", "max_attempts": 5}),
)
state = sqlite3.connect(STATE)
state.execute("PRAGMA journal_mode = WAL")
state.execute("PRAGMA synchronous = FULL")
state.execute("CREATE TABLE IF NOT EXISTS started (name TEXT PRIMARY KEY, input TEXT, arn TEXT)")
loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Hints(FileSystemEventHandler):
    def __init__(self):
        self.queue = queue.Queue()

    def on_any_event(self, event):
        self.queue.put(event)


def wanted():
    entries = {}
    for path in sorted(pathlib.Path(DIRECTORY).glob("**/*.yaml")):
        for name, entry in yaml.load(path.read_text(), loader)["schedules"].items():
            at = entry["at"]
            at = at if isinstance(at, str) else at.strftime("%Y-%m-%dT%H:%M:%SZ")
            entries[name] = json.dumps(
                {"functionName": entry["lambda"], "invocationTime": at, "payload": entry.get("payload", {})}
            )
    return entries


def start(name, text):
    return client.start_execution(stateMachineArn=MACHINE, name=f"py-{name}", input=text)["executionArn"]


def converge(pool):
    known = dict(state.execute("SELECT name, arn FROM started"))
    entries = wanted()
    new = [name for name in entries if known.get(name) is None]
    with state:
        state.executemany(
            "INSERT OR REPLACE INTO started VALUES (?, ?, NULL)", [(name, entries[name]) for name in new]
        )
    for name, arn in zip(new, pool.map(start, new, [entries[name] for name in new])):
        with state:
            state.execute("UPDATE started SET arn = ? WHERE name = ?", (arn, name))
    for name in [name for name, arn in known.items() if arn and name not in entries]:
        client.stop_execution(executionArn=known[name], error="removed")
        with state:
            state.execute("DELETE FROM started WHERE name = ?", (name,))


hints = Hints()
observer = Observer()
observer.schedule(hints, DIRECTORY, recursive=True)
observer.start()
with ThreadPoolExecutor(IN_FLIGHT) as executor:
    while True:
        converge(executor)
        hints.queue.get()
        time.sleep(SETTLE)
        while not hints.queue.empty():
            hints.queue.get()
