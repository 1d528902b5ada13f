#include "layers.h"

#include <math.h>

/* A filter's path along one axis. */
typedef struct {
  int32_t input, output;  /* pixels */
  int32_t stride, before; /* padding before the first pixel */
} axis;

static axis along(int32_t size, bl_layer_window w) {
  axis a = {.input = size, .stride = w.stride};
  int32_t padded = size;
  if (w.padding == BL_PADDING_SAME) {
    a.output = (size + w.stride - 1) / w.stride;
    const int32_t missing = (a.output - 1) * w.stride + w.kernel - size;
    a.before = missing > 0 ? missing / 2 : 0;
    return a;
  }
  if (w.padding == BL_PADDING_SYMMETRIC) {
    a.before = (w.kernel - 1) / 2;
    padded += 2 * a.before;
  }
  a.output = padded < w.kernel ? 0 : (padded - w.kernel) / w.stride + 1;
  return a;
}

/* Outputs [*begin, *end) that find tap k on the map: the loops over them need no edge test. */
static void outputs_on_map(const axis *a, int32_t k, int32_t *begin, int32_t *end) {
  const int32_t first = k - a->before; /* where output 0 finds it */
  *begin = first < 0 ? (-first + a->stride - 1) / a->stride : 0;
  *end = first < a->input ? (a->input - first + a->stride - 1) / a->stride : 0;
  if (*end > a->output) {
    *end = a->output;
  }
}

static int is_map(const bl_layer_map *map) {
  return map->c > 0 && map->h > 0 && map->w > 0;
}

static int is_window(bl_layer_window w) {
  return w.kernel > 0 && w.stride > 0 && (uint32_t)w.padding <= BL_PADDING_SAME;
}

static void fill(float *x, int32_t count, float value) {
  for (int32_t i = 0; i < count; i++) {
    x[i] = value;
  }
}

/* Adds one map under one filter to an output map, tap by tap. */
static void add_filtered(const float *input, const float *weight, int32_t kernel, const axis *rows,
                         const axis *columns, float *output) {
  for (int32_t ky = 0; ky < kernel; ky++) {
    int32_t y, y_end;
    outputs_on_map(rows, ky, &y, &y_end);
    for (; y < y_end; y++) {
      const float *in_row = input + (y * rows->stride - rows->before + ky) * columns->input;
      float *out_row = output + y * columns->output;
      for (int32_t kx = 0; kx < kernel; kx++) {
        const float tap = weight[ky * kernel + kx];
        int32_t x, x_end;
        outputs_on_map(columns, kx, &x, &x_end);
        const float *from = in_row + (x * columns->stride - columns->before + kx);
        for (; x < x_end; x++) {
          out_row[x] += tap * *from;
          from += columns->stride;
        }
      }
    }
  }
}

bl_status bl_layer_conv(const float *input, bl_layer_map *map, int32_t output_c,
                        bl_layer_window window, const float *weight, const float *bias,
                        float *output) {
  if (!is_map(map) || !is_window(window) || output_c <= 0) {
    return BL_BAD_ARGUMENT;
  }
  const axis rows = along(map->h, window), columns = along(map->w, window);
  if (rows.output <= 0 || columns.output <= 0) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t in_size = map->h * map->w, out_size = rows.output * columns.output;
  for (int32_t o = 0; o < output_c; o++) {
    fill(output, out_size, bias ? bias[o] : 0.0f);
    for (int32_t c = 0; c < map->c; c++) {
      add_filtered(input + c * in_size, weight, window.kernel, &rows, &columns, output);
      weight += window.kernel * window.kernel;
    }
    output += out_size;
  }
  *map = (bl_layer_map){output_c, rows.output, columns.output};
  return BL_OK;
}

/* The largest value of each window of a map of `columns` columns; output: h x w. */
static void largest(const float *x, int32_t columns, bl_layer_pool pool, int32_t h, int32_t w,
                    float *output) {
  for (int32_t y = 0; y < h; y++) {
    for (int32_t at = 0; at < w; at++) {
      const float *window = x + y * pool.stride * columns + at * pool.stride;
      float best = *window;
      for (int32_t dy = 0; dy < pool.size; dy++) {
        for (int32_t dx = 0; dx < pool.size; dx++) {
          const float value = window[dy * columns + dx];
          best = value > best ? value : best;
        }
      }
      *output++ = best;
    }
  }
}

