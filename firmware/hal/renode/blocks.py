# Counts the blocks of code that Renode's core executes. Renode runs this in its own Python
# (IronPython 2.7), boardless's tests in theirs:
#
#   include @blocks.py
#   boardless_count "FOLDER"
#
# reads FOLDER/borders, lines of a word and numbers; A, BEGIN, END and ENTRY are addresses:
#   isa 0|1                 of Thumb, of RISC-V
#   marker ENTRY REGISTER REGIONS  the function that begins region N, the number in this register;
#                           the last of so many regions is what lies around the others
#   mark, start, stop A     the instruction before A begins the region; a pass; ends a pass
#   region BEGIN END        instead: a pass from one instruction to another
#   handler A, leave A      an interrupt handler begins; an instruction by which one returns
# and writes FOLDER/counts:
#   B address instructions  a segment: instructions in a row, numbered from 0
#   R region interrupts kept segment:executed:fallthrough ...  of the pass that ends next
#   P                       a pass ends
#   X wanted counted        ... and Renode's own counter does not agree with what was counted in it
#   O ...                   as R, once: all that belongs to no pass
#   D passes segments       the end; a file without it is not whole
# The words are those of boardless's plugin for QEMU, and so is what they mean.
# ruff: noqa: F821, UP004, UP031 (Renode supplies `monitor`; this is Python 2, too)
OUTSIDE = -1
SIZE, RAN, FELL, END, NUMBER, PIECES, LEAVES = range(7)  # of a block, a list


