/* One inference of a model that microTVM compiled, between the triggers. Memory for it is a stack,
 * as in TVM's own runtime. The input is all zero: no kernel's time depends on values. */
#include <stddef.h>
#include <stdint.h>

void initialise_board(void);
void start_trigger(void);
void stop_trigger(void);
int32_t tvmgen_default_run(void **inputs, void **outputs);
void *TVMBackendAllocWorkspace(int kind, int device, uint64_t bytes, int code, int bits);
int TVMBackendFreeWorkspace(int kind, int device, void *at);

enum { ALIGNMENT = 16 };
static union {
  uint8_t bytes[CAL_WORKSPACE];
  uint64_t aligned;
} workspace __attribute__((aligned(ALIGNMENT)));
static size_t used;
static float input[CAL_INPUT / sizeof(float) + 1], output[CAL_OUTPUT / sizeof(float) + 1];

void *TVMBackendAllocWorkspace(int kind, int device, uint64_t bytes, int code, int bits) {
  (void)kind;
  (void)device;
  (void)code;
  (void)bits;
  void *at = &workspace.bytes[used];
  used += ((size_t)bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  return used <= sizeof workspace ? at : NULL;
}

int TVMBackendFreeWorkspace(int kind, int device, void *at) {
  (void)kind;
  (void)device;
  used = (size_t)((uint8_t *)at - workspace.bytes);
  return 0;
}

int main(void) {
  void *inputs[] = {input}, *outputs[] = {output};
  initialise_board();
  start_trigger();
  const int32_t status = tvmgen_default_run(inputs, outputs);
  stop_trigger();
  return status != 0 || used != 0;
}
