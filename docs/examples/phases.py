"""A program that tells crashpoint its phases: run it under `crashpoint exec -- python3 phases.py IMAGE...`

Without crashpoint it runs just the same and reports nothing.
"""

import contextlib
import json
import os
import socket
import sys


class Crashpoint:
    def __init__(self):
        fd = os.environ.get("CRASHPOINT_FD")
        self.lines = socket.socket(fileno=int(fd)).makefile("rw", encoding="utf-8") if fd else None
        self.markers = 0
        self.say(hello={"protocol": 1, "name": "phases.py"})

    def say(self, **message):
        if self.lines:
            self.lines.write(json.dumps(message) + "\n")
            self.lines.flush()

    @contextlib.contextmanager
    def phase(self, name, image=None):
        self.markers += 1
        self.say(phase={"id": self.markers, "name": name, "image": image})
        if self.lines:
            self.lines.readline()  # returns when the marker is on the disk
        yield
        self.say(phase_end={"id": self.markers})


crashpoint = Crashpoint()
for index, file in enumerate(sys.argv[1:], start=1):
    at = {"index": index, "position": index, "file": file}
    with crashpoint.phase("read", at):
        data = open(file, "rb").read()
    with crashpoint.phase("analyse", at):
        print(file, sum(data) % 251)  # your model here
    crashpoint.say(image={"index": index, "position": index, "file": file, "outcome": "survived"})
crashpoint.say(done={})
