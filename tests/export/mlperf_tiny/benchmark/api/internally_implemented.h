// A stand-in of MLPerf Tiny's header of the same name: what its device code defines.
#ifndef INTERNALLY_IMPLEMENTED_H
#define INTERNALLY_IMPLEMENTED_H

#include <stddef.h>
#include <stdint.h>

#define EE_MODEL_VERSION_VWW01 "vww01"
#define EE_MODEL_VERSION_IC01 "ic01"

void ee_serial_callback(char c);
void ee_serial_command_parser_callback(char *command);
void ee_benchmark_initialize();
size_t ee_get_buffer(uint8_t *buffer, size_t most);

#endif
