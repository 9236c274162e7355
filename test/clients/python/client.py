"""Uses the client that openapi-python-client has generated beside this file, and prints what it was given, as JSON."""

import json
import sys
import time

import httpx

from generated import AuthenticatedClient
from generated.api.backups import create_backup, create_upload, get_backup, list_backups
from generated.api.resources import get_state
from generated.api.restores import get_operation, get_operation_result, restore_backup
from generated.models import (
    Backup,
    BackupList,
    CreateBackupWithData,
    CreateBackupWithUploadId,
    Operation,
    BackupRequest,
    Problem,
    Restored,
    RestoreAccepted,
    RestoreRequest,
    Upload,
    UploadRequest,
)

url, token, exact = sys.argv[1:]
client = AuthenticatedClient(base_url=url, token=token, raise_on_unexpected_status=True)


def only(kind, value):
    """The value, which has to be of that model."""
    if not isinstance(value, kind):
        raise TypeError(f"{kind.__name__} was expected, and this came: {value}")
    return value


def until(done, ask):
    """Asks until the answer is as it should be."""
    for _ in range(200):
        answer = ask()
        if done(answer):
            return answer
        time.sleep(0.05)
    raise TimeoutError(f"still {answer}")


def data_of(backup):
    request = RestoreRequest(backup_id=backup.id, target_resource_id="python-restored")
    return only(Restored, restore_backup.sync(client=client, body=request)).data


by_data = only(
    Backup,
    create_backup.sync(
        client=client,
        body=CreateBackupWithData(resource_id="python-data", data={"users": [{"id": 1, "name": "Zoë"}]}),
        idempotency_key="python-1",
    ),
)

text = exact.encode()
upload = only(Upload, create_upload.sync(client=client, body=UploadRequest(bytes_=len(text))))
httpx.put(upload.url, content=text, headers={"Content-Type": "application/json"}).raise_for_status()
pending = only(
    BackupRequest,
    create_backup.sync(
        client=client, body=CreateBackupWithUploadId(resource_id="python-upload", upload_id=upload.upload_id)
    ),
)
by_upload = until(lambda found: isinstance(found, Backup), lambda: get_backup.sync(pending.id, client=client))

listed = only(BackupList, list_backups.sync(client=client, resource_id="python-upload"))

accepted = only(
    RestoreAccepted,
    restore_backup.sync(
        client=client,
        body=RestoreRequest(backup_id=by_upload.id, target_resource_id="python-restored"),
        prefer="respond-async",
    ),
)
operation = until(
    lambda found: only(Operation, found).status == "completed",
    lambda: get_operation.sync(accepted.operation.id, client=client),
)
# As bytes: what a parser makes of them may have lost digits.
result = get_operation_result.sync_detailed(operation.id, client=client).content
state = get_state.sync_detailed("python-upload", client=client).content

problem = only(Problem, get_backup.sync("no-such-backup", client=client))

print(
    json.dumps(
        {
            "byData": {"status": by_data.status, "type": by_data.type_, "checksum": by_data.checksum},
            "restored": data_of(by_data),
            "byUpload": {"status": by_upload.status, "type": by_upload.type_, "checksum": by_upload.checksum},
            "listed": [backup.id == by_upload.id for backup in listed.backups],
            "result": result.decode(),
            "state": state.decode(),
            "problem": {"status": problem.status, "code": problem.code},
        }
    )
)
