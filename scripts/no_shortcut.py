"""Can a bleed be told by its noise and fine detail alone? If so, a network learns the seam and not the bleed.

    python scripts/no_shortcut.py runs/mine/synth [--patch 16]

Takes 16 x 16 pixel patches of the slices of synthetic stacks: with blood (at least 15 % of the patch) and without, all inside the brain.
Equal tissue contrast: each patch with blood is paired, within its own stack, with the patch without that is nearest in mean, and in the
standard deviation, mean gradient and skewness of the smoothed patch (Gaussian, 2 pixels); pairs farther apart than a caliper of
0.25 standard deviations in any of the four are left out. Features see only what is finer: local variance, spectrum above 1/8 cycle a
pixel and gradient of the patch over its mean, less its smoothed self. A second row adds the skewness and kurtosis of what is finer, which also
say whether thin structures are bright or dark. Folds are by subject; a gradient-boosted classifier and a logistic
one are tried, and the matching variables themselves, which must tell nothing. Interval: bootstrap over subjects. Needs numpy, scipy,
nibabel, scikit-learn.
"""

import argparse
import json
import pathlib
import sys

import nibabel
import numpy
from scipy import ndimage, stats
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


def slices_of(image):
    """Slices along the thickest axis."""
    axis = int(numpy.argmax(image.header.get_zooms()[:3]))
    return numpy.moveaxis(numpy.asanyarray(image.dataobj).astype(float), axis, 0)


def contrast(patch, smooth, slope):
    """Mean, and relative deviation and gradient of the smoothed patch: what pairs are made by."""
    mean = patch.mean()
    dark_or_bright = ((smooth - smooth.mean()) ** 3).mean() / (smooth.std() + 1e-6) ** 3
    return numpy.array([*numpy.log([mean, smooth.std() / mean + 1e-3, slope.mean() / mean + 1e-3]), dark_or_bright])


def fine_detail(patch):
    """What the classifier sees."""
    flat = patch / patch.mean()
    fine = flat - ndimage.gaussian_filter(flat, 2, mode="nearest")
    local = ndimage.uniform_filter(fine**2, 3) - ndimage.uniform_filter(fine, 3) ** 2
    window = numpy.outer(numpy.hanning(len(fine)), numpy.hanning(len(fine)))
    power = numpy.abs(numpy.fft.fft2(fine * window)) ** 2
    frequency = numpy.hypot(*numpy.meshgrid(*[numpy.fft.fftfreq(len(fine))] * 2))
    edges = [0.125, 0.19, 0.25, 0.31, 0.375, 0.44, 0.5, 0.75]
    bands = [power[(frequency >= a) & (frequency < b)].mean() for a, b in zip(edges, edges[1:])]
    gradient = numpy.hypot(*numpy.gradient(fine))
    laplace = ndimage.laplace(fine)
    tiny = 1e-9
    return [
        *numpy.log(numpy.quantile(local, [0.1, 0.5, 0.9]) + tiny),
        numpy.log(local.mean() + tiny),
        *numpy.log(numpy.array(bands) + tiny),
        numpy.log(bands[-1] / (bands[0] + tiny) + tiny),
        *numpy.log(numpy.quantile(gradient, [0.1, 0.5, 0.9]) + tiny),
        numpy.log(numpy.abs(laplace).mean() + tiny),
        stats.kurtosis(laplace.ravel()),
        stats.kurtosis(fine.ravel()),
        stats.skew(fine.ravel()),
    ]


def patches_of(folder, case, size, rng, most):
    """Patches with and without blood of one stack: two lists of (patch, contrast, share of blood)."""
    read = lambda key: slices_of(nibabel.load(folder / case[key]["path"]))
    found = {True: [], False: []}
    for picture, blood, inside in zip(read("image"), read("lesionMask"), read("brainMask")):
        # A masked stack ends at the brain: its border is no normal detail.
        inside = ndimage.binary_erosion(inside > 0, iterations=4)
        if not inside.any():
            continue
        near = ndimage.binary_dilation(blood > 0, iterations=3)
        smooth = ndimage.gaussian_filter(picture, 2)
        slope = numpy.hypot(*numpy.gradient(smooth))
        for y in range(0, picture.shape[0] - size + 1, 4):
            for x in range(0, picture.shape[1] - size + 1, 4):
                at = (slice(y, y + size), slice(x, x + size))
                if not inside[at].all():
                    continue
                share = blood[at].mean()
                if share >= 0.15 or not near[at].any():
                    found[share >= 0.15].append((picture[at], contrast(picture[at], smooth[at], slope[at]), share))
    found[True] = [found[True][i] for i in rng.permutation(len(found[True]))[:most]]
    return found[True], found[False]


