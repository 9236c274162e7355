"""LocalStack as a plain process, without Docker. Three of its parts come from beside this file:

- Functions run as child processes of Node instead of containers (functions.py).
- DynamoDB, with its streams, is moto's, in this process, instead of a Java program under terms of its own (dynamodb.py).
- Custom resources, which its free edition lacks (custom_resources.py).
"""
from localstack.services.lambda_.invocation.plugins import DockerRuntimeExecutorPlugin
from localstack.services.plugins import SERVICE_PLUGINS

from custom_resources import serve_custom_resources
from dynamodb import dynamodb, dynamodb_streams
from functions import NodeExecutor


def listen_on_loopback_only():
    """It would take the port on every address of the machine, whatever it is told."""
    from twisted.internet import reactor

    listen = reactor.listenTCP
    reactor.listenTCP = lambda port, factory, backlog=50, interface="": listen(port, factory, backlog, interface or "127.0.0.1")


if __name__ == "__main__":
    DockerRuntimeExecutorPlugin.load = lambda *_: NodeExecutor
    SERVICE_PLUGINS.add_service(dynamodb())
    SERVICE_PLUGINS.add_service(dynamodb_streams())
    serve_custom_resources()
    listen_on_loopback_only()
    from localstack.runtime.main import main

    main()
