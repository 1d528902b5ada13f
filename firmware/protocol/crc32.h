/* CRC-32 as in zlib, Ethernet and PNG; start with 0 and feed any number of pieces. */
#ifndef BL_CRC32_H
#define BL_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t bl_crc32(uint32_t crc, const void *data, size_t bytes);

#endif
