"""Functions as child processes of Node (function.ts), with what the tests can meet of the real thing: a time limit, crashes, cold
starts, a heap by the memory size, a bound on the size of an answer, and logs."""
import datetime, json, os, queue, subprocess, threading, time

from localstack.services.lambda_.invocation.executor_endpoint import StatusErrorException
from localstack.services.lambda_.invocation.lambda_models import InvocationResult
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

NODE = os.environ["TEST_NODE"]
PORT = os.environ["TEST_PORT"]
FUNCTION = os.path.join(os.path.dirname(os.path.realpath(__file__)), "function.ts")
INIT_SECONDS = 20
# As AWS counts it.
ANSWER_BYTES_MAX = 6 * 1024 * 1024 + 100


class NodeProcess:
    """One environment of a function. Requests go to its standard input, answers come from a pipe of their own, the rest is its log."""

    def __init__(self, function, env):
        self.answers, self.log, self.ended = queue.Queue(), [], threading.Event()
        code = str(function.config.code.get_unzipped_code_location())
        answers, theirs = os.pipe()
        heap = max(64, int(function.config.memory_size) * 9 // 10)
        try:
            self.process = subprocess.Popen(
                [NODE, f"--max-old-space-size={heap}", FUNCTION],
                cwd=code,
                env={
                    **{name: str(value) for name, value in env.items()},
                    "LAMBDA_TASK_ROOT": code,
                    "TMPDIR": os.environ["TMPDIR"],
                    "PATH": os.environ["PATH"],
                    "TEST_ANSWERS": str(theirs),
                },
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, pass_fds=[theirs],
            )
        finally:
            os.close(theirs)
        threading.Thread(target=self._read_answers, args=[answers], daemon=True).start()
        threading.Thread(target=self._read_log, daemon=True).start()

    def _read_answers(self, pipe):
        with os.fdopen(pipe, "rb") as lines:
            for line in lines:
                self.answers.put(json.loads(line))
        self.answers.put(None)

    def _read_log(self):
        for raw in self.process.stdout:
            line = raw.decode("utf-8", "replace")
            self.log.append(line)
            if line.startswith("END RequestId: "):
                self.ended.set()
        self.ended.set()

    def ask(self, request):
        self.ended.clear()
        try:
            self.process.stdin.write(json.dumps(request).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # It has ended: the answer will say so.

    def answer(self, seconds):
        """None when it has ended; raises queue.Empty when it was too slow."""
        return self.answers.get(timeout=seconds)

    def take_log(self):
        self.ended.wait(1)
        lines, self.log = self.log, []
        return "".join(lines)

    def kill(self):
        self.process.kill()
        self.process.wait()


class NodeExecutor(RuntimeExecutor):
    node = None

    def start(self, env_vars):
        self.env = env_vars
        self.node = NodeProcess(self.function_version, env_vars)
        try:
            began = self.node.answer(INIT_SECONDS)
        except queue.Empty:
            began = failure("Sandbox.Timedout", f"Init took more than {INIT_SECONDS} s")
        if began is None or "error" in began:
            print(f"{self.function_version.id.function_name} does not start: {self.node.take_log()}", flush=True)
            self.node.kill()
            error = (began or failure("Runtime.ExitError", "it ended while it started"))["error"]
            raise StatusErrorException("the function does not start", payload=json.dumps(error).encode())

    def invoke(self, payload):
        if self.node.process.poll() is not None:
            self.start(self.env)
        request_id, seconds = payload["invoke-id"], int(self.function_version.config.timeout)
        began = time.monotonic()
        self.node.ask({"id": request_id, "arn": payload["invoked-function-arn"], "event": payload["payload"],
                       "trace": payload["trace-id"], "until": time.time() * 1000 + seconds * 1000})
        try:
            answer = self.node.answer(seconds)
        except queue.Empty:
            self.node.kill()
            now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
            answer = failure("Sandbox.Timedout", f"{now} {request_id} Task timed out after {seconds}.00 seconds")
        if answer is None:
            code = self.node.process.wait()
            answer = failure("Runtime.ExitError", f"RequestId: {request_id} Error: Runtime exited with error: exit status {code}")
        log = self.node.take_log() + f"REPORT RequestId: {request_id}\tDuration: {(time.monotonic() - began) * 1000:.2f} ms\n"
        body = body_of(answer)
        if len(body) > ANSWER_BYTES_MAX:
            answer = failure("Function.ResponseSizeTooLarge", f"Response payload size exceeded maximum allowed payload size ({ANSWER_BYTES_MAX} bytes).")
            body = body_of(answer)
        return InvocationResult(request_id, body, is_error="error" in answer, logs=log)

    def stop(self):
        if self.node is not None:
            self.node.kill()

    def get_logs(self):
        return self.node.take_log() if self.node else ""

    def get_address(self):
        return "127.0.0.1"

    # For the environment of functions: an address, not a name, so that their S3 clients put no bucket before it.
    get_endpoint_from_executor = get_address

    def get_runtime_endpoint(self):
        return f"http://127.0.0.1:{PORT}"

    @classmethod
    def prepare_version(cls, function_version):
        if not (function_version.config.runtime or "").startswith("nodejs"):
            print(f"{function_version.id.function_name}: only functions for Node run here", flush=True)
        if function_version.config.code:
            function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version):
        pass


def failure(kind, message):
    return {"error": {"errorType": kind, "errorMessage": message}}


def body_of(answer):
    return (json.dumps(answer["error"]) if "error" in answer else answer["result"]).encode()
