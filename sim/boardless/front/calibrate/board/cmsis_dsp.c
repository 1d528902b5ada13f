/* Calls one function of CMSIS-DSP in a published ELF, as its measurement did.
 *
 * CAL_FUNCTION is a number below, CAL_LENGTH samples (complex ones for CFFT), CAL_WARM how many
 * calls went before. Instances of CMSIS-DSP are opaque here: its own initialising functions fill
 * them in.
 */
#include <stdint.h>

#define CFFT 1
#define RFFT 2
#define FIR 3
#define BIQUAD 4

#ifndef CAL_WARM
#define CAL_WARM 0
#endif

enum { TAPS = 32, SAMPLES = 8192 };

void start_trigger(void);
void stop_trigger(void);

static float input[SAMPLES];
#if CAL_FUNCTION != CFFT
static float output[SAMPLES];
#endif

#if CAL_FUNCTION == CFFT
extern const uint8_t CAL_TABLE[];
void arm_cfft_f32(const void *table, float *data, uint8_t inverse, uint8_t reverse_bits);
static void prepare(void) {}
static void call(void) {
  arm_cfft_f32(CAL_TABLE, input, 0, 1);
}
#elif CAL_FUNCTION == RFFT
static uint32_t instance[16];
int8_t arm_rfft_fast_init_f32(void *instance, uint16_t length);
void arm_rfft_fast_f32(void *instance, float *input, float *output, uint8_t inverse);
static void prepare(void) {
  arm_rfft_fast_init_f32(instance, CAL_LENGTH);
}
static void call(void) {
  arm_rfft_fast_f32(instance, input, output, 0);
}
#elif CAL_FUNCTION == FIR
static uint32_t instance[8];
static float coefficients[TAPS], state[2048 + TAPS + 1];
void arm_fir_init_f32(void *instance, uint16_t taps, float *coefficients, float *state, uint32_t n);
void arm_fir_f32(const void *instance, const float *input, float *output, uint32_t n);
static void prepare(void) {
  for (int i = 0; i < TAPS; ++i) {
    coefficients[i] = (float)i / TAPS;
  }
  arm_fir_init_f32(instance, TAPS, coefficients, state, 2048);
}
static void call(void) {
  arm_fir_f32(instance, input, output, CAL_LENGTH);
}
#elif CAL_FUNCTION == BIQUAD
static uint32_t instance[8];
static float coefficients[5] = {0.1F, 0.2F, 0.3F, -0.4F, -0.4F}, state[4];
void arm_biquad_cascade_df1_init_f32(void *instance, uint8_t stages, float *c, float *state);
void arm_biquad_cascade_df1_f32(const void *instance, float *input, float *output, uint32_t n);
static void prepare(void) {
  arm_biquad_cascade_df1_init_f32(instance, 1, coefficients, state);
}
static void call(void) {
  arm_biquad_cascade_df1_f32(instance, input, output, CAL_LENGTH);
}
#endif

int main(void) {
  uint32_t random = 1;
  for (int i = 0; i < SAMPLES; ++i) {
    random = random * 1664525U + 1013904223U;
    input[i] = (float)(int32_t)random / 2147483648.0F;
  }
  prepare();
  for (int i = 0; i < CAL_WARM; ++i) {
    call();
  }
  start_trigger();
  call();
  stop_trigger();
  return 0;
}
