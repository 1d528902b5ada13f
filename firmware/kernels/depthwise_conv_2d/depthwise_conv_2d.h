/* DEPTHWISE_CONV_2D: every input channel has its own filters.
 *
 *   output[y, x, c * m + k] = act(bias[c * m + k] +
 *                                 sum over ky, kx of input[.., .., c] * filter[ky, kx, c * m + k])
 *
 * m = output_c / input_c is the depth multiplier; filter is 1HWO; bias has output_c entries and
 * may be NULL. Padding contributes real 0.
 */
#ifndef BL_DEPTHWISE_CONV_2D_H
#define BL_DEPTHWISE_CONV_2D_H

#include "kernel.h"

typedef struct {
  bl_window window;
  int32_t input_zero_point, output_zero_point; /* real = scale * (q - zero_point) */
  int32_t activation_min, activation_max;      /* quantised, within int8 */
} bl_depthwise_conv_2d_s8;

typedef struct {
  bl_window window;
  float activation_min, activation_max;
} bl_depthwise_conv_2d_f32;

/* multiplier and shift: output_c entries each, see requantise.h. */
bl_status bl_depthwise_conv_2d_s8_ref(const bl_depthwise_conv_2d_s8 *p, const int8_t *input,
                                      const int8_t *filter, const int32_t *bias,
                                      const int32_t *multiplier, const int32_t *shift,
                                      int8_t *output);

bl_status bl_depthwise_conv_2d_f32_ref(const bl_depthwise_conv_2d_f32 *p, const float *input,
                                       const float *filter, const float *bias, float *output);

/* Computes the same bits with 16-bit SIMD, see dsp.h, for 3x3 windows with stride_w 1 or 2, no
 * dilation, as many output as input channels and at least 4 of them; lower.py packs the filter.
 *
 * filter: for each channel three words, one per row of it: its taps (0, 1, 1, 2) as bytes; then a
 * bl_channel of dsp.h.
 * scratch: 4-byte aligned; a row of it takes 16 * ((output_w + 1) / 2 * stride_w + 1) bytes
 * and there must be at least 3. With more rows, (rows - 3) / stride_h + 1 output rows make a band.
 * Order: bands ascend. While a band is written, the input rows of its windows may still be read
 * (by other channels), earlier ones never again. */
bl_status bl_depthwise_conv_2d_s8_dsp(const bl_depthwise_conv_2d_s8 *p, const int8_t *input,
                                      const int32_t *filter, void *scratch, int32_t scratch_bytes,
                                      int8_t *output);

/* Does the same if activation_min is at least output_zero_point, faster. A firmware has only what
 * its layers call. */
bl_status bl_depthwise_conv_2d_s8_relu_dsp(const bl_depthwise_conv_2d_s8 *p, const int8_t *input,
                                           const int32_t *filter, void *scratch,
                                           int32_t scratch_bytes, int8_t *output);

/* Do the same for 1 to 3 input channels and any depth multiplier. Order: bands ascend; all inputs
 * of a band are read before its first output is written. */
bl_status bl_depthwise_conv_2d_s8_thin_dsp(const bl_depthwise_conv_2d_s8 *p, const int8_t *input,
                                           const int32_t *filter, void *scratch,
                                           int32_t scratch_bytes, int8_t *output);

bl_status bl_depthwise_conv_2d_s8_thin_relu_dsp(const bl_depthwise_conv_2d_s8 *p,
                                                const int8_t *input, const int32_t *filter,
                                                void *scratch, int32_t scratch_bytes,
                                                int8_t *output);

/* Computes the same bits with 16-bit SIMD for any window, for at least 4 output channels that are
 * as many as the input channels or at least 4 times as many; lower.py packs the channels.
 *
 * scratch: 4-byte aligned, 8 * filter_h * filter_w bytes. Order: as the reference's. */
bl_status bl_depthwise_conv_2d_s8_taps_dsp(const bl_depthwise_conv_2d_s8 *p, const int8_t *input,
                                           const int8_t *filter, const int32_t *channels,
                                           void *scratch, int32_t scratch_bytes, int8_t *output);

/* Computes the same bits in plain C, for any window of fewer than 65536 taps. filter: output
 * channels, each with its rows of taps. channels: for each output channel a word each of
 * bias - input_zero_point * sum of the channel's taps, wrapped; multiplier; 256 times that sum,
 * plus the lowest byte of the shift. Order: as the reference's. */
bl_status bl_depthwise_conv_2d_s8_scalar(const bl_depthwise_conv_2d_s8 *p, const int8_t *input,
                                         const int8_t *filter, const int32_t *channels,
                                         int8_t *output);

/* Does the same four output channels at a time, where these are as many as the input channels, or a
 * multiple of four times as many. filter: for every four output channels their first taps, their
 * second ones, and so on; what is left of them lies as above. */
bl_status bl_depthwise_conv_2d_s8_fours_scalar(const bl_depthwise_conv_2d_s8 *p,
                                               const int8_t *input, const int8_t *filter,
                                               const int32_t *channels, int8_t *output);

