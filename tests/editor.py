"""An editor: opens YAML files with yaml-language-server, and prints what that says of each.

    editor.py SERVER FILE…

One line a diagnostic: the file, the line, what is said. Never changes a file.
"""

import json
import pathlib
import subprocess
import sys


def main(server, *files):
    process = subprocess.Popen([server, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def send(method, parameters, number=None):
        message = {"jsonrpc": "2.0", "method": method, "params": parameters}
        if number is not None:
            message["id"] = number
        write(message)

    def write(message):
        body = json.dumps(message).encode()
        process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        process.stdin.flush()

    def receive():
        length = 0
        while line := process.stdout.readline().strip():
            name, value = line.split(b":", 1)
            if name.lower() == b"content-length":
                length = int(value)
        message = json.loads(process.stdout.read(length))
        if "id" in message and "method" in message:
            # It asks for its settings: nothing is downloaded.
            items = message["params"].get("items", []) if isinstance(message["params"], dict) else []
            settings = {"yaml": {"validate": True, "schemaStore": {"enable": False}}}
            answer = [settings.get(item.get("section"), {}) for item in items]
            write({"jsonrpc": "2.0", "id": message["id"], "result": answer})
        return message

    capabilities = {"textDocument": {"publishDiagnostics": {}}, "workspace": {"configuration": True}}
    send("initialize", {"processId": None, "rootUri": None, "capabilities": capabilities}, 1)
    while receive().get("id") != 1:
        pass
    send("initialized", {})
    for file in files:
        path = pathlib.Path(file).resolve()
        document = {"uri": path.as_uri(), "languageId": "yaml", "version": 1, "text": path.read_text()}
        send("textDocument/didOpen", {"textDocument": document})
        while True:
            message = receive()
            if message.get("method") != "textDocument/publishDiagnostics":
                continue
            if message["params"]["uri"] == document["uri"]:
                break
        for said in message["params"]["diagnostics"]:
            print(f"{file}:{said['range']['start']['line'] + 1}: {said['message']}")
    process.kill()


main(*sys.argv[1:])
