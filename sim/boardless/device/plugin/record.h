/* The file that a counted run leaves. All numbers are little-endian.
 *
 *   "BLCOUNTS"  u32 version (1)  u32 columns V
 *   records     char kind[4]  u32 bytes of what follows  ...
 *     NAME  for each column its name, ended by a byte 0: executed, fallthrough, then cache events
 *     SEGM  segments seen since the last such record, numbered from 0 in the order of the file:
 *           u64 address  u16 instructions n  u16 bytes b  u8 size[n]  u8 code[b]
 *     REGN  what changed in a region since the pass before (since zero in the first one):
 *           i32 region  u32 interrupts  u32 interrupts not taken out
 *           u32 N  N x (u32 segment, i32 difference[V])
 *           u32 W  W x (u32 segment, i64 difference[V]), those that need 64 bits
 *     PASS  the end of a pass, for which the REGN since the last PASS hold; u32 number of the pass
 *     OUTS  as REGN, once, near the end: all that belongs to no pass
 *     DONE  u32 passes  u32 segments  u32 signal that ended the run, or 0
 *           u32 CRC-32 of all before it
 *
 * A file without DONE is not whole. Regions that a PASS does not mention are as they were.
 */
#ifndef BL_RECORD_H
#define BL_RECORD_H

#include <stddef.h>
#include <stdint.h>

#define BL_RECORD_VERSION 1

/* Says what is wrong and ends the emulator: counts that nobody could trust are of no use. */
_Noreturn void bl_fail(const char *what, const char *why);

void bl_record_open(int file);
void bl_record_bytes(const void *bytes, size_t count);
void bl_record_u32(uint32_t value);
/* The head of a record; its content follows by the functions above. */
void bl_record_begin(const char *kind, size_t bytes);
void bl_record_flush(void);
uint32_t bl_record_crc(void);

#endif
