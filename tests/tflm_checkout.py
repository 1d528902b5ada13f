"""A folder that is laid out like a checkout of tflite-micro with its downloads, and computes
nothing: enough for what is read before anything is compiled.

root = made(tmp_path)
"""

from __future__ import annotations

from pathlib import Path

MICRO = "tensorflow/lite/micro"
DOWNLOADS = f"{MICRO}/tools/make/downloads"
RESOLVER = """\
#include "tensorflow/lite/micro/kernels/conv.h"
#include "tensorflow/lite/micro/kernels/softmax.h"

  TfLiteStatus AddConv2D(
      const TFLMRegistration& registration = Register_CONV_2D()) {
    return AddBuiltin(BuiltinOperator_CONV_2D, registration, ParseConv2D);
  }
  TfLiteStatus AddFullyConnected(
      const TFLMRegistration& registration = Register_FULLY_CONNECTED()) {
    return AddBuiltin(BuiltinOperator_FULLY_CONNECTED, registration,
                      ParseFullyConnected);
  }
  TfLiteStatus AddReshape() {
    return AddBuiltin(BuiltinOperator_RESHAPE, Register_RESHAPE(),
                      ParseReshape);
  }
  TfLiteStatus AddMaxPool2D(
      const TFLMRegistration& registration = Register_MAX_POOL_2D()) {
    return AddBuiltin(BuiltinOperator_MAX_POOL_2D, registration, ParsePool);
  }
"""
CONV = """\
#include "tensorflow/lite/micro/kernels/conv.h"
#include "tensorflow/lite/micro/kernels/kernel_util.h"
TFLMRegistration Register_CONV_2D() {
"""
OF_CMSIS_NN = """\
#include "tensorflow/lite/micro/kernels/conv.h"
TFLMRegistration Register_CONV_2D() {
  arm_convolve_s8(
"""
FILES = {
    f"{MICRO}/micro_mutable_op_resolver.h": RESOLVER,
    f"{MICRO}/micro_interpreter.h": '#include "tensorflow/lite/micro/micro_log.h"\n',
    f"{MICRO}/micro_interpreter.cc": "",
    f"{MICRO}/micro_interpreter_test.cc": "",
    f"{MICRO}/micro_log.h": '#include "tensorflow/lite/micro/debug_log.h"\n',
    f"{MICRO}/micro_log.cc": "",
    f"{MICRO}/debug_log.h": "",
    f"{MICRO}/debug_log.cc": "",
    f"{MICRO}/kernels/conv.h": "",
    f"{MICRO}/kernels/conv.cc": CONV,
    f"{MICRO}/kernels/conv_common.cc": "",
    f"{MICRO}/kernels/conv_test.cc": CONV,
    f"{MICRO}/kernels/kernel_util.h": "",
    f"{MICRO}/kernels/kernel_util.cc": "",
    f"{MICRO}/kernels/softmax.cc": "TFLMRegistration Register_SOFTMAX() {\n",
    f"{MICRO}/kernels/fully_connected.cc": "TFLMRegistration Register_FULLY_CONNECTED() {\n",
    f"{MICRO}/kernels/reshape.cc": "TFLMRegistration Register_RESHAPE() {\n",
    f"{MICRO}/kernels/pooling.cc": "TFLMRegistration Register_MAX_POOL_2D() {\n",
    f"{MICRO}/kernels/cmsis_nn/conv.cc": OF_CMSIS_NN,
    f"{DOWNLOADS}/flatbuffers/include/flatbuffers/flatbuffers.h": "",
    f"{DOWNLOADS}/gemmlowp/fixedpoint/fixedpoint.h": "",
    f"{DOWNLOADS}/ruy/ruy/profiler/instrumentation.h": "",
    f"{DOWNLOADS}/cmsis_nn/Include/arm_nnfunctions.h": "",
    f"{DOWNLOADS}/cmsis_nn/Source/arm_convolve_s8.c": (
        "arm_cmsis_nn_status arm_convolve_s8(const int8_t *x) {\n  arm_nn_table[0];\n}\n"
    ),
    f"{DOWNLOADS}/cmsis_nn/Source/arm_nntables.c": "const uint16_t arm_nn_table[2] = {0, 1};\n",
    f"{DOWNLOADS}/cmsis_nn/Source/arm_convolve_s16.c": "int32_t arm_convolve_s16(int x) {\n}\n",
    f"{DOWNLOADS}/cmsis_nn/Source/arm_convolve_f32.c": "int32_t arm_convolve_s8(int x) {\n}\n",
}


def made(folder: Path) -> Path:
    """Returns the folder, with all files in it."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
