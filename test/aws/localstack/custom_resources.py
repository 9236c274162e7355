"""Custom resources, which the free CloudFormation of LocalStack passes over: calls their function as CloudFormation does, and waits
for its answer at a URL."""
import json, queue, threading, uuid
from http.server import BaseHTTPRequestHandler, HTTPServer

from localstack.services.cloudformation.resource_provider import (
    OperationStatus, ProgressEvent, ResourceProvider, ResourceProviderExecutor,
)

ANSWERS_WITHIN_SECONDS = 120


class CustomResource(ResourceProvider):
    SCHEMA = {"primaryIdentifier": ["/properties/PhysicalResourceId"]}

    def create(self, request):
        return self._ask("Create", request, request.desired_state)

    def update(self, request):
        return self._ask("Update", request, request.desired_state, request.previous_state)

    def delete(self, request):
        return self._ask("Delete", request, request.desired_state, request.desired_state)

    def _ask(self, kind, request, state, known=None):
        properties = {name: value for name, value in state.items() if name != "PhysicalResourceId"}
        event = {
            "RequestType": kind,
            "RequestId": str(uuid.uuid4()),
            "StackId": request.stack_id,
            "LogicalResourceId": request.logical_resource_id,
            "ResourceType": request.resource_type,
            "ResourceProperties": properties,
            **({"PhysicalResourceId": known["PhysicalResourceId"]} if known else {}),
        }
        answer = answer_of(request.aws_client_factory.lambda_, properties["ServiceToken"], event)
        done = answer["Status"] == "SUCCESS"
        return ProgressEvent(
            status=OperationStatus.SUCCESS if done else OperationStatus.FAILED,
            resource_model={**properties, "PhysicalResourceId": answer["PhysicalResourceId"]},
            message=answer.get("Reason", ""),
        )


def answer_of(functions, arn, event):
    """What the function PUTs to the URL that it is given; raises queue.Empty if that does not come."""
    answers = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self):
            answers.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            url = f"http://127.0.0.1:{server.server_port}/"
            payload = json.dumps({**event, "ResponseURL": url})
            functions.invoke(FunctionName=arn, InvocationType="Event", Payload=payload)
            return answers.get(timeout=ANSWERS_WITHIN_SECONDS)
        finally:
            server.shutdown()


def serve_custom_resources():
    load = ResourceProviderExecutor.try_load_resource_provider

    def try_load(resource_type):
        return CustomResource() if resource_type.startswith("Custom::") else load(resource_type)

    ResourceProviderExecutor.try_load_resource_provider = staticmethod(try_load)
