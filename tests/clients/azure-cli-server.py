"""Debian's azure-cli without paying for its start each time: this process has its modules loaded, and every command runs in
a fork of it, as `az` would run it. One request a line on standard input, {"id", "args", "out", "errors"} with the files to write
to; one answer a line on standard output, {"id", "code"}. Ends with its input."""
import json
import os
import runpy
import signal
import sys

answers = os.dup(1)


def run(request):
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, file in ((1, request["out"]), (2, request["errors"])):
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["az", *request["args"]]
    code = 0
    try:
        runpy.run_module("azure.cli", run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    os.write(answers, (json.dumps({"id": request["id"], "code": code}) + "\n").encode())
    os._exit(0)


def preload():
    """Loads what the commands of the tests load."""
    from azure.cli.core import get_default_cli
    import azure.mgmt.monitor, azure.mgmt.resource, msal, requests  # noqa: F401

    # Help goes nowhere: the modules of the commands are what is wanted.
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    for group in ("resource", "policy", "monitor", "account", "rest"):
        try:
            get_default_cli().invoke([group, "--help"])
        except SystemExit:
            pass
    sys.stdout.flush()


preload()
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    if os.fork() == 0:
        run(json.loads(line))