bl_status bl_layer_conv_pool(const float *input, bl_layer_map *map, int32_t output_c,
                             bl_layer_window window, bl_layer_pool pool, const float *weight,
                             const float *bias, float *spare, float *output) {
  if (!is_map(map) || !is_window(window) || output_c <= 0 || pool.size <= 0 || pool.stride <= 0) {
    return BL_BAD_ARGUMENT;
  }
  const axis rows = along(map->h, window), columns = along(map->w, window);
  if (rows.output < pool.size || columns.output < pool.size) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t h = (rows.output - pool.size) / pool.stride + 1;
  const int32_t w = (columns.output - pool.size) / pool.stride + 1;
  const int32_t filter = map->c * window.kernel * window.kernel;
  for (int32_t o = 0; o < output_c; o++) {
    bl_layer_map one = *map;
    const bl_status status =
        bl_layer_conv(input, &one, 1, window, weight + o * filter, bias ? bias + o : bias, spare);
    if (status != BL_OK) {
      return status;
    }
    largest(spare, one.w, pool, h, w, output + o * h * w);
  }
  *map = (bl_layer_map){output_c, h, w};
  return BL_OK;
}

bl_status bl_layer_depthwise(const float *input, bl_layer_map *map, bl_layer_window window,
                             const float *weight, const float *bias, float *output) {
  if (!is_map(map) || !is_window(window)) {
    return BL_BAD_ARGUMENT;
  }
  const axis rows = along(map->h, window), columns = along(map->w, window);
  if (rows.output <= 0 || columns.output <= 0) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t in_size = map->h * map->w, out_size = rows.output * columns.output;
  for (int32_t c = 0; c < map->c; c++) {
    fill(output, out_size, bias ? bias[c] : 0.0f);
    add_filtered(input, weight, window.kernel, &rows, &columns, output);
    input += in_size;
    weight += window.kernel * window.kernel;
    output += out_size;
  }
  *map = (bl_layer_map){map->c, rows.output, columns.output};
  return BL_OK;
}

bl_status bl_layer_bn_relu(float *x, const bl_layer_map *map, const float *bn, float epsilon) {
  if (!is_map(map) || !(epsilon >= 0.0f)) {
    return BL_BAD_ARGUMENT;
  }
  const float *gamma = bn, *beta = gamma + map->c, *mean = beta + map->c;
  const float *variance = mean + map->c;
  const int32_t size = map->h * map->w;
  for (int32_t c = 0; c < map->c; c++) {
    const float scale = gamma[c] / sqrtf(variance[c] + epsilon);
    const float offset = beta[c] - mean[c] * scale;
    for (int32_t i = 0; i < size; i++) {
      const float value = x[i] * scale + offset;
      x[i] = value > 0.0f ? value : 0.0f;
    }
    x += size;
  }
  return BL_OK;
}

bl_status bl_layer_dw_pw(float *x, float *spare, bl_layer_map *map, const bl_layer_block *block) {
  const bl_layer_window depthwise = {3, block->stride, block->padding};
  const bl_layer_window pointwise = {1, 1, BL_PADDING_VALID};
  bl_layer_map m = *map;
  if (block->output_c <= 0 || !(block->epsilon >= 0.0f)) {
    return BL_BAD_ARGUMENT;
  }
  bl_status status = bl_layer_depthwise(x, &m, depthwise, block->dw, NULL, spare);
  if (status == BL_OK) {
    status = bl_layer_bn_relu(spare, &m, block->dw_bn, block->epsilon);
  }
  if (status == BL_OK) {
    status = bl_layer_conv(spare, &m, block->output_c, pointwise, block->pw, NULL, x);
  }
  if (status == BL_OK) {
    status = bl_layer_bn_relu(x, &m, block->pw_bn, block->epsilon);
  }
  if (status == BL_OK) {
    *map = m;
  }
  return status;
}

bl_status bl_layer_gap(float *x, bl_layer_map *map) {
  if (!is_map(map)) {
    return BL_BAD_ARGUMENT;
  }
  const int32_t size = map->h * map->w;
  for (int32_t c = 0; c < map->c; c++) { /* writes x[c] only after the map that holds it is read */
    float sum = 0.0f;
    for (int32_t i = 0; i < size; i++) {
      sum += x[c * size + i];
    }
    x[c] = sum / (float)size;
  }
  *map = (bl_layer_map){map->c, 1, 1};
  return BL_OK;
}

bl_status bl_layer_dense(const float *input, int32_t inputs, int32_t outputs, const float *weight,
                         const float *bias, float *output) {
  if (inputs <= 0 || outputs <= 0) {
    return BL_BAD_ARGUMENT;
  }
  for (int32_t o = 0; o < outputs; o++) {
    float sum = bias ? bias[o] : 0.0f;
    for (int32_t i = 0; i < inputs; i++) {
      sum += input[i] * *weight++;
    }
    output[o] = sum;
  }
  return BL_OK;
}

bl_status bl_layer_softmax(float *x, int32_t count) {
  if (count <= 0) {
    return BL_BAD_ARGUMENT;
  }
  float maximum = x[0], sum = 0.0f;
  for (int32_t i = 1; i < count; i++) {
    maximum = x[i] > maximum ? x[i] : maximum;
  }
  for (int32_t i = 0; i < count; i++) {
    x[i] = expf(x[i] - maximum);
    sum += x[i];
  }
  for (int32_t i = 0; i < count; i++) {
    x[i] /= sum;
  }
  return BL_OK;
}