/* Computes the same bits with MVE, for shifts <= 0, windows of at most 4x4 taps and as many output
 * as input channels; lower.py packs the filter.
 *
 * filter: for every four channels four words each of bias - input_zero_point * sum of the channel's
 * taps, multiplier and shift, then 16 taps of each: column by column, 4 rows, zeros where the
 * window is smaller. The last four channels are filled up with zeros. scratch: 16-byte aligned if
 * it can be; for each column that a row of windows covers but one, 4 * min(input_c, 16) bytes, and
 * 64 for that one. Order: output rows ascend; while one is written, the input rows of its windows
 * are still read, unless input_c <= 16: then all of them have been read before. */
bl_status bl_depthwise_conv_2d_s8_mve(const bl_depthwise_conv_2d_s8 *p, const int8_t *input,
                                      const int32_t *filter, void *scratch, int32_t scratch_bytes,
                                      int8_t *output);

/* Computes the same bits with MVE, for shifts <= 0 and any window; lower.py packs the filter.
 *
 * The taps of a window lie in lines: in columns where that takes fewer vectors of 16 bytes, in rows
 * elsewhere. filter: for every output channel a word each of bias - input_zero_point * sum of the
 * channel's taps, multiplier and shift; then its lines, with zeros for what dilation skips. The
 * first 16 taps of all lines come first, then the next 16; zeros fill up the last word. scratch:
 * for each of min(input_c, 8) channels a plane of as many lines as a window reaches over, each of
 * (outputs along a line, rounded up to fours, - 1) * stride + line's reach bytes; and 16 bytes. A
 * plane has at most 8191 bytes. With more lines, (lines - reach) / stride + 1 rows of windows make
 * a band. Order: bands ascend, from left to right if lines are columns; while one is written, the
 * input under it is still read, unless input_c <= 8. */
bl_status bl_depthwise_conv_2d_s8_lines_mve(const bl_depthwise_conv_2d_s8 *p, const int8_t *input,
                                            const int32_t *filter, void *scratch,
                                            int32_t scratch_bytes, int8_t *output);

/* Computes the same bits with MVE, for shifts <= 0, any window, as many output as input channels,
 * at least 16 of them, and taps of at least -127; lower.py packs the filter.
 *
 * filter: for every 16 channels 16 words each of bias - input_zero_point * sum of the channel's
 * taps, multiplier and shift, in the order 0, 4, 8, 12, 2, 6, 10, 14, 1, 5, 9, 13, 3, 7, 11, 15;
 * then 16 bytes for each tap. The last 16 channels may have some of those before. scratch: 4-byte
 * aligned, 8 bytes for each tap of the window and one for each channel. Order: as the reference's,
 * in channels by sixteens. */
bl_status bl_depthwise_conv_2d_s8_channels_mve(const bl_depthwise_conv_2d_s8 *p,
                                               const int8_t *input, const int32_t *filter,
                                               void *scratch, int32_t scratch_bytes,
                                               int8_t *output);

/* Computes the same sums, with the taps of a channel in registers: for 3x3 windows with stride_w 1
 * or 2, no dilation, as many output as input channels, and activations as in float32.h. bias is not
 * NULL. Order: output rows ascend; while one is written, the input rows of its windows are still
 * read. */
bl_status bl_depthwise_conv_2d_f32_fpu(const bl_depthwise_conv_2d_f32 *p, const float *input,
                                       const float *filter, const float *bias, float *output);

/* Weights with a zero point, as TFLite's uint8 models have: filter[i] - filter_zero_point takes the
 * place of filter[i]. */
typedef struct {
  bl_window window;
  int32_t input_zero_point, output_zero_point; /* real = scale * (q - zero_point) */
  int32_t activation_min, activation_max;      /* quantised, within int8 */
  int32_t filter_zero_point;
} bl_depthwise_conv_2d_offset_s8;

bl_status bl_depthwise_conv_2d_offset_s8_ref(const bl_depthwise_conv_2d_offset_s8 *p,
                                             const int8_t *input, const int8_t *filter,
                                             const int32_t *bias, const int32_t *multiplier,
                                             const int32_t *shift, int8_t *output);

/* int16 values with int8 weights. There are no zero points; the bias has 64 bits, and so have sums
 * where `wide` is 1, see wide.h. */
typedef struct {
  bl_window window;
  int32_t wide;
  int32_t activation_min, activation_max; /* quantised, within int16 */
} bl_depthwise_conv_2d_s16;

bl_status bl_depthwise_conv_2d_s16_ref(const bl_depthwise_conv_2d_s16 *p, const int16_t *input,
                                       const int8_t *filter, const int64_t *bias,
                                       const int32_t *multiplier, const int32_t *shift,
                                       int16_t *output);

/* Scales by real factors, output_c entries, see real_factor.h. */
bl_status bl_depthwise_conv_2d_real_s8_ref(const bl_depthwise_conv_2d_s8 *p, const int8_t *input,
                                           const int8_t *filter, const int32_t *bias,
                                           const float *factor, int8_t *output);

#endif
