/* The taps of a filter that reach a place of the output, along one axis. */
#ifndef BL_TRANSPOSE_CONV_REACH_H
#define BL_TRANSPOSE_CONV_REACH_H

#include <stdint.h>

/* The taps begin, begin + stride, .. below end that reach output position `out` from an input
 * position; tap k reaches it from position (out + pad - k) / stride. */
typedef struct {
  int32_t begin, end, from; /* `from`: the input position of the tap `begin` */
} reach;

static inline reach taps_of(int32_t out, int32_t stride, int32_t pad, int32_t filter,
                            int32_t input) {
  const int32_t at = out + pad;
  reach r = {at % stride, at < filter ? at + 1 : filter, at / stride};
  if (r.from >= input) { /* the first taps would need pixels behind the map */
    r.begin += (r.from - (input - 1)) * stride;
    r.from = input - 1;
  }
  return r;
}

#endif
