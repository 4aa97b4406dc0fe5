#!/usr/bin/env python3
"""Writes boxes.json: sealed boxes made by a second implementation, for the Rust tests to compare with.

Needs the `cryptography` package. Deterministic: the same script writes the same file.

    python3 shared/vault/tests/vectors/generate.py
"""

import hashlib
import hmac
import json
import random
import struct
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

BOXES = 1024
LARGE = [("token", 16383), ("secret", 16384), ("data", 65535), ("data", 65536)]
FINGERPRINTS = 64
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
APPS = ["tiktok_ads", "mooring"]


def extract(salt, secret):
    return hmac.new(salt, secret, hashlib.sha512).digest()


def expand(prk, info, length):
    return HKDFExpand(algorithm=hashes.SHA512(), length=length, info=info).derive(prk)


def context(tenant, connection, account, use, slot):
    fields = [tenant, connection, account, use, slot]
    out = b"moor1/ctx\0" + bytes([len(fields)])
    for tag, value in enumerate(fields, start=1):
        value = value.encode()
        out += struct.pack(">BH", tag, len(value)) + value
    return out


def seal(dek, key_id, salt, place, plain):
    c = context(*place)
    suffix = bytes([1, 1]) + hashlib.sha512(c).digest()
    prk = extract(salt, dek)
    key = expand(prk, b"moor1/key\0" + suffix, 32)
    nonce = expand(prk, b"moor1/nonce\0" + suffix, 12)
    commitment = expand(prk, b"moor1/commit\0" + suffix, 32)
    head = b"MOOR" + bytes([1, 1, 0, 0]) + key_id + salt + commitment
    return head + AESGCM(key).encrypt(nonce, plain, head + c)


def fingerprint(dek, label, data):
    name = b"moor1/fingerprint\0"
    subkey = expand(extract(name, dek), name + label.encode(), 32)
    return hmac.new(subkey, data, hashlib.sha256).digest()[:16]


def check():
    """Compares this implementation with a known answer before anything is written."""
    place = ("ten_01J0000000000000000000000A", "con_01J0000000000000000000000B", "", "token", "access")
    sealed = seal(bytes(range(32)), bytes(range(16, 32)), bytes(range(64, 96)), place, b"act.example-access-token")
    assert hashlib.sha256(sealed).hexdigest().startswith("42d45416d35aa7c9"), "not the box of version 1"


def an_id(rng, prefix):
    return f"{prefix}_{rng.choice(CROCKFORD[:8])}{''.join(rng.choices(CROCKFORD, k=25))}"


def a_place(rng, use, slot):
    if use == "secret":
        return ("-", "app_" + rng.choice(APPS), "", use, slot)
    account = an_id(rng, "acc") if use == "data" and rng.random() < 0.7 else ""
    return (an_id(rng, "ten"), an_id(rng, "con"), account, use, slot)


def a_slot(rng):
    n = rng.randrange(10**8)
    return rng.choice(
        [
            f"tok#{rng.choice(['access', 'refresh'])}#{n:08}",
            f"r#ad/2026-{n % 12 + 1:02}-{n % 28 + 1:02}/{n % 7}",
            f"cand#{n % 50}",
            "sec#credentials",
            "".join(rng.choices("aé#語🙂-0", k=n % 40)),
        ]
    )


def a_box(rng):
    use = rng.choice(["token", "data", "data", "secret"])
    dek, key_id, salt = rng.randbytes(32), rng.randbytes(16), rng.randbytes(32)
    plain = rng.randbytes(rng.choice([rng.randrange(40), rng.randrange(120)]))
    place = a_place(rng, use, a_slot(rng))
    sealed = seal(dek, key_id, salt, place, plain)
    return {"dek": dek.hex(), "id": key_id.hex(), "place": place, "plain": plain.hex(), "box": sealed.hex()}


def a_large_box(rng, use, length):
    dek, key_id, salt = rng.randbytes(32), rng.randbytes(16), rng.randbytes(32)
    plain = bytes(i % 251 for i in range(length))
    place = a_place(rng, use, a_slot(rng))
    digest = hashlib.sha256(seal(dek, key_id, salt, place, plain)).hexdigest()
    return {
        "dek": dek.hex(),
        "id": key_id.hex(),
        "salt": salt.hex(),
        "place": place,
        "length": length,
        "sha256": digest,
    }


def a_fingerprint(rng):
    dek, data = rng.randbytes(32), rng.randbytes(rng.randrange(80))
    label = rng.choice(["mail", "platform", "identity", "", "語"])
    return {"dek": dek.hex(), "label": label, "data": data.hex(), "tag": fingerprint(dek, label, data).hex()}


def main():
    check()
    rng = random.Random(20261121)
    groups = {
        "boxes": [a_box(rng) for _ in range(BOXES)],
        "large": [a_large_box(rng, use, length) for use, length in LARGE],
        "fingerprints": [a_fingerprint(rng) for _ in range(FINGERPRINTS)],
    }
    lines = []
    for name, rows in groups.items():
        body = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
        lines.append(f'"{name}": [\n{body}\n]')
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    Path(__file__).with_name("boxes.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
