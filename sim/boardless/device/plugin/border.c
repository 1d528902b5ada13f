#include "border.h"

#include <stddef.h>

#include "entry.h"
#include "options.h"
#include "regions.h"
#include "segments.h"

/* QEMU 7 calls back for loads where stores are asked for, and the other way round; so these ask for
 * both and look for themselves. */

static void marking(unsigned cpu, uint32_t info, uint64_t address, void *data) {
  (void)cpu, (void)data;
  const uint64_t k = (address - options.marks_address) / 4;
  if (!qemu_plugin_mem_is_store(info) || address < options.marks_address ||
      k >= options.marks_count) {
    return;
  }
  region_enter((int32_t)k);
  if (k == options.marks_count - 1 && !options.stopper.high && !options.stop_at.count) {
    pass_end();
  }
}

static bool all_marked(void) {
  return pass_is_open() && region_now() == (int32_t)options.marks_count - 1 && pass_has_regions();
}

static void starting(unsigned cpu, uint32_t info, uint64_t address, void *data) {
  (void)cpu, (void)data;
  if (qemu_plugin_mem_is_store(info) && !in_any(&options.memory, address)) {
    pass_restart((int32_t)options.marks_count - 1);
  }
}

static void stopping(unsigned cpu, uint32_t info, uint64_t address, void *data) {
  (void)cpu, (void)info, (void)data; /* some timers are read by a store that captures the count */
  if (!in_any(&options.memory, address) && all_marked()) {
    pass_end();
  }
}

/* A callback before an instruction comes after the note that its block fell through into it, which
 * belongs to what begins here. */
static uint64_t *hold_back(uint32_t number) {
  uint64_t *fallthrough = &chunks[number / CHUNK]->now[FALLTHROUGH][number % CHUNK];
  if (!segments[number].head || !entry_fell(number)) {
    return NULL;
  }
  --*fallthrough;
  return fallthrough;
}

static void at_border(unsigned cpu, void *data) {
  (void)cpu;
  const uint32_t number = (uint32_t)(uintptr_t)data;
  const uint64_t address = segments[number].address;
  uint64_t *fallthrough = hold_back(number);
  if (all_marked() && starts_with(&options.stop_at, address)) {
    pass_end();
  }
  if (starts_with(&options.start_at, address)) {
    pass_restart((int32_t)options.marks_count - 1);
  }
  if (options.regions.count && pass_is_open() &&
      options.regions.items[region_now()].high == address) {
    pass_end();
  }
  for (uint32_t i = 0; i < options.regions.count && !pass_is_open(); i++) {
    if (options.regions.items[i].low == address) {
      region_enter((int32_t)i);
    }
  }
  if (fallthrough) {
    ++*fallthrough;
  }
}

static void at_handler(unsigned cpu, void *data) {
  (void)cpu;
  uint64_t *fallthrough = hold_back((uint32_t)(uintptr_t)data);
  leaving = false;
  interrupt_begin();
  if (fallthrough) {
    ++*fallthrough;
  }
}

static void at_leave(unsigned cpu, void *data) {
  (void)cpu;
  left_to = (uint64_t)(uintptr_t)data;
#if SCOREBOARDS
  leaving = interrupt_end(); /* its own segment has been counted */
#else
  leaving = true; /* it has not: QEMU 7 adds after all callbacks */
#endif
}

static bool is_border(uint64_t address) {
  for (uint32_t i = 0; i < options.regions.count; i++) {
    if (options.regions.items[i].low == address || options.regions.items[i].high == address) {
      return true;
    }
  }
  return starts_with(&options.start_at, address) || starts_with(&options.stop_at, address);
}

bool border_between(uint64_t address, uint64_t end) {
  return inside(&options.marker, address) || inside(&options.starter, address) ||
         inside(&options.stopper, address) || is_border(end) || starts_with(&options.handlers, end);
}

void border_watch_segment(struct instruction *first, uint32_t number) {
  const uint64_t address = segments[number].address;
  void *data = (void *)(uintptr_t)number;
  if (is_border(address)) {
    qemu_plugin_register_vcpu_insn_exec_cb(first, at_border, NO_REGISTERS, data);
  }
  if (starts_with(&options.handlers, address)) {
    qemu_plugin_register_vcpu_insn_exec_cb(first, at_handler, NO_REGISTERS, data);
  }
}

void border_watch_instruction(struct instruction *instruction, uint64_t address, uint64_t end) {
  if (inside(&options.marker, address)) {
    qemu_plugin_register_vcpu_mem_cb(instruction, marking, NO_REGISTERS, READS_AND_WRITES, NULL);
  }
  if (inside(&options.starter, address)) {
    qemu_plugin_register_vcpu_mem_cb(instruction, starting, NO_REGISTERS, READS_AND_WRITES, NULL);
  }
  if (inside(&options.stopper, address)) {
    qemu_plugin_register_vcpu_mem_cb(instruction, stopping, NO_REGISTERS, READS_AND_WRITES, NULL);
  }
  if (starts_with(&options.leaves, address)) {
    qemu_plugin_register_vcpu_insn_exec_cb(instruction, at_leave, NO_REGISTERS,
                                           (void *)(uintptr_t)end);
  }
}
