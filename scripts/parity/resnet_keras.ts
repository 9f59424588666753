// Holds the full-size ResNet50 to Keras: imports what keras_resnet.py wrote, and prints how far the logits of 2 images of 224 x 224 are apart.
//
//   python scripts/fixtures/keras_resnet.py FOLDER && npx tsx scripts/parity/resnet_keras.ts FOLDER
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readyBackend } from "../../src/backend/index.ts";
import { type Tensor4D, tf } from "../../src/backend/tf.ts";
import { silentReporter } from "../../src/core/context.ts";
import { openH5 } from "../../src/data/h5.ts";
import { buildResNet, importKerasResNet, resnetOptions, setWeights } from "../../src/models/index.ts";
import { seeded, worst } from "../../test/helpers/seeded.ts";

const folder = process.argv[2] ?? ".";
const { shape, logits } = JSON.parse(readFileSync(join(folder, "resnet50.json"), "utf8"));
const { backend } = await readyBackend("auto", silentReporter);
const options = resnetOptions.parse({ kind: "resnet50", strideIn: "1x1" });
const model = buildResNet(options, { inChannels: 3, outChannels: 1000, seed: 1 });
const h5 = await openH5(readFileSync(join(folder, "resnet50.h5")), "resnet50.h5");
setWeights(model, importKerasResNet(h5, options, "resnet50.h5"), "resnet50.h5");
const got = model.apply(tf.tensor(seeded("image", shape).data, shape) as Tensor4D, { training: false });
const apart = worst(got.dataSync(), logits);
console.log(`resnet50, ${backend}: apart ${apart.toExponential(1)} of the largest logit`);
if (!(apart <= 1e-4)) process.exitCode = 1;
