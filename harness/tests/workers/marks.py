#!/usr/bin/env python3
"""Sends marker after marker, and writes down elsewhere which of them were acknowledged."""
import json, os, socket
fd = socket.socket(fileno=int(os.environ["CRASHPOINT_FD"]))
fd.sendall(b'{"hello":{"protocol":1,"name":"marks"}}\n')
witness = open(os.environ["CRASHPOINT_WITNESS"], "a", buffering=1)
sent = 0
for line in fd.makefile("rb"):
    message = json.loads(line)
    if "ack" in message:
        witness.write(f'{message["ack"]["id"]}\n')
    sent += 1
    phase = {"id": sent, "name": "decode", "image": {"index": 1, "position": 1}}
    fd.sendall(json.dumps({"phase": phase}).encode() + b"\n")
