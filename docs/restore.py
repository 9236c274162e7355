#!/usr/bin/env python3
"""Gives back states from the blobs of a data folder, with the Python standard library and nothing else.

The reference reader of formats.md: it shares no code with the service and needs no catalog. Nothing is printed
before all of it is proven.

    restore.py FOLDER                  lists the blobs in FOLDER/blobs, unproven: one JSON object a line
    restore.py FOLDER BLOB_ID          prints the state that this blob completes; its chain is found by the headers
    restore.py FOLDER BLOB_ID ...      the same along a chain that is given: a state, then its deltas in order

FOLDER holds blobs/ and master.key. Where KMS wraps the data keys, have it unwrap the one of the chain, and give
that in the environment as DATA_KEY, in base64; no master.key is needed then.
"""
import base64
import hashlib
import hmac
import json
import os
import pathlib
import re
import struct
import sys
import zlib


class Refused(Exception):
    """Something is missing, or is not what was written."""


# What reading stored bytes throws where they are not what they should be.
UNREADABLE = (LookupError, TypeError, ValueError, struct.error, zlib.error)


def demand(holds, otherwise):
    if not holds:
        raise Refused(otherwise)


# Blobs (formats.md, "The sealed blob")

PREFIX_BYTES, TAG_BYTES, HEADER_BYTES_MAX = 9, 32, 1 << 20
LABEL = b"backup blob, format 1, aes-256-cbc, hmac-sha-512: "
MEMBER_BYTES, MEMBER_BYTES_MAX, SLICE_BYTES = 1 << 20, (1 << 20) + (16 << 10), 1 << 20
MEMBER_START = bytes.fromhex("1f8b08040000000000ff0800424b0400")


def path_of(folder, blob_id):
    demand(re.fullmatch("[0-9a-f]{32}", blob_id), f"{blob_id} is not the id of a blob")
    return folder / "blobs" / blob_id[:2] / blob_id


def read_header(path):
    """The header, unproven, and the bytes before the body."""
    with open(path, "rb") as file:
        prefix = file.read(PREFIX_BYTES)
        demand(len(prefix) == PREFIX_BYTES and prefix[:4] == b"BKUP", f"{path.name} is not a blob")
        demand(prefix[4] == 1, f"{path.name} is of another format")
        (length,) = struct.unpack(">I", prefix[5:])
        demand(length <= HEADER_BYTES_MAX, f"the header of {path.name} is too long")
        text = file.read(length)
    demand(len(text) == length, f"{path.name} is cut short")
    header = json.loads(text)
    demand(header["blobId"] == path.name, f"{path.name} is another blob")
    return header, prefix + text


def open_blob(folder, blob_id):
    """The header and the text of a blob, both proven. Nothing is decrypted before commitment and tag hold."""
    header, head = read_header(path_of(folder, blob_id))
    sealed = path_of(folder, blob_id).read_bytes()
    demand(sealed.startswith(head), f"{blob_id} is being written")
    body, tag = sealed[len(head):-TAG_BYTES], sealed[-TAG_BYTES:]
    bytes_compressed, encrypted = header["compressedBytes"], header["cipher"] == "aes-256-cbc"
    demand(encrypted or header["cipher"] == "none", f"the cipher of {blob_id} is unknown")
    bytes_body = bytes_compressed // 16 * 16 + 16 if encrypted else bytes_compressed
    bytes_sealed = len(head) + bytes_body + TAG_BYTES
    demand(len(sealed) == bytes_sealed, f"{blob_id} does not have the length that its header says")

    tagged = sealed[:-TAG_BYTES] + struct.pack(">QQ", len(head) - PREFIX_BYTES, len(body))
    if encrypted:
        pseudo_random_key = hmac.digest(base64.b64decode(header["messageId"]), data_key(folder, header), "sha512")
        expand = lambda name: hmac.digest(pseudo_random_key, LABEL + name + b"\x01", "sha512")
        commitment = base64.b64decode(header["commitment"])
        demand(hmac.compare_digest(expand(b"key commitment")[:32], commitment), f"{blob_id} has another data key")
        expected = hmac.digest(expand(b"authentication key"), tagged, "sha512")[:TAG_BYTES]
    else:
        print(f"{blob_id} is not encrypted: a forgery would not be noticed", file=sys.stderr)
        expected = hashlib.sha256(tagged).digest()
    demand(hmac.compare_digest(expected, tag), f"{blob_id} has been changed since it was written")

    gzip = body
    if encrypted:
        padded = decrypt_cbc(expand(b"encryption key")[:32], base64.b64decode(header["iv"]), body)
        gzip, padding = padded[:bytes_compressed], padded[bytes_compressed:]
        demand(padding == bytes([len(padding)]) * len(padding), f"{blob_id} is not padded as it should be")
    text = gunzip(gzip, header["plainBytes"])
    demand(hashlib.sha256(text).hexdigest() == header["plainSha256"], f"{blob_id} does not hold what it says")
    return header, text


