// The public surface. Everything else may change without notice.

export { type Forward, type ForwardFunction, type ForwardShape, recordForward } from "./backend/forward.ts";
export { type BackendInfo, type BackendName, type DoctorReport, inspectMachine, readyBackend } from "./backend/index.ts";
export { type Experiment, experiment, loadExperiment, parseExperiment } from "./config/experiment.ts";
export type { Override } from "./config/load.ts";
export { experimentJsonSchema, experimentYaml } from "./config/show.ts";
export { type Affine, affineSpacing, applyAffine, axisAlignedAffine, invertAffine, type Vec3, worldAxes } from "./core/affine.ts";
export { type Reporter, type StageContext, type StageResult, silentContext, silentReporter } from "./core/context.ts";
export { exitCodes, type Fault, StoppedError, UserError } from "./core/errors.ts";
export { type Rectangle, rectangleArea, rectangleIou } from "./core/rectangle.ts";
export { type Rng, seededRng } from "./core/rng.ts";
export { type Tissue, tissues } from "./core/tissue.ts";
export {
  extractSlice,
  type Image,
  type LabelVolume,
  type Plane,
  sliceAxis,
  slicePlane,
  type Volume,
  type Voxels,
  voxelCount,
} from "./core/volume.ts";
export {
  type Case,
  casesOfSplit,
  type Dataset,
  type FileRef,
  readDataset,
  readSplits,
  type SplitName,
  type Splits,
} from "./data/dataset.ts";
export { type PublicOptions, publicOptions } from "./data/datasets/options.ts";
export { type PublicRun, runPublic } from "./data/datasets/stage.ts";
export { type DicomSeries, dicomFiles, readDicomSeries } from "./data/dicom.ts";
export { type FolderOptions, folderOptions } from "./data/ingest/options.ts";
export { type IngestJob, runIngest } from "./data/ingest/stage.ts";
export { type LabelScheme, tissueOf, toTissues } from "./data/label-schemes.ts";
export { applyLetterbox, intoLetterbox, type Letterbox, outOfLetterbox, planLetterbox } from "./data/letterbox.ts";
export { inspectNifti, type NiftiFacts, readLabels, readVolume, writeNifti } from "./data/nifti.ts";
export {
  type PreparedStack,
  type PreprocessOptions,
  prepareMask,
  prepareStack,
  preprocessOptions,
  restoreStack,
} from "./data/preprocess.ts";
export { decodeSafetensors, encodeSafetensors, floatsOf } from "./data/safetensors.ts";
export { dealFolds, type SplitOptions, splitOptions, splitSubjects } from "./data/splits.ts";
export { type BoxesOptions, boxesOptions } from "./eval/boxes/options.ts";
export type { BoxesResults } from "./eval/boxes/results.ts";
export { type BoxesRequest, runBoxes } from "./eval/boxes/stage.ts";
export { cocoResults, type PictureDetections } from "./eval/detect/coco.ts";
export { detectObjects } from "./eval/detect/detect.ts";
export { type EvaluatedFold, type FoldsRequest, runFoldsEval } from "./eval/folds/stage.ts";
export { aurocScore, type LabelledScore, rankScores, weightedAuroc } from "./eval/metrics/auroc.ts";
export {
  averagePrecision,
  cocoOverlaps,
  type FoundBox,
  meanAveragePrecision,
  type TrueBox,
} from "./eval/metrics/average-precision.ts";
export { averagePrecisionScore } from "./eval/metrics/average-precision-score.ts";
export { agreementMargins, agreementOf } from "./eval/metrics/bland-altman.ts";
export {
  clusterUnits,
  drawNestedPlan,
  drawPlan,
  type Interval,
  percentileInterval,
  type ResamplingPlan,
  resampleWeights,
} from "./eval/metrics/bootstrap.ts";
export { bootstrapInterval, type IntervalKind } from "./eval/metrics/bootstrap-interval.ts";
export { brierScore, calibrationCurve } from "./eval/metrics/calibration.ts";
export { type Confusion, confusionAt, sensitivity, specificity } from "./eval/metrics/confusion.ts";
export { jackknifeCovariances, meanCovariance, pseudovalues, resampledCovariances } from "./eval/metrics/covariance.ts";
export { analysePseudovalues, type DbmAnalysis } from "./eval/metrics/dbm.ts";
export { aurocCovariance, delongInterval, delongTest, placementsOf } from "./eval/metrics/delong.ts";
export { diceOf, diceScore, type EmptyMaskRule, iouOf, type Overlap, overlap } from "./eval/metrics/dice.ts";
export { clusterVariance, type Influence, ratioInfluence } from "./eval/metrics/influence.ts";
export { type FrocPoint, frocScore, type LesionMatch, type MatchRule, matchLesions } from "./eval/metrics/lesions.ts";
export {
  averagedAuroc,
  averagedPrecision,
  classAccuracy,
  classBalancedAccuracy,
  classBrierScore,
  classConfusion,
  classMatthews,
  cohenKappa,
  macroF1,
  oneAgainstRest,
  type RankedClasses,
  rankClasses,
} from "./eval/metrics/multiclass.ts";
export {
  type ArmAnalysis,
  analyseArms,
  analysisNames,
  type CrossedFigures,
  type MeanInference,
} from "./eval/metrics/obuchowski-rockette.ts";
export { exchangeTest, type PermutationTest, relabelTest } from "./eval/metrics/permutation.ts";
export { type Pool, pooledScore } from "./eval/metrics/pool.ts";
export { aurocPower, sampleSize, sharePower } from "./eval/metrics/power.ts";
export { clopperPearsonInterval, jeffreysInterval } from "./eval/metrics/proportion.ts";
export { type RocPoint, rocCurve } from "./eval/metrics/roc.ts";
export { type MaskPair, type SurfaceDistances, surfaceDice, surfaceDistances } from "./eval/metrics/surface.ts";
export { type WaldTest, waldTest } from "./eval/metrics/wald.ts";
export { clusteredWilson, wilsonInterval } from "./eval/metrics/wilson.ts";
export { type EvalOptions, evalOptions } from "./eval/options.ts";
export { type PredictOptions, predictOptions } from "./eval/predict/options.ts";
export { type PredictRequest, runPredict } from "./eval/predict/stage.ts";
export type { MetricsFile } from "./eval/predictions/json-schema.ts";
export { type MetricsOptions, metricsOptions } from "./eval/predictions/options.ts";
export type { MetricsResults } from "./eval/predictions/results.ts";
export type { ClassMetricsResults } from "./eval/predictions/several/results.ts";
export { type MetricsRequest, runMetrics } from "./eval/predictions/stage.ts";
export { type ReaderOptions, readerOptions } from "./eval/readers/options.ts";
export type { ReaderResults } from "./eval/readers/results.ts";
export { type SimulateOptions, simulateOptions } from "./eval/readers/simulate/options.ts";
export { runSimulate, type SimulateRequest, type SimulateResult } from "./eval/readers/simulate/stage.ts";
export { type ReaderRequest, runReader } from "./eval/readers/stage.ts";
export { type EvalRequest, runEval } from "./eval/stage.ts";
export { encodeOnnx } from "./export/onnx.ts";
export { type ModelFormat, modelFormats } from "./export/options.ts";
export { type ModelExport, runModelExport } from "./export/stage.ts";
export { encodeTfjs } from "./export/tfjs.ts";
export {
  type AutoencoderOptions,
  anomalyMap,
  autoencoderOptions,
  type BagOutput,
  buildAutoencoder,
  buildHexaNet,
  buildMil,
  buildMiniResNet,
  buildModel,
  buildResNet,
  buildYolo,
  type Classifier,
  type Detection,
  type DetectionOptions,
  type Detector,
  detectionOptions,
  detectorForInference,
  type FileTensor,
  type HexaNetOptions,
  hexanetOptions,
  type ImageSetNetwork,
  type ImportedYolo,
  importKerasResNet,
  importResNet,
  importYolo,
  type MilOptions,
  type MiniResNetOptions,
  type Model,
  type ModelOptions,
  milOptions,
  miniresnetOptions,
  modelOptions,
  type ResNetOptions,
  resnetOptions,
  setWeights,
  type YoloKind,
  type YoloOptions,
  yoloKinds,
  yoloOptions,
  yoloSizes,
} from "./models/index.ts";
export { loadSweep, type Point, type SweepPlan } from "./sweep/plan.ts";
export { acquireStack } from "./synth/acquisition/acquire.ts";
export { type Acquisition, drawAcquisition } from "./synth/acquisition/draw.ts";
export { type AcquisitionOptions, acquisitionOptions } from "./synth/acquisition/options.ts";
export { type LesionOptions, lesionOptions } from "./synth/bleed/options.ts";
export { bleedInto, type DrawnBleed, repaint } from "./synth/draw.ts";
export { type FormatName, formatNames } from "./synth/export/format.ts";
export { type ExportRun, runExport } from "./synth/export/stage.ts";
export { buildHead, type Head } from "./synth/head-ct/build.ts";
export { drawHead, drawScan } from "./synth/head-ct/draw.ts";
export { type BleedType, bleedTypes } from "./synth/head-ct/materials.ts";
export { type HeadCtOptions, headCtOptions } from "./synth/head-ct/options.ts";
export type { HeadPlan, ScanPlan } from "./synth/head-ct/plan.ts";
export { type HeadScan, scanHead } from "./synth/head-ct/scan.ts";
export { type HeadCtRun, runHeadCt } from "./synth/head-ct/stage.ts";
export { type NormalCase, prepareCase } from "./synth/normal/case.ts";
export { type SynthOptions, synthOptions } from "./synth/options.ts";
export { buildPhantom, type Phantom } from "./synth/phantom/build.ts";
export { drawPhantom, type PhantomAnatomy } from "./synth/phantom/draw.ts";
export { type PhantomOptions, phantomOptions } from "./synth/phantom/options.ts";
export { type PhantomRun, runPhantom } from "./synth/phantom/stage.ts";
export { type PreviewRun, runPreview } from "./synth/preview/stage.ts";
export { type ReplayRun, runReplay } from "./synth/replay/stage.ts";
export { type HeadGeometry, headGeometry, type Scene } from "./synth/scene.ts";
export { readSidecar, type Sidecar } from "./synth/sidecar.ts";
export { runSynth, type SynthRun } from "./synth/stage.ts";
export { drawSurround, type Surround } from "./synth/surround/draw.ts";
export { type SurroundOptions, surroundOptions } from "./synth/surround/options.ts";
export { paintSurround } from "./synth/surround/paint.ts";
export { type Beam, echoes } from "./synth/ultrasound/beam.ts";
export { type Display, shown } from "./synth/ultrasound/display.ts";
export { type Fan, type Frame, frameOf } from "./synth/ultrasound/fan.ts";
export { type FetalUltrasoundOptions, fetalUltrasoundOptions } from "./synth/ultrasound/fetal/options.ts";
export { type FetalUltrasoundRun, runFetalUltrasound } from "./synth/ultrasound/fetal/stage.ts";
export { type CranialUltrasoundOptions, cranialUltrasoundOptions } from "./synth/ultrasound/neonatal/options.ts";
export { type CranialUltrasoundRun, runCranialUltrasound } from "./synth/ultrasound/neonatal/stage.ts";
export { type AssignOptions, assignTargets, type BoxTarget } from "./train/detect/assign.ts";
export { type AnchorFit, fitAnchors, measureAnchors } from "./train/detect/autoanchor.ts";
export { detectionLoss, uploadTargets } from "./train/detect/loss.ts";
export {
  applyMosaic,
  type BoxedPicture,
  drawMosaic,
  type Mosaic,
  type MosaicOptions,
  mosaicOptions,
} from "./train/detect/mosaic.ts";
export {
  type AnchorOptions,
  anchorOptions,
  type DetectionLossOptions,
  detectionLossOptions,
} from "./train/detect/options.ts";
export { type TrainOptions, trainOptions } from "./train/options.ts";
export { runTrain, type TrainRequest } from "./train/stage.ts";
