// Records as few bytes: their JSON text, exact to the last digit, deflated (RFC 1951) against a text that has what all of them
// have, so that names of members, and what one record says twice, cost next to nothing.

import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { PortError } from '../../ports/errors.ts';

/**
 * Never changed: what was packed with it opens with nothing else. A better one gets an attribute of its own. What is likeliest
 * stands last.
 */
const TEXT = Buffer.from(
  [
    '"reason":"deleted","expired","replaced","markedAt":,"dueAt":,"restorableUntil":,"deletedAt":,"deletedReason":"deleted"',
    '"verifiedAt":,"damagedAt":,"legalHold":true,"lockedUntil":,"keptUntil":,"checkedAt":,"unchangedUntil":,"importedAt":',
    '"disorder":{"from":,"to":},"settings":{"identity":"shrink":{},"unusual":{"requestedType":"differential","customFields":{',
    '{"kind":"idempotency.insert","record":{"key":"[\\"fingerprint":"now":{"kind":"garbage.put","entry":{"blobId":"',
    '"action":"backup.rebased","backup.deleted","backup.expired","restore.completed","detail":{"progress":100,"createdBy":"',
    '{"id":"","at":,"action":"backup.created","actor":"arn:aws:sts::assumed-role/","address":"","resourceId":"","backupId":"backup-01j',
    '"detail":{"type":"incremental","sequence":,"size":,"compressedSize":},"after":[{"kind":"backup.at","id":"backup-01j',
    '{"kind":"head.put","head":{"resourceId":"","sequence":,"createdAt":17,"version":},{"kind":"backup.put","record":{"own":',
    '"latest":{"id":"backup-01j","latestFull":{"id":"backup-01j',
    '"changes":{"additions":0,"changes":1,"deletions":0,"moves":0},"baseBackupId":"backup-01j',
    '{"id":"backup-01j","resourceId":"","resourceType":"generic","type":"incremental","type":"full","sequence":,"size":,"checksum":"',
    '"encrypted":true,"chainId":"backup-01j","metadata":{"version":"1.0","source":"api","tags":{},"retentionDays":30},',
    '"createdAt":17,"expiresAt":17,"status":"completed","compressedSize":,',
    '"chain":[0,0,0,0,{"blobId":"","kind":"delta","kind":"state","backupId":"backup-01j","sequence":,"bytes":,"sha256":"',
    '","encrypted":true,"checksum":"","size":}],"key":{"keyId":"arn:aws:kms:us-east-1:key/","keyVersion":"1","wrapped":"AQIDAH',
    '=="},"completedAt":17,"version":1}',
  ].join(''),
);

const OPTIONS = { level: constants.Z_BEST_COMPRESSION, memLevel: 9, dictionary: TEXT };

/** A record is some hundreds of bytes; custom fields may make it 64 KiB, and a head says two chains. */
const RECORD_BYTES_MAX = 1 << 24;

export function packed(record: unknown): AttributeValue {
  return { B: deflateRawSync(JSON.stringify(record), OPTIONS) };
}

/** Throws PortError `integrity` if it is not what was packed. */
export function unpacked(bytes: Uint8Array): unknown {
  try {
    const text = inflateRawSync(bytes, { dictionary: TEXT, maxOutputLength: RECORD_BYTES_MAX });
    return JSON.parse(text.toString());
  } catch (cause) {
    throw new PortError('integrity', 'a record of the catalog is not what was written', { cause });
  }
}