def gunzip(stream, bytes_text):
    """Decompresses member by member, and never more than bytes_text."""
    text, at = bytearray(), 0
    while at < len(stream):
        (length,) = struct.unpack_from("<I", stream, at + 16)
        member, wanted = stream[at:at + length], min(MEMBER_BYTES, bytes_text - len(text))
        sound = member[:16] == MEMBER_START and len(member) == length <= MEMBER_BYTES_MAX
        demand(sound, "the gzip stream is damaged")
        inflater = zlib.decompressobj(wbits=31)
        text += inflater.decompress(member, wanted + 1)
        demand(inflater.eof and not inflater.unused_data, "the gzip stream is damaged")
        at += length
    demand(len(text) == bytes_text, "the gzip stream does not hold as much as it should")
    return bytes(text)


# Chains and deltas ("The stored delta", "Chains")

def chain_to(folder, blob_id):
    """The ids of the blobs that give the state that blob_id completes, in order."""
    chain = [read_header(path_of(folder, blob_id))[0]]
    while chain[0]["kind"] == "delta":
        base = base_of(folder, chain[0])
        demand(base["sequence"] < chain[0]["sequence"], f"{base['blobId']} cannot be what a delta builds on")
        chain.insert(0, base)
    return [header["blobId"] for header in chain]


def base_of(folder, delta):
    """The blob that a delta names, or, if a rebase has replaced it, one that completes the same state."""
    named = path_of(folder, delta["baseBlobId"])
    if named.exists():
        return read_header(named)[0]
    others = [header for header in all_headers(folder)
              if all(header[name] == delta[name] for name in ("resourceId", "chainId"))
              and header["checksum"] == delta["baseChecksum"] and header["sequence"] < delta["sequence"]]
    demand(others, f"what {delta['blobId']} builds on is missing")
    return max(others, key=lambda header: (header["kind"] == "state", header["sequence"]))


def all_headers(folder):
    headers = []
    for path in sorted(folder.glob("blobs/??/*")):
        try:
            headers.append(read_header(path)[0])
        except (Refused, *UNREADABLE) as reason:
            print(f"{path} is passed over: {reason}", file=sys.stderr)
    return headers


def restore(folder, chain):
    state = first = None
    for blob_id in chain:
        header, text = open_blob(folder, blob_id)
        first = first or header
        demand(all(header[name] == first[name] for name in ("resourceId", "chainId")), f"{blob_id} is of another chain")
        if header["kind"] == "state":
            demand(state is None, "a chain begins with its only state")
            state = text
        else:
            demand(state is not None, "a chain begins with a state")
            demand(hashlib.sha256(state).hexdigest() == header["baseChecksum"], f"{blob_id} builds on another state")
            state = apply_delta(state, text)
        sound = len(state) == header["size"] and hashlib.sha256(state).hexdigest() == header["checksum"]
        demand(sound, f"the state that {blob_id} completes does not have its checksum")
    return state


def apply_delta(base, text):
    return apply_delta_2(base, text) if text[:1] == b"\x02" else apply_delta_1(base, text)


