"""Methods without a network, on the same images: nearest reference, PCA with neighbours, PCA with K-means."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from napari_sciml.techniques.cryoem.particles.particles import Images
from napari_sciml.techniques.cryoem.train.orientation.dataset import LabelledImages
from napari_sciml.training.baseline import standardise

Labels = npt.NDArray[np.int64]
COMPONENTS = 40
"""Principal components of a 64 x 64 image that both baselines keep; a choice."""
NEIGHBOURS = 3
"""Nearest training images that vote."""
VIEWS = 84
"""Clusters of K-means: one for each view."""


def nearest_reference(images: Images, references: Images) -> Labels:
    """Return the view of the reference that correlates best, as they lie: no turn, no shift."""
    labels: Labels = (standardise(images) @ standardise(references).T).argmax(axis=1)
    return labels


def nearest_neighbours(learnt: LabelledImages, images: Images) -> Labels:
    """Return the view that the nearest learnt images have, in principal components."""
    from sklearn.decomposition import PCA
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline

    chain = make_pipeline(PCA(COMPONENTS, random_state=0), KNeighborsClassifier(NEIGHBOURS))
    chain.fit(standardise(learnt.images), learnt.labels)
    return np.asarray(chain.predict(standardise(images)), np.int64)


@dataclass(frozen=True)
class Clusters:
    """How well 84 clusters, found without labels, are the views.

    Attributes
    ----------
    right
        ``(n,)``: whether the cluster of an image is the one that was matched to its view; clusters and views
        are matched so that most images are right, which needs the truth and flatters the method.
    adjusted_rand, mutual_information
        Agreement that needs no matching: adjusted Rand index, normalised mutual information.
    """

    right: npt.NDArray[np.bool_]
    adjusted_rand: float
    mutual_information: float


def cluster(images: Images, labels: Labels, seed: int = 0, starts: int = 3) -> Clusters:
    """Cluster images by PCA and K-means, and compare the clusters with the views."""
    from scipy.optimize import linear_sum_assignment
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    components = min(COMPONENTS, len(images) - 1)
    rows = PCA(components, random_state=seed).fit_transform(standardise(images))
    found = KMeans(VIEWS, n_init=starts, random_state=seed).fit_predict(rows)
    counts = np.zeros((VIEWS, VIEWS))
    np.add.at(counts, (found, labels), 1)
    order = linear_sum_assignment(-counts)[1]
    return Clusters(
        order[found] == labels,
        float(adjusted_rand_score(labels, found)),
        float(normalized_mutual_info_score(labels, found)),
    )
