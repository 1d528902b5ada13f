/* One call of a kernel of ESP-DSP between the triggers, with the arguments of its published table
 * of cycles. Values do not matter for time: data1 and data2, which twiddle factors are read from,
 * hold ones, all else zeros. */
#include <stddef.h>
#include <stdint.h>

/* The board's counter is read in line, so the triggers are labels, not functions. */
#define TRIGGER(name) __asm__ volatile(".global " #name "\n" #name ":" ::: "memory")

enum { SIZE = 2048, TAPS = 256 };
static float data1[SIZE], data2[SIZE], data3[SIZE], coefficients[5];
static struct {
  float *coefficients, *delay;
  int taps, position, decimation;
  int16_t further[8];
} filter = {data1, data2, TAPS, 0, CAL_DECIMATION, {0}};

int CAL_KERNEL();

int main(void) {
  int16_t *const a = (int16_t *)data1, *const b = (int16_t *)data2, *const c = (int16_t *)data3;
  (void)a, (void)b, (void)c, (void)filter, (void)coefficients;
  for (size_t i = 0; i < SIZE; ++i) {
    data1[i] = data2[i] = 1.0F;
  }
  TRIGGER(start_trigger);
  const int status = CAL_KERNEL(CAL_ARGUMENTS);
  TRIGGER(stop_trigger);
  return status;
}