def pairs(ill, well, caliper):
    """Index pairs of the nearest, each used once, within the caliper of the pooled spread."""
    a, b = (numpy.array([c for _, c, _ in group]) for group in (ill, well))
    spread = numpy.vstack([a, b]).std(0) + 1e-9
    a, b = a / spread, b / spread
    free = numpy.ones(len(b), bool)
    out = []
    for i in range(len(a)):
        away = numpy.abs(b - a[i]).max(1)
        away[~free] = numpy.inf
        j = int(away.argmin())
        if away[j] <= caliper:
            out.append((i, j))
            free[j] = False
    return out


def auroc(model, features, truth, groups, rng):
    """AUROC over folds by subject, and its 95 % interval by a bootstrap over subjects."""
    folds = GroupKFold(n_splits=min(5, len(set(groups))))
    score = cross_val_predict(model, features, truth, groups=groups, cv=folds, method="predict_proba")[:, 1]
    names = numpy.unique(groups)
    draws = []
    for _ in range(500):
        rows = numpy.concatenate([numpy.flatnonzero(groups == n) for n in rng.choice(names, len(names))])
        draws.append(roc_auc_score(truth[rows], score[rows]))
    return roc_auc_score(truth, score), *numpy.quantile(draws, [0.025, 0.975])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--patch", type=int, default=16)
    parser.add_argument("--caliper", type=float, default=0.25)
    parser.add_argument("--most", type=int, default=60, help="patches with blood of one stack")
    options = parser.parse_args()
    rng = numpy.random.default_rng(0)
    cases = json.loads((options.folder / "dataset.json").read_text())["cases"]
    rows, truth, groups, matched, shares, offered = [], [], [], [], [], 0
    for case in cases:
        if not case["grade"]:
            continue
        ill, well = patches_of(options.folder, case, options.patch, rng, options.most)
        offered += len(ill)
        if not ill or not well:
            continue
        for i, j in pairs(ill, well, options.caliper):
            for (patch, about, _), label in ((ill[i], 1), (well[j], 0)):
                rows.append(fine_detail(patch))
                matched.append(about)
                truth.append(label)
                groups.append(case["subject"])
                shares.append(ill[i][2])
    features, truth, groups, matched, shares = map(numpy.array, (rows, truth, groups, matched, shares))
    print(f"{len(truth) // 2} pairs of {offered} patches with blood, {len(set(groups))} subjects")
    if len(set(groups)) < 2:
        sys.exit("too few subjects for folds by subject")
    boosted = lambda: HistGradientBoostingClassifier(max_iter=150, learning_rate=0.06, max_leaf_nodes=15, random_state=0)
    linear = lambda: make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    named = features.shape[1] - 3  # the last three are kurtosis and skewness
    for name, table, model, rows_of in (
        ("fine detail, boosted", features[:, :named], boosted(), slice(None)),
        ("fine detail, logistic", features[:, :named], linear(), slice(None)),
        ("  patches mostly blood (>= 60 %)", features[:, :named], boosted(), shares >= 0.6),
        ("with skewness and kurtosis, boosted", features, boosted(), slice(None)),
        ("matching variables alone", matched, boosted(), slice(None)),
    ):
        if len(truth[rows_of]) < 100:
            print(f"{name:36s} too few ({len(truth[rows_of])})")
            continue
        value, low, high = auroc(model, table[rows_of], truth[rows_of], groups[rows_of], rng)
        print(f"{name:36s} AUROC {value:.3f} [{low:.3f}, {high:.3f}]  ({len(truth[rows_of]) // 2} pairs)")


if __name__ == "__main__":
    main()
