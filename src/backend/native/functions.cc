// Lets a recorded graph run as one op of the native addon of @tensorflow/tfjs-node-gpu. Linked into it: the addon's own sources stay as
// they are, and two calls that they make are caught by the linker (--wrap): TFE_NewContext, to know the context that ops run in, and
// napi_define_properties, to add two functions to what the addon exports:
//
//   addFunction(name: string, graphDef: Buffer, inputs: string[], outputs: string[]): void
//   removeFunction(name: string): void
//
// Inputs are names of Placeholder nodes, outputs names of nodes with one output. Afterwards `executeOp(name, [], ids, outputs.length)`
// runs the whole graph. Both throw what TensorFlow says.

#include <node_api.h>

#include <memory>
#include <string>
#include <vector>

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/eager/c_api.h"

namespace {

TFE_Context* context = nullptr;

struct Status {
  std::unique_ptr<TF_Status, decltype(&TF_DeleteStatus)> own{TF_NewStatus(), &TF_DeleteStatus};
  TF_Status* get() const { return own.get(); }
  bool ok() const { return TF_GetCode(own.get()) == TF_OK; }
};

napi_value Throw(napi_env env, const std::string& message) {
  napi_throw_error(env, nullptr, message.c_str());
  return nullptr;
}

bool Text(napi_env env, napi_value value, std::string* text) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return false;
  text->resize(length + 1);
  napi_get_value_string_utf8(env, value, &(*text)[0], text->size(), &length);
  text->resize(length);
  return true;
}

bool Texts(napi_env env, napi_value value, std::vector<std::string>* texts) {
  uint32_t count = 0;
  if (napi_get_array_length(env, value, &count) != napi_ok) return false;
  texts->resize(count);
  for (uint32_t i = 0; i < count; i++) {
    napi_value item;
    if (napi_get_element(env, value, i, &item) != napi_ok || !Text(env, item, &(*texts)[i])) return false;
  }
  return true;
}

// The nodes of those names, each with its only output. Empty, with an exception pending, if one is not there.
std::vector<TF_Output> Outputs(napi_env env, TF_Graph* graph, const std::vector<std::string>& names) {
  std::vector<TF_Output> outputs;
  for (const std::string& name : names) {
    TF_Operation* operation = TF_GraphOperationByName(graph, name.c_str());
    if (operation == nullptr) {
      Throw(env, "addFunction: the graph has no node " + name);
      return {};
    }
    outputs.push_back({operation, 0});
  }
  return outputs;
}

napi_value AddFunction(napi_env env, napi_callback_info info) {
  size_t count = 4;
  napi_value arguments[4];
  std::string name;
  void* bytes = nullptr;
  size_t length = 0;
  std::vector<std::string> input_names, output_names;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok || count != 4 ||
      !Text(env, arguments[0], &name) || napi_get_buffer_info(env, arguments[1], &bytes, &length) != napi_ok ||
      !Texts(env, arguments[2], &input_names) || !Texts(env, arguments[3], &output_names)) {
    return Throw(env, "addFunction: a name, a Buffer and two lists of names are needed");
  }
  if (context == nullptr) return Throw(env, "addFunction: TensorFlow has no context yet");

  Status status;
  std::unique_ptr<TF_Graph, decltype(&TF_DeleteGraph)> graph(TF_NewGraph(), &TF_DeleteGraph);
  std::unique_ptr<TF_Buffer, decltype(&TF_DeleteBuffer)> proto(TF_NewBufferFromString(bytes, length), &TF_DeleteBuffer);
  std::unique_ptr<TF_ImportGraphDefOptions, decltype(&TF_DeleteImportGraphDefOptions)> options(
      TF_NewImportGraphDefOptions(), &TF_DeleteImportGraphDefOptions);
  TF_GraphImportGraphDef(graph.get(), proto.get(), options.get(), status.get());
  if (!status.ok()) return Throw(env, "addFunction: " + std::string(TF_Message(status.get())));

  const std::vector<TF_Output> inputs = Outputs(env, graph.get(), input_names);
  const std::vector<TF_Output> outputs = Outputs(env, graph.get(), output_names);
  if (inputs.size() != input_names.size() || outputs.size() != output_names.size()) return nullptr;
  std::unique_ptr<TF_Function, decltype(&TF_DeleteFunction)> function(
      TF_GraphToFunction(graph.get(), name.c_str(), 0, -1, nullptr, inputs.size(), inputs.data(), outputs.size(),
                         outputs.data(), nullptr, nullptr, nullptr, status.get()),
      &TF_DeleteFunction);
  if (!status.ok()) return Throw(env, "addFunction: " + std::string(TF_Message(status.get())));
  TFE_ContextAddFunction(context, function.get(), status.get());
  if (!status.ok()) return Throw(env, "addFunction: " + std::string(TF_Message(status.get())));
  return nullptr;
}

napi_value RemoveFunction(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument;
  std::string name;
  if (napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr) != napi_ok || count != 1 ||
      !Text(env, argument, &name)) {
    return Throw(env, "removeFunction: a name is needed");
  }
  Status status;
  if (context != nullptr) TFE_ContextRemoveFunction(context, name.c_str(), status.get());
  if (!status.ok()) return Throw(env, "removeFunction: " + std::string(TF_Message(status.get())));
  return nullptr;
}

}  // namespace

extern "C" {

TFE_Context* __real_TFE_NewContext(const TFE_ContextOptions*, TF_Status*);
TFE_Context* __wrap_TFE_NewContext(const TFE_ContextOptions* options, TF_Status* status) {
  context = __real_TFE_NewContext(options, status);
  return context;
}

napi_status __real_napi_define_properties(napi_env, napi_value, size_t, const napi_property_descriptor*);
napi_status __wrap_napi_define_properties(napi_env env, napi_value object, size_t count,
                                          const napi_property_descriptor* properties) {
  const napi_status status = __real_napi_define_properties(env, object, count, properties);
  bool is_exports = false;  // constants of the addon are defined one at a time, its functions all at once
  if (status != napi_ok || napi_has_named_property(env, object, "executeOp", &is_exports) != napi_ok || !is_exports) return status;
  const napi_property_descriptor ours[] = {
      {"addFunction", nullptr, AddFunction, nullptr, nullptr, nullptr, napi_default, nullptr},
      {"removeFunction", nullptr, RemoveFunction, nullptr, nullptr, nullptr, napi_default, nullptr},
  };
  // Called once more for each constant that follows: what is there already stays.
  bool is_there = false;
  if (napi_has_named_property(env, object, "addFunction", &is_there) != napi_ok || is_there) return status;
  return __real_napi_define_properties(env, object, 2, ours);
}

}  // extern "C"
