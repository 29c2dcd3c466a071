"""Whether a process grows: its memory and its descriptors, looked at now and then."""

import os
import pathlib
import time

from demo import eventually


class Watch:
    def __init__(self, pid):
        self.pid = pid
        self.looks = []  # (when, KiB of its own memory, descriptors)
        self.at_rest = len(self.sockets())
        self.began = time.monotonic()

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def sockets(self):
        """Without the pipes through which bodies go from one to the other: those are kept for a while."""
        place = pathlib.Path(f"/proc/{self.pid}/fd")
        links = [str(each.readlink()) for each in place.iterdir() if each.is_symlink()]
        return [each for each in links if each.startswith("socket:")]

    def memory(self):
        """KiB that only this process has: neither files nor what it shares."""
        rows = pathlib.Path(f"/proc/{self.pid}/smaps_rollup").read_text().splitlines()
        return sum(int(row.split()[1]) for row in rows if row.startswith(("Private_Dirty:", "Swap:")))

    def look(self):
        try:
            self.looks.append((time.monotonic() - self.began, self.memory(), self.descriptors()))
        except OSError:
            pass  # it has ended, which the driver sees

    def parts(self):
        """The highest memory and descriptors of each fifth of the run, of which the first is the time to warm up."""
        end = self.looks[-1][0] if self.looks else 0
        fifths = [
            [look for look in self.looks if part * end / 5 <= look[0] <= (part + 1) * end / 5] for part in range(5)
        ]
        return [(max(look[1] for look in fifth), max(look[2] for look in fifth)) for fifth in fifths if fifth]

    def growth(self):
        """Problems: the last fifth above all before it, by more than what one big body more takes."""
        parts = self.parts()
        if len(parts) < 5:
            return []
        problems = []
        before = max(memory for memory, _ in parts[1:4])
        if parts[-1][0] > before * 1.1 + 4096:
            problems.append(f"memory grows: {[memory for memory, _ in parts]} KiB in fifths of the run")
        before = max(count for _, count in parts[:4])
        if parts[-1][1] > before * 1.25 + 20:
            problems.append(f"descriptors grow: {[count for _, count in parts]} in fifths of the run")
        return problems

    def leftovers(self):
        """Once nobody uses it, it has the sockets that it had at first: nothing is forgotten in a corner."""
        try:
            eventually(lambda: len(self.sockets()) <= self.at_rest, "", limit=90)
        except AssertionError:
            return [f"{len(self.sockets())} sockets are left of {self.at_rest} at first"]
        return []

    def __str__(self):
        memory, descriptors = zip(*self.parts())
        return f"in fifths of the run: memory {memory} KiB, descriptors {descriptors}"
