/* The line discipline: bytes in, commands and blocks out; lines out, with checksums on request.
 *
 * Text is MLPerf Tiny's device protocol: a command ends with '%', has at most 80 characters, words
 * separated by one space; a reply line ends with CR LF. Added to it, without disturbing it:
 *   - a command may end with " ~" and 8 hex digits, the CRC-32 of all before the space; then it is
 *     checked, and every line of its answer carries such a checksum too;
 *   - after bl_link_expect_block the next bytes are one COBS-coded block that ends with byte 0;
 *   - a byte 0 in text drops the unfinished command. So one byte 0 always brings both sides back to
 *     the start of a command, whatever was lost before.
 * Pure: it knows no hal; bytes leave through `put`.
 */
#ifndef BL_LINK_H
#define BL_LINK_H

#include <stdint.h>

#define BL_COMMAND_MAX 80

typedef enum {
  BL_LINK_MORE,         /* nothing to do yet */
  BL_LINK_COMMAND,      /* link->command holds a command, without '%' and checksum */
  BL_LINK_TOO_LONG,     /* a command of more than BL_COMMAND_MAX characters was dropped */
  BL_LINK_BAD_CHECKSUM, /* a command whose checksum is wrong was dropped */
  BL_LINK_BLOCK,        /* the expected block is complete and its checksum right */
  BL_LINK_BAD_BLOCK,    /* the block was too short, too long, or its checksum wrong */
} bl_link_event;

typedef struct {
  void (*put)(char c);
  char command[BL_COMMAND_MAX + 1];
  uint32_t length;
  int skipping; /* the rest of a command that is too long */
  int checked;  /* the present command had a checksum: answer with checksums */
  uint32_t line_crc;
  uint8_t *block; /* where the expected block goes; NULL: no block is expected */
  uint32_t block_length, block_crc, block_received;
  uint32_t cobs_left; /* bytes until the next code byte */
  int cobs_zero, block_overflow;
} bl_link;

void bl_link_init(bl_link *link, void (*put)(char c));
bl_link_event bl_link_feed(bl_link *link, uint8_t byte);
void bl_link_expect_block(bl_link *link, uint8_t *block, uint32_t length, uint32_t crc);

/* A reply line is any number of pieces, then bl_link_end. */
void bl_link_text(bl_link *link, const char *text);
void bl_link_unsigned(bl_link *link, uint32_t value);
void bl_link_hex(bl_link *link, const void *data, uint32_t bytes);
void bl_link_hex32(bl_link *link, uint32_t value); /* 8 digits */
void bl_link_end(bl_link *link);

#endif
