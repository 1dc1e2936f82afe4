"""Losses and metrics with data, for real Keras and graphkeras alike."""

import numpy as np


def data():
    rng = np.random.default_rng(11)
    distribution = lambda shape: (lambda raw: raw / raw.sum(axis=-1, keepdims=True))(rng.uniform(0.05, 1, shape))  # noqa: E731
    found = {
        "real": (rng.normal(size=(6, 3)), rng.normal(size=(6, 3))),
        "positive": (rng.uniform(0.1, 2, (6, 3)), rng.uniform(0.1, 2, (6, 3))),
        "binary": (rng.integers(0, 2, (6, 3)).astype(float), rng.uniform(0.02, 0.98, (6, 3))),
        "signs": (rng.choice([-1.0, 1.0], (6, 3)), rng.normal(size=(6, 3))),
        "one_hot": (np.eye(4)[rng.integers(0, 4, 6)], distribution((6, 4))),
        "sequence": (np.eye(4)[rng.integers(0, 4, (6, 2))], distribution((6, 2, 4))),
        "classes": (rng.integers(0, 4, 6), distribution((6, 4))),
        "column": (rng.integers(0, 4, (6, 1)), distribution((6, 4))),
        "embedded": (np.array([0, 1, 0, 2, 1, 0]), (lambda e: e / np.linalg.norm(e, axis=1)[:, None])(rng.normal(size=(6, 3)))),
        "map": (rng.integers(0, 4, (6, 2)), distribution((6, 2, 4))),
        "distribution": (distribution((6, 4)), distribution((6, 4))),
        "vector": (rng.normal(size=6), rng.normal(size=(6, 1))),
        "ids": (rng.integers(0, 4, 6), np.argsort(rng.uniform(size=(6, 4)), axis=1)),
        "strings": (np.array([[1, 2, 0], [3, 3, 1], [2, 0, 0]] * 2), distribution((6, 8, 5))),
        "flag": (rng.integers(0, 2, 6), rng.uniform(0, 1, (6, 1))),
    }
    as32 = lambda a: a.astype("float32") if a.dtype.kind == "f" else a.astype("int32")  # noqa: E731
    return {name: tuple(map(as32, pair)) for name, pair in found.items()}, rng.uniform(0.1, 2, 6).astype("float32")


