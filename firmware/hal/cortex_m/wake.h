/* Sleeping until the line speaks, without an interrupt handler.
 *
 *   bl_wake_begin(IRQ, 1);  // 2: the next line, too; all are of one group of 32
 *   while (!received) bl_sleep();
 *   ...take the byte, so that the device withdraws its request...
 *   bl_wake_end(IRQ, 1);
 *
 * The interrupt is enabled only while interrupts are masked: it ends WFI and no handler ever runs.
 * Outside of here they are not masked, because a masked core escalates every fault to HardFault.
 */
#ifndef BL_WAKE_H
#define BL_WAKE_H

#include <stdint.h>

#define BL_NVIC(offset, irq) (*(volatile uint32_t *)(0xE000E000u + (offset) + (irq) / 32u * 4u))

static inline uint32_t bl_wake_lines(uint32_t irq, uint32_t lines) {
  return ((UINT32_C(1) << lines) - 1) << irq % 32;
}

static inline void bl_wake_begin(uint32_t irq, uint32_t lines) {
  __asm volatile("cpsid i" ::: "memory");
  BL_NVIC(0x100, irq) = bl_wake_lines(irq, lines); /* enable */
}

static inline void bl_sleep(void) {
  __asm volatile("wfi" ::: "memory");
}

static inline void bl_wake_end(uint32_t irq, uint32_t lines) {
  BL_NVIC(0x180, irq) = bl_wake_lines(irq, lines); /* disable */
  BL_NVIC(0x280, irq) = bl_wake_lines(irq, lines); /* no longer pending */
  __asm volatile("cpsie i" ::: "memory");
}

#endif
