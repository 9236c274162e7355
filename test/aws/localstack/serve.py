"""LocalStack as a plain process, without Docker. Two of its parts come from beside this file:

- Functions run as child processes of Node instead of containers (functions.py).
- DynamoDB is moto's, in this process, instead of a Java program under terms of its own (dynamodb.py).
"""
import os, signal, sys, threading

from localstack.services.lambda_.invocation.plugins import DockerRuntimeExecutorPlugin
from localstack.services.plugins import SERVICE_PLUGINS

from dynamodb import dynamodb
from functions import NodeExecutor


def end_with_whoever_started_it():
    """Standard input is a pipe from it. All that runs here is of one process group, and nothing is to be kept."""
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)


def listen_on_loopback_only():
    """It would take the port on every address of the machine, whatever it is told."""
    from twisted.internet import reactor

    listen = reactor.listenTCP
    reactor.listenTCP = lambda port, factory, backlog=50, interface="": listen(port, factory, backlog, interface or "127.0.0.1")


if __name__ == "__main__":
    threading.Thread(target=end_with_whoever_started_it, daemon=True).start()
    DockerRuntimeExecutorPlugin.load = lambda *_: NodeExecutor
    SERVICE_PLUGINS.add_service(dynamodb())
    listen_on_loopback_only()
    from localstack.runtime.main import main

    main()
