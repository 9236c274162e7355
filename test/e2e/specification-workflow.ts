// The specification's "Complete Workflow", word for word but for its first command, `npm start`: the service is up.

export const CREATE_AND_RESTORE = String.raw`
# Create full backup
BACKUP_ID=$(curl -X POST http://localhost:3004/backups \
  -H "Content-Type: application/json" \
  -d '{
    "resourceId": "test-db",
    "resourceType": "database",
    "type": "full",
    "data": {"users": [{"id": 1, "name": "Alice"}]},
    "metadata": {"version": "1.0", "source": "test", "tags": {}, "retentionDays": 7}
  }' | jq -r '.id')

echo "Created backup: $BACKUP_ID"

# Create incremental backup
INCR_BACKUP_ID=$(curl -X POST http://localhost:3004/backups \
  -H "Content-Type: application/json" \
  -d '{
    "resourceId": "test-db",
    "resourceType": "database",
    "type": "incremental",
    "data": {"users": [{"id": 1, "name": "Alice"}, {"id": 2, "name": "Bob"}]},
    "metadata": {"version": "1.0", "source": "test", "tags": {}, "retentionDays": 7}
  }' | jq -r '.id')

echo "Created incremental backup: $INCR_BACKUP_ID"

# List backups
curl http://localhost:3004/backups?resourceId=test-db

# Restore full backup
curl -X POST http://localhost:3004/restore \
  -H "Content-Type: application/json" \
  -d "{
    \"backupId\": \"$BACKUP_ID\",
    \"targetResourceId\": \"test-db-restored\",
    \"createdBy\": \"tester\"
  }" | jq '.data'

# Restore incremental backup
curl -X POST http://localhost:3004/restore \
  -H "Content-Type: application/json" \
  -d "{
    \"backupId\": \"$INCR_BACKUP_ID\",
    \"targetResourceId\": \"test-db-restored-2\",
    \"createdBy\": \"tester\"
  }" | jq '.data'

# Point-in-time restore
curl -X POST http://localhost:3004/restore/point-in-time \
  -H "Content-Type: application/json" \
  -d '{
    "resourceId": "test-db",
    "timestamp": "'$(date -u +%Y-%m-%dT%H:%M:%SZ)'",
    "targetResourceId": "test-db-pit",
    "createdBy": "tester"
  }' | jq '.data'

# Check operations
curl http://localhost:3004/restore/operations
`;

export const DELETE_FULL = `
# Cleanup
curl -X DELETE http://localhost:3004/backups/$BACKUP_ID
`;

export const DELETE_INCREMENTAL = `
curl -X DELETE http://localhost:3004/backups/$INCR_BACKUP_ID
`;

/** Lines of the specification that send a body without saying what it is. */
export const WITHOUT_ENCRYPTION = String.raw`
# For development/testing only
curl -X POST http://localhost:3004/backups \
  -d '{"resourceId":"test","resourceType":"test","data":{},"encrypt":false}'
`;

export const RESTORE_TO_AN_INSTANT = String.raw`
# Restore to 12:30 state
curl -X POST http://localhost:3004/restore/point-in-time \
  -d '{"resourceId":"db-1","timestamp":"2025-01-01T12:30:00Z"}'
`;