def apply_delta_1(base, text):
    line, literals = text.split(b"\n", 1)
    delta = json.loads(line)
    demand(delta["delta"] == 1, "a delta is of another format")
    copies, literal_bytes, starts = delta["copy"], delta["literal"], delta["from"]
    demand(len(copies) == len(starts) == len(literal_bytes) - 1, "a delta has columns of different lengths")
    target, at_base, at_literal = bytearray(), 0, 0
    for literal, copy, start in zip(literal_bytes, copies + [0], starts + [0]):
        target += literals[at_literal:at_literal + literal]
        at_literal += literal
        at_base += start
        demand(0 <= at_base <= len(base) - copy, "a delta copies from outside its base")
        target += base[at_base:at_base + copy]
        at_base += copy
    demand(at_literal == len(literals), "a delta does not have as many literals as it says")
    return bytes(target)


class Parts:
    """Reads a delta of format 2 from its front to its end."""

    def __init__(self, text, at=0):
        self.text, self.at = text, at

    def bytes(self, length):
        self.at += length
        demand(self.at <= len(self.text), "a delta is cut short")
        return self.text[self.at - length:self.at]

    def number(self):
        value = shift = 0
        while True:
            (byte,) = self.bytes(1)
            value |= (byte & 127) << shift
            shift += 7
            demand(value < 1 << 53, "a delta has a number that cannot be")
            if byte < 128:
                return value

    def section(self, length_min, length_max):
        stored, deflated = divmod(self.number(), 2)
        length = self.number() if deflated else stored
        demand(length_min <= length <= length_max, "a delta has a section of another length")
        section = self.bytes(stored)
        if deflated:
            inflater = zlib.decompressobj(wbits=-15)
            section = inflater.decompress(section, length + 1)
            whole = inflater.eof and not inflater.unused_data and len(section) == length
            demand(whole, "a delta has a section that is damaged")
        return section

    def column(self, count):
        planes = self.number()
        if planes == 7:
            row = Parts(self.section(count, 8 * count))
            column = [row.number() for _ in range(count)]
            demand(row.at == len(row.text), "a delta has a column of another length")
            return column
        demand(planes <= 6, "a delta has a column of another layout")
        columns = [self.section(count, count) for _ in range(planes)]
        return [sum(plane[k] << 8 * i for i, plane in enumerate(columns)) for k in range(count)]

    def signed(self, count):
        return [-(number + 1) // 2 if number % 2 else number // 2 for number in self.column(count)]

    def literals(self, lengths):
        order, total, short_total = self.number(), sum(lengths), sum(n for n in lengths if n <= SHORT_BYTES)
        demand(order <= 1, "a delta has literals in another order")
        if order == 0:
            literals = Parts(self.section(total, total))
            return [literals.bytes(length) for length in lengths]
        short = Parts(self.section(short_total, short_total))
        groups = {}
        for length in range(1, SHORT_BYTES + 1):
            count = lengths.count(length)
            block = short.bytes(length * count)
            groups[length] = iter([block[k::count] for k in range(count)])
        long = Parts(self.section(total - short_total, total - short_total))
        return [next(groups[n]) if 0 < n <= SHORT_BYTES else long.bytes(n) for n in lengths]


SHORT_BYTES, SEARCHED_BYTES = 32, 4096
IN_LINE, DETOUR, DETOUR_NEARBY, ANCHORED = range(4)


def apply_delta_2(base, text):
    parts = Parts(text, 1 + 32 + 32)
    bytes_base, bytes_target, *_counts = [parts.number() for _ in range(6)]
    demand(text[1:33] == hashlib.sha256(base).digest() and bytes_base == len(base), "a delta is of another state")
    anchors = []
    for _ in range(parts.number()):
        shift, length = parts.bytes(2)
        anchors.append((shift, parts.bytes(length)))
    count = parts.number()
    kinds = parts.section(count, count)
    far, near = kinds.count(DETOUR), kinds.count(DETOUR_NEARBY)
    anchored = sum(kind >= ANCHORED for kind in kinds)
    in_line = count - far - near
    skips = iter(parts.signed(in_line))
    lengths, steps = iter(parts.column(in_line - anchored)), iter(parts.column(anchored))
    detours, nearby, detour_bytes = iter(parts.signed(far)), iter(parts.signed(near)), iter(parts.column(far + near))
    literals = parts.literals(parts.column(count + 1))
    demand(parts.at == len(text), "a delta goes on after its end")
    target, at, detour_end = bytearray(literals[0]), 0, 0
    for kind, literal in zip(kinds, literals[1:]):
        if kind in (DETOUR, DETOUR_NEARBY):
            start = detour_end + next(detours) if kind == DETOUR else at + next(nearby)
            end = detour_end = start + next(detour_bytes)
        elif kind == IN_LINE:
            start = at + next(skips)
            end = at = start + next(lengths)
        else:
            shift, anchor = anchors[kind - ANCHORED]
            start = at + next(skips)
            first = start + (next(steps) << shift)
            demand(start >= 0, "a delta copies from outside its base")
            found = base.find(anchor, first, first + SEARCHED_BYTES + len(anchor))
            demand(found >= 0, "a delta looks for what is not there")
            end = at = found + len(anchor)
        demand(0 <= start < end <= len(base), "a delta copies from outside its base")
        target += base[start:end]
        target += literal
        demand(len(target) <= bytes_target, "a delta gives more than it says")
    demand(len(target) == bytes_target, "a delta gives less than it says")
    demand(hashlib.sha256(target).digest() == text[33:65], "a delta gives another state")
    return bytes(target)


# Data keys ("Keys")

def data_key(folder, header):
    if "DATA_KEY" in os.environ:
        return base64.b64decode(os.environ["DATA_KEY"], validate=True)
    keys = json.loads((folder / "master.key").read_bytes())["keys"]
    wanted = (header["key"]["keyId"], header["key"]["keyVersion"])
    master = next((base64.b64decode(k["key"]) for k in keys if (k["keyId"], k["version"]) == wanted), None)
    demand(master is not None, f"master.key does not hold {wanted[0]}, version {wanted[1]}")
    context = [[name, header[name]] for name in ("chainId", "resourceId")]
    associated = json.dumps(["data-key", *wanted, context], separators=(",", ":"), ensure_ascii=False)
    wrapped = base64.b64decode(header["key"]["wrapped"], validate=True)
    # JSON in UTF-8, where half of a surrogate pair can only be an escape.
    associated = re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", associated)
    return open_gcm(master, wrapped[:12], wrapped[12:-16], wrapped[-16:], associated.encode())


# AES-256 (FIPS 197) on many blocks at once: plane i holds byte i of each block, and a step is a table for each plane.

def times(a, b):
    """The product in GF(2^8)."""
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a, b = a << 1 ^ (0x11B if a & 0x80 else 0), b >> 1
    return product


POWERS = [1]  # of 3, which generates all but 0
while len(POWERS) < 255:
    POWERS.append(times(POWERS[-1], 3))


def substitute(byte):
    inverse, result = POWERS[-POWERS.index(byte) % 255] if byte else 0, 0x63
    for shift in range(5):
        result ^= (inverse << shift | inverse >> 8 - shift) & 0xFF
    return result


SBOX = bytes(substitute(x) for x in range(256))
SBOX_INVERSE = bytes(SBOX.index(x) for x in range(256))
XOR = [bytes(x ^ k for x in range(256)) for k in range(256)]
TIMES = {c: bytes(times(x, c) for x in range(256)) for c in (1, 2, 3, 9, 11, 13, 14)}


def xor(*parts):
    result = 0
    for part in parts:
        result ^= int.from_bytes(part, "big")
    return result.to_bytes(len(parts[0]), "big")


def round_keys(key):
    words, constant = [key[i:i + 4] for i in range(0, 32, 4)], 1
    for i in range(8, 60):
        word = words[-1]
        if i % 8 == 0:
            word = xor((word[1:] + word[:1]).translate(SBOX), bytes([constant, 0, 0, 0]))
            constant = times(constant, 2)
        elif i % 8 == 4:
            word = word.translate(SBOX)
        words.append(xor(words[-8], word))
    return [b"".join(words[i:i + 4]) for i in range(0, 60, 4)]


def add(planes, key):
    return [plane.translate(XOR[byte]) for plane, byte in zip(planes, key)]


def mix(planes, factors):
    column = lambda i, k: planes[i - i % 4 + (i + k) % 4]
    return [xor(*(column(i, k).translate(TIMES[factors[k]]) for k in range(4))) for i in range(16)]


def joined(planes):
    blocks = bytearray(16 * len(planes[0]))
    for i, plane in enumerate(planes):
        blocks[i::16] = plane
    return bytes(blocks)


def encrypt_blocks(key, blocks):
    first, *others = round_keys(key)
    planes = add([blocks[i::16] for i in range(16)], first)
    for n, round_key in enumerate(others, 1):
        planes = [planes[(i + 4 * (i % 4)) % 16].translate(SBOX) for i in range(16)]
        planes = add(mix(planes, (2, 3, 1, 1)) if n < 14 else planes, round_key)
    return joined(planes)


def decrypt_blocks(key, blocks):
    *others, last = round_keys(key)
    planes = add([blocks[i::16] for i in range(16)], last)
    for n, round_key in reversed(list(enumerate(others))):
        planes = add([planes[(i - 4 * (i % 4)) % 16].translate(SBOX_INVERSE) for i in range(16)], round_key)
        planes = mix(planes, (14, 11, 13, 9)) if n > 0 else planes
    return joined(planes)


def decrypt_cbc(key, iv, body):
    text, before = bytearray(), iv
    for at in range(0, len(body), SLICE_BYTES):
        blocks = body[at:at + SLICE_BYTES]
        text += xor(decrypt_blocks(key, blocks), before + blocks[:-16])
        before = blocks[-16:]
    return bytes(text)


def open_gcm(key, nonce, sealed, tag, associated):
    """NIST SP 800-38D, for a nonce of 12 bytes."""
    counters = b"".join(nonce + struct.pack(">I", i) for i in range(1, 2 + -(-len(sealed) // 16)))
    stream = encrypt_blocks(key, bytes(16) + counters)
    hash_key, digest = int.from_bytes(stream[:16], "big"), 0
    padded = b"".join(part + bytes(-len(part) % 16) for part in (associated, sealed))
    hashed = padded + struct.pack(">QQ", 8 * len(associated), 8 * len(sealed))
    for at in range(0, len(hashed), 16):
        digest = gcm_product(digest ^ int.from_bytes(hashed[at:at + 16], "big"), hash_key)
    expected = xor(digest.to_bytes(16, "big"), stream[16:32])
    demand(hmac.compare_digest(expected, tag), "the data key was changed, or belongs elsewhere")
    return xor(sealed, stream[32:32 + len(sealed)])


def gcm_product(x, y):
    product = 0
    for bit in range(127, -1, -1):
        product ^= y if x >> bit & 1 else 0
        y = y >> 1 ^ (0xE1 << 120 if y & 1 else 0)
    return product


# The command line

LISTED = ("resourceId", "sequence", "backupId", "createdAt", "kind", "type", "checksum", "cipher", "blobId")


def main(folder, chain):
    demand((folder / "blobs").is_dir(), f"there is no {folder / 'blobs'}")
    if not chain:
        for header in sorted(all_headers(folder), key=lambda header: (header["resourceId"], header["sequence"])):
            print(json.dumps({name: header[name] for name in LISTED}))
        return
    state = restore(folder, chain if len(chain) > 1 else chain_to(folder, chain[0]))
    sys.stdout.buffer.write(state)


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    try:
        main(pathlib.Path(sys.argv[1]), sys.argv[2:])
    except (Refused, OSError) as reason:
        sys.exit(f"restore.py: {reason}")
    except UNREADABLE as reason:
        sys.exit(f"restore.py: what is stored cannot be read: {reason!r}")
