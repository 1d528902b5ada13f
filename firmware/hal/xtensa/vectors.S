/* Vectors of a core with windowed registers, and the first instructions. What the window handlers
 * must do is fixed by the windowed calling convention: a frame's a0..a3 lie below the stack pointer
 * of the frame that it called, the rest of 8 or 12 registers below its caller's frame. */

  .section .vectors, "ax"
  .balign 1024
  .global bl_vectors
bl_vectors:

  .macro save_base frame /* a0..a3 of the frame whose callee's stack pointer is in \frame */
  s32e a1, \frame, -12
  s32e a2, \frame, -8
  s32e a3, \frame, -4
  .endm

  .org 0x000 /* overflow after CALL4 */
  s32e a0, a5, -16
  save_base a5
  rfwo

  .org 0x040 /* underflow */
  l32e a0, a5, -16
  l32e a1, a5, -12
  l32e a2, a5, -8
  l32e a3, a5, -4
  rfwu

  .org 0x080 /* overflow after CALL8 */
  s32e a0, a9, -16
  l32e a0, a1, -12
  save_base a9
  s32e a4, a0, -32
  s32e a5, a0, -28
  s32e a6, a0, -24
  s32e a7, a0, -20
  rfwo

  .org 0x0C0
  l32e a1, a9, -12
  l32e a0, a9, -16
  l32e a7, a1, -12
  l32e a2, a9, -8
  l32e a3, a9, -4
  l32e a4, a7, -32
  l32e a5, a7, -28
  l32e a6, a7, -24
  l32e a7, a7, -20
  rfwu

  .org 0x100 /* overflow after CALL12 */
  s32e a0, a13, -16
  l32e a0, a1, -12
  save_base a13
  s32e a4, a0, -48
  s32e a5, a0, -44
  s32e a6, a0, -40
  s32e a7, a0, -36
  s32e a8, a0, -32
  s32e a9, a0, -28
  s32e a10, a0, -24
  s32e a11, a0, -20
  rfwo

  .org 0x140
  l32e a1, a13, -12
  l32e a0, a13, -16
  l32e a11, a1, -12
  l32e a2, a13, -8
  l32e a3, a13, -4
  l32e a4, a11, -48
  l32e a5, a11, -44
  l32e a6, a11, -40
  l32e a7, a11, -36
  l32e a8, a11, -32
  l32e a9, a11, -28
  l32e a10, a11, -24
  l32e a11, a11, -20
  rfwu

  .org 0x300 /* exceptions of the kernel, of a user, in an exception */
  j fault
  .org 0x340
  wsr a2, excsave1
  rsr a2, exccause
  bnei a2, 4, 1f /* an interrupt only ends WAITI: whoever waits enables it again */
  movi a2, 0
  wsr a2, intenable
  rsync
  rsr a2, excsave1
  rfe
1:
  rsr a2, excsave1
  j fault
  .org 0x3C0
  j double_fault
  .org 0x400
  .literal_position

/* Reports from a fresh stack, with only this window alive. a0, a1: of what was interrupted. */
double_fault:
  rsr a2, depc
  j report
fault:
  rsr a2, epc1
report:
  wsr a2, misc0
  wsr a0, misc1
  wsr a1, excsave1
  movi a2, 1
  movi a3, 0
  wsr a3, windowbase
  rsync
  movi a2, 1
  wsr a2, windowstart
  rsync
  movi a2, 0x4002F /* windows on, no interrupt, no longer in an exception */
  wsr a2, ps
  rsync
  movi a1, bl_stack_top
  movi a0, 0
  movi a4, bl_fault
  callx4 a4
2:
  j 2b

  .balign 4
  .global bl_reset
bl_reset:
  movi a2, 0
  wsr a2, windowbase
  rsync
  movi a2, 1
  wsr a2, windowstart
  rsync
  movi a2, bl_vectors
  wsr a2, vecbase
  movi a2, 1
  wsr a2, cpenable /* the FPU */
  movi a2, 0x4002F
  wsr a2, ps
  rsync
  movi a1, bl_stack_top
  movi a0, 0
  movi a4, bl_start
  callx4 a4
