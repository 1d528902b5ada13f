/* Four sums at a time. */
#include "add.h"
#include "mve.h"

/* What all values share. */
typedef struct {
  int32_t a_multiplier, b_multiplier;
  int32x4_t bias, min, max;
} factors;

/* A row of outputs from two rows of inputs. */
static void row_of(const factors *f, const int8_t *a, const int8_t *b, int8_t *output,
                   int32_t count) {
  __asm volatile(
      "wlstp.32 lr, %[count], 2f\n"
      "1:\n\t"
      "vldrb.s32 q0, [%[a]], #4\n\t"
      "vldrb.s32 q1, [%[b]], #4\n\t"
      "vmul.i32 q0, q0, %[of_a]\n\t"
      "vmla.s32 q0, q1, %[of_b]\n\t"
      "vadd.i32 q0, q0, %q[bias]\n\t"
      "vshr.s32 q0, q0, %[bits]\n\t"
      "vmax.s32 q0, q0, %q[min]\n\t"
      "vmin.s32 q0, q0, %q[max]\n\t"
      "vstrb.32 q0, [%[output]], #4\n\t"
      "letp lr, 1b\n"
      "2:"
      : [a] "+&l"(a), [b] "+&l"(b), [output] "+&l"(output)
      : [count] "r"(count), [of_a] "r"(f->a_multiplier), [of_b] "r"(f->b_multiplier),
        [bias] "w"(f->bias), [min] "w"(f->min), [max] "w"(f->max), [bits] "i"(BL_ADD_LINEAR_BITS)
      : "q0", "q1", "lr", "memory");
}

/* A row of outputs from a row of inputs times `multiplier`, and f->bias. */
static void row_and_one(const factors *f, int32_t multiplier, const int8_t *row, int8_t *output,
                        int32_t count) {
  for (; count > 0; count -= 4, row += 4, output += 4) {
    const mve_pred16_t lanes = vctp32q((uint32_t)count);
    const int32x4_t product = vmulq_n_s32(vldrbq_z_s32(row, lanes), multiplier);
    const int32x4_t sum = vshrq_n_s32(vaddq_s32(product, f->bias), BL_ADD_LINEAR_BITS);
    vstrbq_p_s32(output, vminq_s32(vmaxq_s32(sum, f->min), f->max), lanes);
  }
}

bl_status bl_add_linear_s8_mve(const bl_add_linear_s8 *p, const int8_t *a, const int8_t *b,
                               int8_t *output) {
  const bl_broadcast *s = &p->shape;
  if (!bl_broadcast_is_valid(s) || s->a_inner > 1 || s->b_inner > 1) {
    return BL_BAD_ARGUMENT;
  }
  const factors f = {p->a_multiplier, p->b_multiplier, vdupq_n_s32(p->bias),
                     vdupq_n_s32(p->activation_min), vdupq_n_s32(p->activation_max)};
  factors with_one = f;
  for (int32_t o = 0; o < s->outer; o++) {
    for (int32_t m = 0; m < s->middle; m++, output += s->inner) {
      const int8_t *from_a = a + o * s->a_outer + m * s->a_middle;
      const int8_t *from_b = b + o * s->b_outer + m * s->b_middle;
      if (s->a_inner && s->b_inner) {
        row_of(&f, from_a, from_b, output, s->inner);
      } else if (s->a_inner) {
        with_one.bias = vaddq_n_s32(f.bias, *from_b * f.b_multiplier);
        row_and_one(&with_one, f.a_multiplier, from_a, output, s->inner);
      } else {
        with_one.bias = vaddq_n_s32(f.bias, *from_a * f.a_multiplier);
        row_and_one(&with_one, f.b_multiplier, from_b, output, s->inner);
      }
    }
  }
  return BL_OK;
}
