"""Says where a program is inside a phase: run it under `crashpoint exec -- python3 page.py`

Without crashpoint it runs just the same and says nothing.
"""

import mmap
import os


class Page:
    def __init__(self):
        fd = os.environ.get("CRASHPOINT_PAGE")
        self.words = memoryview(mmap.mmap(int(fd), 4096)).cast("Q") if fd else None
        if self.words and (bytes(self.words[:1]) != b"CRASHPT\n" or self.words[1] != 1):
            self.words = None

    def say(self, marker=0, token=0, layer=0, allocated_bytes=0, step=""):
        if self.words is None:
            return
        count = self.words[2] + 1
        slot = 16 if count % 2 else 8
        name = step.encode("ascii")[:32].ljust(32, b"\0")
        name = memoryview(name).cast("Q")
        for at, word in enumerate([marker, token, layer, allocated_bytes, *name]):
            self.words[slot + at] = word
        self.words[2] = count


page = Page()
for token in range(1, 8):
    for layer in range(1, 33):
        page.say(token=token, layer=layer, step="attention")  # your model here
print("7 tokens")
