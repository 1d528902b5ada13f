#include "exponential.h"
#include "log_softmax.h"
#include "requantise.h"

static int32_t product(int32_t a, int32_t b) {
  return bl_doubling_high_mul(a, b);
}

static int32_t leading_zeros(int32_t x) {
  int32_t count = 0;
  while (!(((uint32_t)x << count) & UINT32_C(0x80000000))) {
    count++;
  }
  return count;
}

/* log(x) for x >= 1, Q12.19 -> Q5.26: x is 2^k * r with r around sqrt(sqrt(1/2)), of which the
 * logarithm is a quotient of two polynomials in r less that. Constants are Q0.31. */
static int32_t log_at_least_one(int32_t x) {
  const int32_t log_2 = 1488522236, sqrt_half = 1518500250, root = 1805811301;
  const int32_t quarter = 1 << 23; /* Q6.25 */
  const int32_t a_shift = leading_zeros(x), b_shift = leading_zeros(product(x, sqrt_half)) - 1;
  const int32_t a =
      bl_shift_left_saturating(product(bl_shift_left_saturating(x, a_shift - 1), sqrt_half), 1);
  const int32_t b = bl_shift_left_saturating(x, b_shift);
  const int32_t a_power = (12 - a_shift) * (1 << 25) + quarter;
  const int32_t b_power = (12 - b_shift) * (1 << 25) - quarter;
  const int32_t r = a < b ? a : b, power = a_power > b_power ? a_power : b_power;
  const int32_t mean = (int32_t)(((int64_t)r + root + 1) / 2);
  const int32_t q = 2 * (r - root), q_squared = product(q, q);
  const int32_t numerator = product(q, r) + product(product(q, q_squared), 117049297);
  const int32_t inner = 1057819769 + q + product(127690142, q_squared);
  const int32_t denominator = product(mean, inner) + product(638450708, q); /* less 1 */
  const int32_t quotient =
      product(bl_rounding_shift_right(numerator, 6), bl_reciprocal_of_one_plus(denominator));
  return bl_shift_left_saturating(product(power, log_2) + quotient, 1);
}

static void row_s8(const bl_log_softmax_s8 *p, const int8_t *input, int8_t *output) {
  int32_t maximum = INT8_MIN;
  for (int32_t c = 0; c < p->row_length; c++) {
    maximum = input[c] > maximum ? input[c] : maximum;
  }
  int32_t sum = 0; /* Q12.19 */
  for (int32_t c = 0; c < p->row_length; c++) {
    const int32_t difference = input[c] - maximum;
    if (difference >= p->difference_min) {
      const int32_t scaled = bl_requantise(difference, p->multiplier, p->shift);
      sum += bl_rounding_shift_right(bl_exp_negative(scaled), 12);
    }
  }
  const int32_t log_sum = log_at_least_one(sum); /* Q5.26 */
  const int32_t representable =
      bl_requantise(log_sum + INT32_MIN, p->reverse_multiplier, p->reverse_shift);
  const int32_t least = representable > p->difference_min ? representable : p->difference_min - 1;
  for (int32_t c = 0; c < p->row_length; c++) {
    const int32_t difference = input[c] - maximum;
    int32_t value = INT8_MIN;
    if (difference > least) {
      const int32_t scaled = bl_requantise(difference, p->multiplier, p->shift);
      value = bl_clamp(bl_rounding_shift_right(scaled - log_sum, 22) + 127, INT8_MIN, INT8_MAX);
    }
    output[c] = (int8_t)value;
  }
}

bl_status bl_log_softmax_s8_ref(const bl_log_softmax_s8 *p, const int8_t *input, int8_t *output) {
  if (p->rows <= 0 || p->row_length <= 0 || p->shift < 0 || p->reverse_shift > 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t r = 0; r < p->rows; r++, input += p->row_length, output += p->row_length) {
    row_s8(p, input, output);
  }
  return BL_OK;
}
