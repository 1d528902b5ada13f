/* QEMU's plugin interface as far as it is used here, in our own words: no package brings its
 * header. API is the version number that QEMU checks: 1       QEMU 6 to 8.2: inline additions to
 * any address, no conditional callbacks 3 to 6  QEMU 9.1 to 10.x: counters in scoreboards, inline
 * stores, conditional callbacks 7       QEMU 11: translation and exit callbacks get a pointer of
 * ours
 */
#ifndef BL_ABI_H
#define BL_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef API
#error "compile with -DAPI=1, 3, 4, 5, 6 or 7"
#endif
#define SCOREBOARDS (API >= 3)
#define USERDATA_EVERYWHERE (API >= 7)

typedef uint64_t plugin_id;
struct block;       /* what QEMU translates at once */
struct instruction; /* in a block being translated */

typedef struct {
  const char *target;
  struct {
    int lowest, current;
  } version;
} plugin_info;

enum { NO_REGISTERS = 0 };
enum { READS_AND_WRITES = 3 };
enum { INLINE_ADD = 0, INLINE_STORE = 1 };
enum { IF_EQUAL = 2 };

typedef void (*executed_callback)(unsigned cpu, void *data);
typedef void (*memory_callback)(unsigned cpu, uint32_t info, uint64_t address, void *data);

#if USERDATA_EVERYWHERE
typedef void (*translation_callback)(struct block *block, void *data);
typedef void (*exit_callback)(void *data);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, translation_callback callback, void *data);
#else
typedef void (*translation_callback)(plugin_id id, struct block *block);
typedef void (*exit_callback)(plugin_id id, void *data);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, translation_callback callback);
#endif
void qemu_plugin_register_atexit_cb(plugin_id id, exit_callback callback, void *data);

size_t qemu_plugin_tb_n_insns(const struct block *block);
struct instruction *qemu_plugin_tb_get_insn(const struct block *block, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct instruction *instruction);
size_t qemu_plugin_insn_size(const struct instruction *instruction);
bool qemu_plugin_mem_is_store(uint32_t info);

void qemu_plugin_register_vcpu_tb_exec_cb(struct block *block, executed_callback callback,
                                          int registers, void *data);
void qemu_plugin_register_vcpu_insn_exec_cb(struct instruction *instruction,
                                            executed_callback callback, int registers, void *data);
void qemu_plugin_register_vcpu_mem_cb(struct instruction *instruction, memory_callback callback,
                                      int registers, int which, void *data);

#if SCOREBOARDS
struct scoreboard; /* one element per processor */
typedef struct {
  struct scoreboard *board;
  size_t offset;
} scoreboard_word;
struct scoreboard *qemu_plugin_scoreboard_new(size_t bytes);
void *qemu_plugin_scoreboard_find(struct scoreboard *board, unsigned cpu);
void qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(struct instruction *instruction, int what,
                                                         scoreboard_word word, uint64_t value);
void qemu_plugin_register_vcpu_tb_exec_cond_cb(struct block *block, executed_callback callback,
                                               int registers, int condition, scoreboard_word word,
                                               uint64_t value, void *data);
size_t qemu_plugin_insn_data(const struct instruction *instruction, void *to, size_t bytes);
#else
void qemu_plugin_register_vcpu_insn_exec_inline(struct instruction *instruction, int what,
                                                void *word, uint64_t value);
const void *qemu_plugin_insn_data(const struct instruction *instruction);
#endif

#endif
