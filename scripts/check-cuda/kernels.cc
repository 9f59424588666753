// registeredKernels(op: string): Buffer: the kernels that a libtensorflow has for an op, as a serialised tensorflow.KernelList.

#include <node_api.h>

#include <string>

#include "tensorflow/c/c_api.h"

// Of tensorflow/c/kernels.h, whose other includes a wheel's C headers need not have.
extern "C" TF_Buffer* TF_GetRegisteredKernelsForOp(const char* name, TF_Status* status);

namespace {

napi_value RegisteredKernels(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  size_t length = 0;
  if (napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr) != napi_ok || count != 1 ||
      napi_get_value_string_utf8(env, argument, nullptr, 0, &length) != napi_ok) {
    napi_throw_type_error(env, nullptr, "registeredKernels: one string is needed");
    return nullptr;
  }
  std::string op(length + 1, '\0');
  napi_get_value_string_utf8(env, argument, &op[0], op.size(), &length);

  TF_Status* status = TF_NewStatus();
  TF_Buffer* list = TF_GetRegisteredKernelsForOp(op.c_str(), status);
  napi_value result = nullptr;
  if (TF_GetCode(status) != TF_OK) {
    napi_throw_error(env, nullptr, TF_Message(status));
  } else {
    napi_create_buffer_copy(env, list->length, list->data, nullptr, &result);
  }
  if (list != nullptr) TF_DeleteBuffer(list);
  TF_DeleteStatus(status);
  return result;
}

napi_value Init(napi_env env, napi_value exports) {
  napi_value function;
  if (napi_create_function(env, "registeredKernels", NAPI_AUTO_LENGTH, RegisteredKernels, nullptr, &function) == napi_ok) {
    napi_set_named_property(env, exports, "registeredKernels", function);
  }
  return exports;
}

}  // namespace

NAPI_MODULE(kernels, Init)
