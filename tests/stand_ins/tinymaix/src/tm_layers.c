/* The layers, in real numbers. */
#include <string.h>

#include "tinymaix.h"
#if TM_ARCH == TM_ARCH_CPU
#include "arch_cpu.h"
#else
#error "the stand-in has no SIMD"
#endif

enum { CONVOLUTION, MEAN, DENSE, SOFTMAX, RESHAPE, DEPTHWISE, SUM };

typedef struct {
  uint8_t w, h, step_w, step_h, dilation_w, dilation_h;
  uint16_t activation;
  uint8_t top, bottom, left, right;
  uint32_t multiplier, reserved;
} window;

/* A constant of a layer, whose places lie at `at`: 0 scales, 1 weights, 2 bias. */
static const void *constant(const uint8_t *layer, uint32_t at, int number) {
  uint32_t place;
  memcpy(&place, layer + at + 4 * number, sizeof place);
  return layer + place;
}

static float scaled(float sum, const tml_head_t *head, const float *scales, int c) {
#if TM_MDL_TYPE == TM_MDL_INT8
  return sum * head->in_s * scales[c];
#else
  (void)head, (void)scales, (void)c;
  return sum;
#endif
}

static void windows(const uint8_t *layer, const tml_head_t *head, const mtype_t *in, mtype_t *out) {
  window win;
  memcpy(&win, layer + sizeof *head, sizeof win);
  const uint32_t at = sizeof *head + sizeof win;
  const float *scales = constant(layer, at, 0);
  const mtype_t *taps = constant(layer, at, 1);
  const btype_t *bias = constant(layer, at, 2);
  const int height = head->in_dims[1], width = head->in_dims[2], depth = head->in_dims[3];
  const int channels = win.multiplier ? 1 : depth, size = win.w * win.h;
  for (int y = 0; y < head->out_dims[1]; y++) {
    for (int x = 0; x < head->out_dims[2]; x++) {
      for (int c = 0; c < head->out_dims[3]; c++) {
        btype_t sum = bias[c];
        for (int k = 0; k < channels; k++) {
          const int channel = win.multiplier ? c / (int)win.multiplier : k;
          for (int tap = 0; tap < size; tap++) {
            const int iy = y * win.step_h - win.top + tap / win.w;
            const int ix = x * win.step_w - win.left + tap % win.w;
            const int inside = iy >= 0 && iy < height && ix >= 0 && ix < width;
            const mtype_t found = inside ? in[(iy * width + ix) * depth + channel] : head->in_zp;
            sum += found * taps[(c * channels + k) * size + tap];
          }
        }
        float real = scaled(sum, head, scales, c);
        real = win.activation && real < 0 ? 0 : real;
        real = win.activation == 3 && real > 6 ? 6 : real;
        *out++ = value(real, head);
      }
    }
  }
}

static void dense(const uint8_t *layer, const tml_head_t *head, const mtype_t *in, mtype_t *out) {
  const mtype_t *taps = constant(layer, sizeof *head, 1);
  const btype_t *bias = constant(layer, sizeof *head, 2);
  for (int c = 0; c < head->out_dims[3]; c++) {
    btype_t sum = bias[c];
    for (int k = 0; k < head->in_dims[3]; k++) {
      sum += in[k] * *taps++;
    }
    out[c] = value(scaled(sum, head, constant(layer, sizeof *head, 0), 0), head);
  }
}

static float real(const tml_head_t *head, mtype_t stored) {
  return (stored - head->in_zp) * head->in_s;
}

static void mean(const tml_head_t *head, const mtype_t *in, mtype_t *out) {
  const int pixels = head->in_dims[1] * head->in_dims[2], channels = head->in_dims[3];
  for (int c = 0; c < channels; c++) {
    float sum = 0;
    for (int i = 0; i < pixels; i++) {
      sum += real(head, in[i * channels + c]);
    }
    out[c] = value(sum / (float)pixels, head);
  }
}

static void softmax(const tml_head_t *head, const mtype_t *in, mtype_t *out) {
  float *raised = (float *)out, greatest = real(head, in[0]), sum = 0;
  for (int c = 1; c < head->in_dims[3]; c++) {
    greatest = fmaxf(greatest, real(head, in[c]));
  }
  for (int c = 0; c < head->in_dims[3]; c++) {
    raised[c] = expf(real(head, in[c]) - greatest);
    sum += raised[c];
  }
  for (int c = 0; c < head->in_dims[3]; c++) {
    out[c] = value(raised[c] / sum, head);
  }
}

static void add(const uint8_t *layer, const tml_head_t *head, const mtype_t *in,
                const mtype_t *other, mtype_t *out) {
  tml_head_t second;
  memcpy(&second.in_s, layer + sizeof *head + 4, 8);
  for (int i = 0; i < head->in_dims[1] * head->in_dims[2] * head->in_dims[3]; i++) {
    out[i] = value(real(head, in[i]) + real(&second, other[i]), head);
  }
}

tm_err_t stand_in_layer(tm_mdl_t *model, const uint8_t *layer, const mtype_t *in) {
  tml_head_t head;
  uint32_t place;
  memcpy(&head, layer, sizeof head);
  mtype_t *out = (mtype_t *)(model->buf + head.out_oft);
  switch (head.type) {
    case CONVOLUTION:
    case DEPTHWISE:
      windows(layer, &head, in, out);
      return TM_OK;
    case MEAN:
      mean(&head, in, out);
      return TM_OK;
    case DENSE:
      dense(layer, &head, in, out);
      return TM_OK;
    case SOFTMAX:
      softmax(&head, in, out);
      return TM_OK;
    case SUM:
      memcpy(&place, layer + sizeof head, sizeof place);
      add(layer, &head, in, (const mtype_t *)(model->buf + place), out);
      return TM_OK;
    default:
      return TM_ERR;
  }
}