class Counting(object):
    """Counts what begins, block after block; `cpu` has ExecutedInstructions and register(n),
    `half(address)` reads 16 bits, `write(text)` adds to the file."""

    def __init__(self, lines, cpu, half, write):
        self.cpu, self.half, self.write = cpu, half, write
        self.entry = self.register = None
        self.regions, self.mark, self.start, self.stop = 0, {}, {}, {}
        self.ranges, self.handlers, self.leaves = [], {}, {}
        for line in lines:
            words = line.split()
            numbers = [int(w) for w in words[1:]]
            if words[0] == "isa":
                self.riscv = numbers[0] == 1
            elif words[0] == "marker":
                self.entry, self.register, self.regions = numbers
            elif words[0] == "region":
                self.ranges.append(tuple(numbers))
            else:
                known = {"handler": self.handlers, "leave": self.leaves}
                known.update(mark=self.mark, start=self.start, stop=self.stop)
                known[words[0]][numbers[0]] = True
        self.regions = self.regions or len(self.ranges)
        self.before = {a: True for pair in self.ranges for a in pair}
        self.blocks, self.segments, self.touched = {}, 0, []
        self.now = {k: {} for k in range(OUTSIDE, self.regions)}
        self.interrupts = {k: [0, 0] for k in self.now}
        self.aside, self.depth, self.left_to = {}, 0, None
        self.region, self.opened, self.entered, self.next = OUTSIDE, False, False, 0
        self.passes, self.total, self.began = 0, 0, 0
        self.done = False
        self.hook = self.made()

    def made(self):
        """Returns what Renode calls at the beginning of each block."""
        blocks, touched, last, new, special = self.blocks, self.touched, [0], self.new, self.special

        def hook(address, size):
            block = blocks.get(address)
            if block is None or block[0] != size:
                block = new(address, size)
            if block[5] is not None or last[0] is None:
                last[0] = special(block, address, last[0])
                return
            if not block[1]:
                touched.append(block)
            block[1] += 1
            if last[0] == address:
                block[2] += 1
            last[0] = block[3]

        return hook

    def new(self, address, size):
        """Returns the block of so many instructions, and has the next look-up find it."""
        first, size = int(address), int(size)
        found = self.blocks.get((first, size))
        if found is None:
            pieces, at, begin, count = [], first, first, 0
            leaves = False
            for _ in range(size):
                if count and at in self.before:
                    pieces.append(self.piece(begin, count, at))
                    begin, count = at, 0
                leaves = at in self.leaves
                at += self.bytes(at)
                count += 1
                if at in self.mark or at in self.start or at in self.stop:
                    pieces.append(self.piece(begin, count, at))
                    begin, count = at, 0
            if count:
                pieces.append(self.piece(begin, count, at))
            ends = [p for p in pieces if p[END] in self.mark or p[END] in self.start]
            ends += [p for p in pieces if p[END] in self.stop or p[PIECES] in self.before]
            plain = not (ends or leaves or first in self.handlers or first == self.entry)
            found = pieces[0] if plain else [size, 0, 0, at, 0, pieces, leaves]
            if plain:
                found[PIECES] = None
            self.blocks[(first, size)] = found
        self.blocks[address] = found
        return found

    def piece(self, begin, count, end):
        self.write("B %d %d\n" % (begin, count))
        self.segments += 1
        return [count, 0, 0, end, self.segments - 1, begin, False]

    def bytes(self, address):
        half = self.half(address)
        wide = half & 3 == 3 if self.riscv else half >> 11 >= 0x1D
        return 4 if wide else 2

    def count(self, piece, fell):
        if not piece[RAN]:
            self.touched.append(piece)
        piece[RAN] += 1
        piece[FELL] += fell

    def special(self, block, address, last):
        """Counts a block where something begins or ends, or the one behind a handler's. Returns its
        end, None if it may leave a handler."""
        address = int(address)
        if last is None:
            last, self.left_to = self.left_to, None
            if last != address:  # returns can be conditional
                self.interrupt_ends()
        fell = last == address
        if address in self.handlers:
            self.interrupt_begins()
        if block[PIECES] is None:
            self.count(block, fell)
            return block[END]
        if address == self.entry:
            self.next = int(self.cpu.register(self.register))
        executed = None
        for piece in block[PIECES]:
            if piece[PIECES] in self.before:
                self.at_border(piece[PIECES])
            self.count(piece, fell)
            fell, end = True, piece[END]
            if end in self.mark:
                self.enters(self.next)
            if end in self.start or end in self.stop:
                if executed is None:
                    executed = int(self.cpu.ExecutedInstructions)
                here = executed + self.upto(block, piece)
                if end in self.start:
                    self.restart(here)
                elif self.opened and self.entered and self.region == self.regions - 1:
                    self.ends(here)
        if block[LEAVES]:
            self.left_to = block[END]
            return None
        return block[END]

    def upto(self, block, piece):
        """Returns the instructions of a block up to the end of a piece."""
        parts = block[PIECES]
        return sum(p[SIZE] for p in parts[: parts.index(piece) + 1])

    def at_border(self, address):
        if self.opened and self.ranges[self.region][1] == address:
            self.ends(None)
        for k in range(len(self.ranges)):
            if self.ranges[k][0] == address and not self.opened:
                self.total = 0
                self.enters(k)

    # ---- regions, passes, handlers: as plugin/regions.c has them ----

    def collect(self, tally):
        total = 0
        for block in self.touched:
            old = tally.get(block[NUMBER])
            if old is None:
                tally[block[NUMBER]] = [block[RAN], block[FELL]]
            else:
                old[0] += block[RAN]
                old[1] += block[FELL]
            total += block[SIZE] * block[RAN]
            block[RAN] = block[FELL] = 0
        del self.touched[:]
        self.total += total

    def settle(self):
        if not self.depth:
            self.collect(self.now[self.region])
            return
        self.collect(self.aside)  # its end was missed, so nobody can tell it from the region
        self.depth = 0
        self.move(self.aside, self.now[self.region])
        self.interrupts[self.region][1] += 1

    def move(self, tally, to):
        for number, (ran, fell) in tally.items():
            old = to.setdefault(number, [0, 0])
            old[0] += ran
            old[1] += fell
        tally.clear()

    def enters(self, region):
        self.settle()
        self.region, self.opened, self.entered = region, True, True

    def restart(self, executed):
        self.settle()
        self.drop()
        self.region, self.opened, self.entered = self.regions - 1, True, False
        self.began, self.total = executed, 0

    def drop(self):
        for region in range(self.regions):
            self.move(self.now[region], self.now[OUTSIDE])
            for k in (0, 1):
                self.interrupts[OUTSIDE][k] += self.interrupts[region][k]
            self.interrupts[region] = [0, 0]

    def ends(self, executed):
        self.settle()
        self.region, self.opened = OUTSIDE, False
        if executed is not None and executed - self.began != self.total:
            self.write("X %d %d\n" % (executed - self.began, self.total))
        for region in range(self.regions):
            self.tell("R", region)
            self.now[region].clear()
            self.interrupts[region] = [0, 0]
        self.passes += 1
        self.write("P\n")

    def tell(self, kind, region):
        words = ["%s %d" % (kind, region), "%d %d" % tuple(self.interrupts[region])]
        words += ["%d:%d:%d" % (k, v[0], v[1]) for k, v in sorted(self.now[region].items())]
        self.write(" ".join(words) + "\n")

    def interrupt_begins(self):
        if self.region == OUTSIDE:
            return
        if not self.depth:
            self.collect(self.now[self.region])
        self.depth += 1
        self.interrupts[self.region][0] += 1

    def interrupt_ends(self):
        if self.depth:
            self.depth -= 1
            if not self.depth:
                self.collect(self.aside)
                self.move(self.aside, self.now[OUTSIDE])

    def finish(self):
        """Ends the file; only the first call counts."""
        if self.done:
            return
        self.done = True
        self.settle()
        self.drop()
        self.tell("O", OUTSIDE)
        self.write("D %d %d\n" % (self.passes, self.segments))


def mc_boardless_count(folder):
    cpu, bus = monitor.Machine["sysbus.cpu"], monitor.Machine["sysbus"]

    class Core(object):
        @property
        def ExecutedInstructions(self):
            return cpu.ExecutedInstructions

        def register(self, number):
            return cpu.GetRegister(number).RawValue

    with open(folder + "/borders") as file:
        lines = file.read().splitlines()
    out = open(folder + "/counts", "w")  # noqa: SIM115 (closed by finish)
    counting = Counting(lines, Core(), lambda a: int(bus.ReadWord(a)), out.write)

    def finish():
        counting.finish()
        out.close()

    boardless_at_end.append(finish)
    cpu.SetHookAtBlockBegin(counting.hook)
