"""Reads TFRecord files in the QQ schema in plain Python: framing by struct, protocol buffers by hand, frames by NumPy."""

import struct

import numpy as np

CRC_TABLE = []
for number in range(256):
    for _ in range(8):
        number = number >> 1 ^ (0x82F63B78 if number & 1 else 0)
    CRC_TABLE.append(number)


def masked_crc(data):
    """CRC-32C, as TFRecord masks it."""
    crc, table = 0xFFFFFFFF, CRC_TABLE
    for byte in data:
        crc = crc >> 8 ^ table[(crc ^ byte) & 255]
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def payloads(path, checks):
    with open(path, "rb") as file:
        while header := file.read(12):
            length, length_crc = struct.unpack("<QI", header)
            payload = file.read(length)
            (payload_crc,) = struct.unpack("<I", file.read(4))
            if checks and (masked_crc(header[:8]) != length_crc or masked_crc(payload) != payload_crc):
                raise ValueError(f"{path}: a checksum does not fit")
            yield payload


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at += 1
        if byte < 128:
            return value, at
        shift += 7


def fields(data, at, end):
    """The fields of a message that holds nothing but length-delimited ones: number, begin, end."""
    while at < end:
        tag, at = varint(data, at)
        length, at = varint(data, at)
        yield tag >> 3, at, at + length
        at += length


def features(data):
    """The features that hold bytes, by name."""
    found = {}
    for _, begin, end in fields(data, 0, len(data)):
        for _, begin, end in fields(data, begin, end):
            (_, key, key_end), (_, value, value_end) = fields(data, begin, end)
            for kind, begin, end in fields(data, value, value_end):
                if kind == 1:
                    name = data[key:key_end].decode()
                    found[name] = [data[begin:end] for _, begin, end in fields(data, begin, end)]
    return found


def records(path, width, checks):
    """Yields id, titles and frames `[T, width]` of each record."""
    for payload in payloads(path, checks):
        found = features(payload)
        frames = np.frombuffer(b"".join(found["frame_feature"]), "<f2").reshape(-1, width).astype(np.float32)
        titles = [found[name][0].decode() for name in ("title", "title_en")]
        yield found["id"][0].decode(), titles, frames


def summary(path, width):
    """What both sides must agree about."""
    ids, titles, frames, total = [], [], 0, 0.0
    for record_id, texts, values in records(path, width, True):
        ids.append(record_id)
        titles.extend(texts)
        frames += len(values)
        total += float(values.sum(dtype=np.float64))
    return {"ids": ids, "titles": titles, "frames": frames, "sum": total}


def timed(path, width, checks):
    def read():
        for _ in records(path, width, checks):
            pass

    return seconds(read)


answer({"summary": summary, "time": timed})