#: name: (class, arguments, data)
LOSSES = {
    "mse": ("MeanSquaredError", {}, "real"),
    "mse_vector": ("MeanSquaredError", {}, "vector"),
    "mae": ("MeanAbsoluteError", {}, "real"),
    "mape": ("MeanAbsolutePercentageError", {}, "real"),
    "msle": ("MeanSquaredLogarithmicError", {}, "positive"),
    "huber": ("Huber", {"delta": 0.7}, "real"),
    "log_cosh": ("LogCosh", {}, "real"),
    "cosine": ("CosineSimilarity", {}, "real"),
    "kld": ("KLDivergence", {}, "distribution"),
    "poisson": ("Poisson", {}, "positive"),
    "hinge": ("Hinge", {}, "signs"),
    "hinge_binary": ("Hinge", {}, "binary"),
    "squared_hinge": ("SquaredHinge", {}, "signs"),
    "categorical_hinge": ("CategoricalHinge", {}, "one_hot"),
    "bce": ("BinaryCrossentropy", {}, "binary"),
    "bce_flag": ("BinaryCrossentropy", {}, "flag"),
    "bce_logits": ("BinaryCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, "binary"),
    "bce_focal": ("BinaryFocalCrossentropy", {"apply_class_balancing": True, "alpha": 0.3}, "binary"),
    "cce": ("CategoricalCrossentropy", {}, "one_hot"),
    "cce_sequence": ("CategoricalCrossentropy", {}, "sequence"),
    "cce_smooth": ("CategoricalCrossentropy", {"label_smoothing": 0.2}, "one_hot"),
    "cce_logits": ("CategoricalCrossentropy", {"from_logits": True}, "one_hot"),
    "cce_focal": ("CategoricalFocalCrossentropy", {}, "one_hot"),
    "dice": ("Dice", {}, "binary"),
    "dice_axis": ("Dice", {"axis": -1}, "binary"),
    "tversky": ("Tversky", {"alpha": 0.3, "beta": 0.6, "axis": (1,)}, "binary"),
    "gce": ("CategoricalGeneralizedCrossEntropy", {"q": 0.7}, "classes"),
    "ctc": ("CTC", {}, "strings"),
    "circle": ("Circle", {"gamma": 8.0, "margin": 0.2}, "embedded"),
    "circle_all": ("Circle", {"remove_diagonal": False}, "embedded"),
    "scce": ("SparseCategoricalCrossentropy", {}, "classes"),
    "scce_column": ("SparseCategoricalCrossentropy", {}, "column"),
    "scce_map": ("SparseCategoricalCrossentropy", {}, "map"),
    "scce_logits": ("SparseCategoricalCrossentropy", {"from_logits": True}, "classes"),
    "scce_ignore": ("SparseCategoricalCrossentropy", {"ignore_class": 1}, "classes"),
}
REDUCTIONS = ("sum_over_batch_size", "sum", "mean_with_sample_weight", "none")

METRICS = {
    "accuracy": ("Accuracy", {}, "signs"),
    "binary_accuracy": ("BinaryAccuracy", {"threshold": 0.4}, "binary"),
    "categorical_accuracy": ("CategoricalAccuracy", {}, "one_hot"),
    "categorical_accuracy_sequence": ("CategoricalAccuracy", {}, "sequence"),
    "sparse_accuracy": ("SparseCategoricalAccuracy", {}, "classes"),
    "sparse_accuracy_column": ("SparseCategoricalAccuracy", {}, "column"),
    "sparse_accuracy_map": ("SparseCategoricalAccuracy", {}, "map"),
    "top_k": ("TopKCategoricalAccuracy", {"k": 2}, "one_hot"),
    "sparse_top_k": ("SparseTopKCategoricalAccuracy", {"k": 2}, "classes"),
    "sparse_top_k_ids": ("SparseTopKCategoricalAccuracy", {"k": 2, "from_sorted_ids": True}, "ids"),
    "mse": ("MeanSquaredError", {}, "real"),
    "rmse": ("RootMeanSquaredError", {}, "real"),
    "mae": ("MeanAbsoluteError", {}, "vector"),
    "mape": ("MeanAbsolutePercentageError", {}, "real"),
    "msle": ("MeanSquaredLogarithmicError", {}, "positive"),
    "log_cosh": ("LogCoshError", {}, "real"),
    "cosine": ("CosineSimilarity", {}, "real"),
    "hinge": ("Hinge", {}, "signs"),
    "squared_hinge": ("SquaredHinge", {}, "signs"),
    "categorical_hinge": ("CategoricalHinge", {}, "one_hot"),
    "kld": ("KLDivergence", {}, "distribution"),
    "poisson": ("Poisson", {}, "positive"),
    "bce": ("BinaryCrossentropy", {}, "binary"),
    "cce": ("CategoricalCrossentropy", {}, "one_hot"),
    "scce": ("SparseCategoricalCrossentropy", {}, "classes"),
    "precision": ("Precision", {}, "flag"),
    "precision_thresholds": ("Precision", {"thresholds": [0.2, 0.7]}, "binary"),
    "recall": ("Recall", {}, "binary"),
    "recall_class": ("Recall", {"class_id": 1}, "binary"),
    "true_positives": ("TruePositives", {}, "binary"),
    "false_positives": ("FalsePositives", {}, "binary"),
    "true_negatives": ("TrueNegatives", {"thresholds": [0.3, 0.6]}, "binary"),
    "false_negatives": ("FalseNegatives", {}, "binary"),
    "precision_top": ("Precision", {"top_k": 2}, "one_hot"),
    "recall_top_class": ("Recall", {"top_k": 2, "class_id": 1}, "one_hot"),
    "f1": ("F1Score", {}, "one_hot"),
    "f1_micro": ("F1Score", {"average": "micro", "threshold": 0.3}, "binary"),
    "fbeta_macro": ("FBetaScore", {"average": "macro", "beta": 2.0}, "one_hot"),
    "fbeta_weighted": ("FBetaScore", {"average": "weighted", "beta": 0.5, "threshold": 0.4}, "binary"),
    "r2": ("R2Score", {}, "real"),
    "r2_vector": ("R2Score", {}, "vector"),
    "r2_columns": ("R2Score", {"class_aggregation": None, "num_regressors": 2}, "real"),
    "r2_weighted": ("R2Score", {"class_aggregation": "variance_weighted_average"}, "real"),
    "pearson": ("PearsonCorrelation", {}, "real"),
    "concordance": ("ConcordanceCorrelation", {"axis": -1}, "real"),
    "iou": ("IoU", {"num_classes": 4, "target_class_ids": [0, 2], "sparse_y_pred": False}, "map"),
    "iou_float": ("IoU", {"num_classes": 4, "target_class_ids": [0, 2], "sparse_y_pred": False, "dtype": "float32"}, "classes"),
    "mean_iou": ("MeanIoU", {"num_classes": 4, "sparse_y_pred": False, "ignore_class": 1}, "map"),
    "one_hot_iou": ("OneHotIoU", {"num_classes": 4, "target_class_ids": [1, 3], "dtype": "float32"}, "one_hot"),
    "one_hot_mean_iou": ("OneHotMeanIoU", {"num_classes": 4}, "sequence"),
    "binary_iou": ("BinaryIoU", {"threshold": 0.4}, "binary"),
    "sensitivity_at": ("SensitivityAtSpecificity", {"specificity": 0.4, "num_thresholds": 30}, "binary"),
    "specificity_at": ("SpecificityAtSensitivity", {"sensitivity": 0.6}, "binary"),
    "precision_at": ("PrecisionAtRecall", {"recall": 0.5, "class_id": 1}, "binary"),
    "recall_at": ("RecallAtPrecision", {"precision": 0.5}, "flag"),
    "auc": ("AUC", {}, "flag"),
    "auc_labels": ("AUC", {"multi_label": True, "num_labels": 3, "num_thresholds": 20}, "binary"),
    "auc_labels_pr": ("AUC", {"multi_label": True, "curve": "PR", "label_weights": [1.0, 2.0, 0.5]}, "binary"),
    "auc_label_weights": ("AUC", {"label_weights": [1.0, 2.0, 0.5], "num_thresholds": 30}, "binary"),
    "auc_pr": ("AUC", {"curve": "PR"}, "binary"),
    "auc_minoring": ("AUC", {"num_thresholds": 20, "summation_method": "minoring"}, "binary"),
    "auc_majoring": ("AUC", {"curve": "PR", "num_thresholds": 20, "summation_method": "majoring"}, "binary"),
    "auc_thresholds": ("AUC", {"thresholds": [0.3, 0.5, 0.8]}, "binary"),
}


def losses(keras):
    """{name: value} of all losses, reductions and weights."""
    pairs, weights = data()
    found = {}
    for name, (kind, arguments, data_name) in LOSSES.items():
        for reduction in REDUCTIONS:
            loss = getattr(keras.losses, kind)(reduction=reduction, **arguments)
            found[f"loss/{name}/{reduction}"] = np.asarray(loss(*pairs[data_name]))
            given = np.stack([weights, 2 * weights], axis=1) if data_name in ("sequence", "map") else weights
            found[f"loss/{name}/{reduction}/weighted"] = np.asarray(loss(*pairs[data_name], sample_weight=given))
    return found


def metrics(keras):
    """{name: value} of all metrics over two updates, without and with weights; and after a reset."""
    pairs, weights = data()
    found = {}
    for name, (kind, arguments, data_name) in METRICS.items():
        y_true, y_pred = pairs[data_name]
        metric = getattr(keras.metrics, kind)(**arguments)
        metric.update_state(y_true[:4], y_pred[:4])
        metric.update_state(y_true[4:], y_pred[4:])
        found[f"metric/{name}/plain"] = np.asarray(metric.result())
        metric.reset_state()
        given = np.stack([weights, 2 * weights], axis=1) if "iou" in name and data_name in ("map", "sequence") else weights
        if name == "binary_iou":
            given = np.stack([weights, 2 * weights, 3 * weights], axis=1)
        if "iou" in name and arguments.get("dtype") is None:
            given = np.ceil(given).astype("int32")
        metric.update_state(y_true, y_pred, sample_weight=given)
        found[f"metric/{name}/weighted"] = np.asarray(metric.result())
    return found
