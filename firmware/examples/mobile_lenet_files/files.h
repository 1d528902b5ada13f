/* Reading whole files, by whatever keeps them: semihosting.c here, LittleFS or FAT on a board. */
#ifndef FILES_H
#define FILES_H

#include <stdint.h>

/* A file that is open for reading; negative: there is none. */
int32_t file_open(const char *name);

/* Its size in bytes; negative where it is not known. */
int32_t file_bytes(int32_t file);

/* Reads `bytes` bytes from where the last call ended. Returns how many were read. */
int32_t file_read(int32_t file, void *to, int32_t bytes);

void file_close(int32_t file);

#endif
