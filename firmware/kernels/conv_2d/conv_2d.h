/* CONV_2D: a dense convolution with bias, requantisation and a fused activation.
 *
 *   output[y, x, o] = act(bias[o] + sum over ky, kx, c of input[.., .., c] * filter[o, ky, kx, c])
 *
 * filter is OHWI; bias has output_c entries and may be NULL. Padding contributes real 0.
 */
#ifndef BL_CONV_2D_H
#define BL_CONV_2D_H

#include "kernel.h"

/* One input pixel per output pixel, the same one: a 1x1 filter without stride or padding. */
static inline int bl_window_is_pointwise(const bl_window *w) {
  return w->filter_h == 1 && w->filter_w == 1 && w->stride_h == 1 && w->stride_w == 1 &&
         w->input_h == w->output_h && w->input_w == w->output_w;
}

typedef struct {
  bl_window window;
  int32_t input_zero_point, output_zero_point; /* real = scale * (q - zero_point) */
  int32_t activation_min, activation_max;      /* quantised, within int8 */
} bl_conv_2d_s8;

typedef struct {
  bl_window window;
  float activation_min, activation_max;
} bl_conv_2d_f32;

/* multiplier and shift: output_c entries each, see requantise.h. */
bl_status bl_conv_2d_s8_ref(const bl_conv_2d_s8 *p, const int8_t *input, const int8_t *filter,
                            const int32_t *bias, const int32_t *multiplier, const int32_t *shift,
                            int8_t *output);

bl_status bl_conv_2d_f32_ref(const bl_conv_2d_f32 *p, const float *input, const float *filter,
                             const float *bias, float *output);

/* Computes the same bits with 16-bit SIMD, see dsp.h; lower.py packs the filter.
 *
 * filter: for every two output channels their biases, for every pair of inputs a word, its bytes
 * being (channel 0 first, channel 1 first, channel 0 second, channel 1 second), then multiplier and
 * scale of channel 0, of channel 1, as in bl_channel. Of an odd number of channels the last two are
 * a pair again; a single one is both. The inputs of a run (a row of the window, or one pixel if
 * dilation_w > 1) are paired (0, 2), (1, 3), (4, 6) .. and the last 1 to 3 of them (0, 1), (2, -).
 * scratch: 4-byte aligned, at least 16 * pairs + run bytes.
 * Order: output pixels ascend in blocks of 4 (a rest of 1 or 2 singly); all inputs of a block are
 * read before its first output is written. So output pixel i waits for no input beyond that of
 * pixel 4 * (i / 4) + 3, and in a 1x1 convolution earlier pixels are never read again. */
bl_status bl_conv_2d_s8_dsp(const bl_conv_2d_s8 *p, const int8_t *input, const int32_t *filter,
                            void *scratch, int32_t scratch_bytes, int8_t *output);

/* Does the same for many pixels at a time, as many as scratch has room for: 4-byte aligned, at
 * least 40 * pairs + run bytes; every 16 * pairs more are for 4 pixels more. There are at least 2
 * output channels, 2 pairs and 4 output pixels. filter: the same. Order: output pixels ascend in
 * such groups; all inputs of a group are read before its first output is written. */
bl_status bl_conv_2d_s8_blocks_dsp(const bl_conv_2d_s8 *p, const int8_t *input,
                                   const int32_t *filter, void *scratch, int32_t scratch_bytes,
                                   int8_t *output);

/* Does the same for activation_min >= output_zero_point, see bl_requantise_fast. */
bl_status bl_conv_2d_s8_relu_blocks_dsp(const bl_conv_2d_s8 *p, const int8_t *input,
                                        const int32_t *filter, void *scratch, int32_t scratch_bytes,
                                        int8_t *output);

/* Does the same for a 3x3 window on a single channel, dilation_w 1.
 *
 * filter: for every output channel bias, five pairs of taps: (0, 2) of each row, (1 of row 0, 1 of
 * row 1), (1 of row 2, -), then multiplier and scale, as in bl_channel; - is 0 in the last channel,
 * -1 in others. Order: output pixels ascend; all inputs of a pixel are read before its first output
 * is written. */
bl_status bl_conv_2d_s8_mono_dsp(const bl_conv_2d_s8 *p, const int8_t *input, const int32_t *filter,
                                 int8_t *output);

/* Computes the same bits in plain C. bias has output_c entries and holds, other than above, bias[o]
 * - input_zero_point * sum of filter[o], wrapped. scratch: 2 * filter_h * filter_w * input_c
 * bytes, none in a 1x1 convolution without padding. Order: output pixels ascend, two at a time;
 * their inputs are read before the first output is written, in a 1x1 convolution for every two
 * channels. */
bl_status bl_conv_2d_s8_scalar(const bl_conv_2d_s8 *p, const int8_t *input, const int8_t *filter,
                               const int32_t *bias, const int32_t *multiplier, const int32_t *shift,
                               void *scratch, int32_t scratch_bytes, int8_t *output);

/* Does the same for a 3x3 window on a single channel, dilation_w 1. filter: for every output
 * channel bias, multiplier, shift and nine taps. Order: as bl_conv_2d_s8_mono_dsp. */
bl_status bl_conv_2d_s8_mono_scalar(const bl_conv_2d_s8 *p, const int8_t *input,
                                    const int32_t *filter, int8_t *output);

