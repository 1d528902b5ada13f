# A timer that counts instructions, in place of the board's. Renode runs this at every access:
#
#   machine PyDevFromFile @counter.py 0x40000000 0x400 True "counter"
#
# It has what hal_timer_start, _ticks and _stop of our boards use: bit 0 at offset 0 makes it run.
# From what was written there it counts down at offset 0x04 (Arm's CMSDK timer) and up at 0x24 (an
# STM32's) and 0x540 (an nRF's). Renode adds the instructions of a block when the block ends, so a
# reading stands for the beginning of its block: differences between readings at one place are
# exact.
# ruff: noqa: F821 (Renode supplies `request` and `monitor`)
if request.IsInit:
    registers = {}
    began = 0
elif request.IsWrite:
    if request.Offset == 0 and request.Value & 1:
        began = monitor.Machine["sysbus.cpu"].ExecutedInstructions
    registers[request.Offset] = request.Value
elif request.IsRead:
    value = registers.get(request.Offset, 0)
    if request.Offset in (0x04, 0x24, 0x540) and registers.get(0, 0) & 1:
        elapsed = monitor.Machine["sysbus.cpu"].ExecutedInstructions - began
        value = value - elapsed if request.Offset == 0x04 else value + elapsed
    request.Value = value & 0xFFFFFFFF
