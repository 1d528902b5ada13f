/* Rounds a real number to a value of the layer's output. */
#include <math.h>

static inline mtype_t value(float real, const tml_head_t *head) {
#if TM_MDL_TYPE == TM_MDL_INT8
  const float steps = floorf(real / head->out_s + 0.5F) + (float)head->out_zp;
  return (mtype_t)(steps < -128 ? -128 : steps > 127 ? 127 : steps);
#else
  (void)head;
  return real;
#endif
}