/* Computes the same bits with MVE, for shifts <= 0; lower.py packs the filter.
 *
 * filter: for every four output channels four words each of bias[o] - input_zero_point * sum of
 * filter[o], multiplier and shift, then their rows: 16 bytes of each by turns, and behind these
 * what is left of each row, which zeros fill up to 16 bytes if a row has more than these. If a
 * block is one pixel, the rows lie one behind the other. Channels that fill no four follow one by
 * one, with a word each of the same three and a row that zeros fill up to whole words; if a block
 * has fewer than four pixels, zeros fill up the last four channels. 16 zeros more are behind all. A
 * row is filter[o], by columns of the window if dilation_w is 1, output_w more, stride_w at most
 * filter_w, and a row of the window has more than 16 bytes or (stride_w - 1) * filter_h is at
 * most 8.
 * scratch: for a pixel filter_h * filter_w * input_c bytes, with what fills them up unless the map
 * is one pixel; for each pixel more that a block has stride_w * filter_h * input_c by columns, else
 * as much as a pixel has without that. Order: output pixels ascend in blocks, of a row if by
 * columns; all inputs of a block are read before its first output is written. */
bl_status bl_conv_2d_s8_mve(const bl_conv_2d_s8 *p, const int8_t *input, const int32_t *filter,
                            void *scratch, int32_t scratch_bytes, int8_t *output);

/* Does the same where the inputs under a window lie in one piece: for filter_h 1, without padding
 * and dilation_w; nothing fills up the rests of four rows. Order: output pixels ascend in blocks of
 * at most 16, or 32 with fewer than 4 output channels, counted from the begin of the map if it is
 * pointwise, else of each row; while a block is written, its inputs are still read. */
bl_status bl_conv_2d_s8_direct_mve(const bl_conv_2d_s8 *p, const int8_t *input,
                                   const int32_t *filter, int8_t *output);

/* Does the same for a 3x3 window on a single channel, dilation_w 1. filter: for every
 * four output channels the twelve words, then four rows of 16 bytes: three of taps and a 0, three
 * times, then zeros; the last four are filled up with zeros. Order: as bl_conv_2d_s8_mono_dsp. */
bl_status bl_conv_2d_s8_mono_mve(const bl_conv_2d_s8 *p, const int8_t *input, const int32_t *filter,
                                 int8_t *output);

/* Computes the same sums with 16 of them in registers, within the rounding of float32; for
 * activations as in float32.h. bias is not NULL; filter is blocks of 4 output channels as (H, W, I,
 * 4), the last one filled with zeros. Order: output pixels ascend in blocks of at most 4; all
 * inputs of a block are read, once per 4 channels, before the last of its outputs is written. So
 * output pixel i must lie on no input that pixels 4 * (i / 4) and later read, unless output_c <= 4.
 */
bl_status bl_conv_2d_f32_fpu(const bl_conv_2d_f32 *p, const float *input, const float *filter,
                             const float *bias, float *output);

/* Weights with a zero point, as TFLite's uint8 models have: filter[i] - filter_zero_point takes the
 * place of filter[i]. */
typedef struct {
  bl_window window;
  int32_t input_zero_point, output_zero_point; /* real = scale * (q - zero_point) */
  int32_t activation_min, activation_max;      /* quantised, within int8 */
  int32_t filter_zero_point;
} bl_conv_2d_offset_s8;

bl_status bl_conv_2d_offset_s8_ref(const bl_conv_2d_offset_s8 *p, const int8_t *input,
                                   const int8_t *filter, const int32_t *bias,
                                   const int32_t *multiplier, const int32_t *shift, int8_t *output);

/* Groups: output channel o reads only the input_c / groups channels of its group, which is number
 * o / (output_c / groups). filter is OHWI with so many I. */
typedef struct {
  bl_window window;
  int32_t groups;
  int32_t input_zero_point, output_zero_point; /* real = scale * (q - zero_point) */
  int32_t activation_min, activation_max;      /* quantised, within int8 */
} bl_conv_2d_grouped_s8;

typedef struct {
  bl_window window;
  int32_t groups;
  float activation_min, activation_max;
} bl_conv_2d_grouped_f32;

bl_status bl_conv_2d_grouped_s8_ref(const bl_conv_2d_grouped_s8 *p, const int8_t *input,
                                    const int8_t *filter, const int32_t *bias,
                                    const int32_t *multiplier, const int32_t *shift,
                                    int8_t *output);

bl_status bl_conv_2d_grouped_f32_ref(const bl_conv_2d_grouped_f32 *p, const float *input,
                                     const float *filter, const float *bias, float *output);

/* int16 values with int8 weights, in any number of groups. There are no zero points; the bias has
 * 64 bits, and so have sums where `wide` is 1, see wide.h. */
typedef struct {
  bl_window window;
  int32_t groups; /* both channel counts are multiples */
  int32_t wide;
  int32_t activation_min, activation_max; /* quantised, within int16 */
} bl_conv_2d_s16;

bl_status bl_conv_2d_s16_ref(const bl_conv_2d_s16 *p, const int16_t *input, const int8_t *filter,
                             const int64_t *bias, const int32_t *multiplier, const int32_t *shift,
                             int16_t *output);

/* Scales by real factors, output_c entries, see real_factor.h. */
bl_status bl_conv_2d_real_s8_ref(const bl_conv_2d_grouped_s8 *p, const int8_t *input,
                                 const int8_t *filter, const int32_t *bias, const float *factor,
                                 int8_t *output);

#endif
