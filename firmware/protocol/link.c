#include "link.h"

#include <string.h>

#include "crc32.h"

static const char hex_digits[] = "0123456789abcdef";

void bl_link_init(bl_link *link, void (*put)(char c)) {
  memset(link, 0, sizeof *link);
  link->put = put;
}

static int hex_value(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

/* Strips " ~XXXXXXXX" off the command and checks it. */
static bl_link_event end_of_command(bl_link *link) {
  const uint32_t suffix = 10, length = link->length;
  link->command[length] = 0;
  link->length = 0;
  link->checked = 0;
  if (length < suffix || link->command[length - 10] != ' ' || link->command[length - 9] != '~') {
    return BL_LINK_COMMAND;
  }
  uint32_t crc = 0;
  for (uint32_t i = length - 8; i < length; i++) {
    const int digit = hex_value(link->command[i]);
    if (digit < 0) {
      return BL_LINK_BAD_CHECKSUM;
    }
    crc = crc << 4 | (uint32_t)digit;
  }
  link->command[length - suffix] = 0;
  if (crc != bl_crc32(0, link->command, length - suffix)) {
    return BL_LINK_BAD_CHECKSUM;
  }
  link->checked = 1;
  return BL_LINK_COMMAND;
}

static bl_link_event feed_text(bl_link *link, uint8_t byte) {
  if (byte == 0) {
    link->length = 0;
    link->skipping = 0;
    return BL_LINK_MORE;
  }
  if (byte == '%') {
    if (link->skipping) {
      link->skipping = 0;
      link->length = 0;
      link->checked = 0;
      return BL_LINK_TOO_LONG;
    }
    return end_of_command(link);
  }
  if (byte == '\r' || byte == '\n' || link->skipping) {
    return BL_LINK_MORE; /* a person may press Enter after '%' */
  }
  if (link->length == BL_COMMAND_MAX) {
    link->skipping = 1;
    return BL_LINK_MORE;
  }
  link->command[link->length++] = (char)byte;
  return BL_LINK_MORE;
}

static void store(bl_link *link, uint8_t byte) {
  if (link->block_received < link->block_length) {
    link->block[link->block_received++] = byte;
  } else {
    link->block_overflow = 1;
  }
}

/* Consistent overhead byte stuffing: a code byte n says that n - 1 bytes follow as they are, and
 * then, unless n is 255 or the block ends, a zero. */
static bl_link_event feed_block(bl_link *link, uint8_t byte) {
  if (byte == 0) {
    uint8_t *block = link->block;
    link->block = NULL;
    const int complete =
        link->cobs_left == 0 && !link->block_overflow && link->block_received == link->block_length;
    return complete && bl_crc32(0, block, link->block_length) == link->block_crc
               ? BL_LINK_BLOCK
               : BL_LINK_BAD_BLOCK;
  }
  if (link->cobs_left) {
    link->cobs_left--;
    store(link, byte);
    return BL_LINK_MORE;
  }
  if (link->cobs_zero) {
    store(link, 0);
  }
  link->cobs_left = byte - 1u;
  link->cobs_zero = byte != 255;
  return BL_LINK_MORE;
}

bl_link_event bl_link_feed(bl_link *link, uint8_t byte) {
  return link->block ? feed_block(link, byte) : feed_text(link, byte);
}

void bl_link_expect_block(bl_link *link, uint8_t *block, uint32_t length, uint32_t crc) {
  link->block = block;
  link->block_length = length;
  link->block_crc = crc;
  link->block_received = 0;
  link->cobs_left = 0;
  link->cobs_zero = 0;
  link->block_overflow = 0;
}

static void put_char(bl_link *link, char c) {
  if (link->checked) {
    link->line_crc = bl_crc32(link->line_crc, &c, 1);
  }
  link->put(c);
}

void bl_link_text(bl_link *link, const char *text) {
  while (*text) {
    put_char(link, *text++);
  }
}

void bl_link_unsigned(bl_link *link, uint32_t value) {
  char digits[10];
  uint32_t n = 0;
  do {
    digits[n++] = (char)('0' + value % 10);
    value /= 10;
  } while (value);
  while (n) {
    put_char(link, digits[--n]);
  }
}

void bl_link_hex(bl_link *link, const void *data, uint32_t bytes) {
  const uint8_t *p = data;
  while (bytes--) {
    put_char(link, hex_digits[*p >> 4]);
    put_char(link, hex_digits[*p++ & 15]);
  }
}

void bl_link_hex32(bl_link *link, uint32_t value) {
  for (int bit = 28; bit >= 0; bit -= 4) {
    put_char(link, hex_digits[value >> bit & 15]);
  }
}

void bl_link_end(bl_link *link) {
  if (link->checked) {
    const uint32_t crc = link->line_crc;
    bl_link_text(link, " ~");
    bl_link_hex32(link, crc);
    link->line_crc = 0;
  }
  link->put('\r');
  link->put('\n');
}
