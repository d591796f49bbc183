"""A plugin of pytest for moto's own tests of Step Functions (tests/moto.sh): each test has a fresh `onced sandbox`.

In server mode moto's `mock_aws` leads every client to moto's server. Here the clients of Step Functions are led to the
sandbox instead; IAM, KMS and the like stay with moto. A test that is listed in `expected.txt` must fail.
"""

import json
import os
import pathlib
import signal
import subprocess
import urllib.request

import boto3
import pytest

HERE = pathlib.Path(__file__).parent
EXPECTED = {}
for line in (HERE / "expected.txt").read_text().splitlines():
    if line and not line.startswith("#"):
        name, reason = line.split(" ", 1)
        EXPECTED[name] = reason.strip()

_client = boto3.client
_here = {}


def client(service, *args, **kwargs):
    if service == "stepfunctions" and "url" in _here:
        kwargs["endpoint_url"] = _here["url"]
    return _client(service, *args, **kwargs)


boto3.client = client


def _forget_default_machine(url):
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:OneTimeLambdaScheduler"
    request = urllib.request.Request(
        url,
        data=json.dumps({"stateMachineArn": arn}).encode(),
        headers={"x-amz-target": "AWSStepFunctions.DeleteStateMachine"},
    )
    urllib.request.urlopen(request).close()


@pytest.fixture(autouse=True)
def sandbox():
    started = subprocess.Popen(
        [os.environ["ONCED"], "sandbox", "--listen", "127.0.0.1:0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        said = started.stdout.readline()
        _here["url"] = next(word for word in said.split() if word.startswith("http://"))
        _forget_default_machine(_here["url"])
        yield
    finally:
        _here.clear()
        started.send_signal(signal.SIGTERM)
        started.wait(timeout=30)
        started.stdout.close()


def pytest_collection_modifyitems(config, items):
    """Activities are no operation of the sandbox."""
    other = [item for item in items if "activit" in item.name]
    config.hook.pytest_deselected(items=other)
    items[:] = [item for item in items if item not in other]
    known = {item.name for item in items}
    unknown = sorted(set(EXPECTED) - known)
    if unknown:
        raise pytest.UsageError(f"expected.txt lists tests that are not there: {unknown}")
    for item in items:
        if item.name in EXPECTED:
            item.add_marker(pytest.mark.xfail(reason=EXPECTED[item.name], strict=True))
