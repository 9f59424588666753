import type { ModelCard } from "./card.ts";
import type { ModelFormat } from "./options.ts";

/** A page for a browser that compares the model's output with check.json. */
const page = `<!doctype html>
<meta charset="utf-8">
<title>running</title>
<!-- tf.min.js: from dist/ of the npm package @tensorflow/tfjs, beside this page -->
<script src="tf.min.js"></script>
<script type="module">
  const model = await tf.loadGraphModel("model.json");
  const check = await (await fetch("check.json")).json();
  const image = tf.tensor(check.input.data, check.input.shape); // prepared as card.json says
  const logits = model.predict(image);
  const difference = tf.max(tf.abs(tf.sub(logits, tf.tensor(check.output.data, check.output.shape))));
  document.title = document.body.textContent = \`\${tf.getBackend()}: largest difference \${(await difference.data())[0]}\`;
</script>
`;

/** The same by onnxruntime in Python. */
const script = `import json
import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
check = json.load(open("check.json"))
array = lambda tensor: np.array(tensor["data"], np.float32).reshape(tensor["shape"])
image = array(check["input"])  # prepared as card.json says
(logits,) = session.run(["logits"], {"image": image})
print("largest difference", np.abs(logits - array(check["output"])).max())
`;

/** The same in Python without hemosynth: the weights alone. */
const weights = `import numpy as np
from safetensors.numpy import load_file

for name, value in load_file("model.safetensors").items():
    if value.ndim == 4:  # a convolution's kernel: PyTorch has out x in x height x width
        value = np.transpose(value, (3, 2, 0, 1))
    elif value.ndim == 2:  # a matrix: PyTorch has out x in
        value = value.T
    print(name, value.shape)
`;

/** The example that runs, by its file name. */
export const examples: Readonly<Record<ModelFormat, { readonly path: string; readonly content: string }>> = {
  tfjs: { path: "example.html", content: page },
  onnx: { path: "example.py", content: script },
  safetensors: { path: "example.py", content: weights },
};

const usage: Readonly<Record<ModelFormat, string>> = {
  tfjs: `A graph model of TensorFlow.js: model.json and its weight files. It needs @tensorflow/tfjs 4 and nothing else.

    cp node_modules/@tensorflow/tfjs/dist/tf.min.js .
    python3 -m http.server          # then open http://localhost:8000/example.html`,
  onnx: `An ONNX model (operator set 17), model.onnx; its properties hold card.json.

    pip install onnxruntime numpy
    python3 example.py`,
  safetensors: `The weights by name, model.safetensors; its metadata holds card.json. Kernels are height x width x in x out,
of a transposed convolution height x width x out x in.

    pip install safetensors numpy
    python3 example.py`,
};

/** What a person reads first in the folder of an exported model. */
export function readmeOf(card: ModelCard, format: ModelFormat): string {
  const { input, output, thresholds, preprocessing } = card;
  const called = Object.entries(thresholds ?? {}).flatMap(([level, value]) => (value === null ? [] : [`${level} ${value}`]));
  return `A network of ${card.madeBy}. For ${card.use}.

${usage[format]}

Input    ${input.name}: ${input.axes.join(" x ")}, float32; ${input.setOf === undefined ? "any batch" : `a batch of whole sets of ${input.setOf} images`}; height and width multiples of ${input.sizeMultiple}
Output   ${output.name}: ${output.axes.join(" x ")}; channels ${output.channels.join(", ")}; ${output.meaning}

Preparing a volume (numbers in card.json):
${preprocessing.rules.map((rule, i) => `${i + 1}. ${rule}`).join("\n")}

Thresholds of the model's own evaluation: ${called.length === 0 ? "none" : `${called.join(", ")} (logits of scores; mask: probability)`}
check.json holds an input and what the network gives for it.
`;
}
