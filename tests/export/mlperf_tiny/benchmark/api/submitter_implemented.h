// A stand-in of MLPerf Tiny's header of the same name: what a submitter has to define.
#ifndef SUBMITTER_IMPLEMENTED_H
#define SUBMITTER_IMPLEMENTED_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EE_MSG_TIMESTAMP "m-lap-us-%lu\r\n"
#define EE_MSG_TIMESTAMP_MODE "m-timestamp-mode-performance\r\n"
#ifndef TH_MODEL_VERSION
#error "TH_MODEL_VERSION has to name the benchmark"
#endif

void th_load_tensor();
void th_results();
void th_infer();
void th_timestamp();
void th_printf(const char *format, ...);
char th_getchar();
void th_serialport_initialize();
void th_timestamp_initialize();
void th_final_initialize();
void th_pre();
void th_post();
void th_command_ready(char volatile *command);
size_t th_strnlen(const char *text, size_t most);

#endif
