"""What training is watched by. Names and defaults are Keras's; padding rows never count."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "base": "Metric deserialize get resolve_accuracy serialize",
        "classification": "Accuracy BinaryAccuracy CategoricalAccuracy SparseCategoricalAccuracy "
        "SparseTopKCategoricalAccuracy TopKCategoricalAccuracy accuracy binary_accuracy "
        "categorical_accuracy sparse_categorical_accuracy sparse_top_k_categorical_accuracy "
        "top_k_categorical_accuracy",
        "confusion": "FalseNegatives FalsePositives Precision Recall TrueNegatives TruePositives",
        "curves": "AUC PrecisionAtRecall RecallAtPrecision SensitivityAtSpecificity "
        "SpecificityAtSensitivity",
        "fscore": "F1Score FBetaScore",
        "iou": "BinaryIoU IoU MeanIoU OneHotIoU OneHotMeanIoU",
        "probabilistic": "BinaryCrossentropy CategoricalCrossentropy CategoricalHinge Hinge "
        "KLDivergence Poisson SparseCategoricalCrossentropy SquaredHinge",
        "reduction": "Mean MeanMetricWrapper Sum",
        "regression": "ConcordanceCorrelation CosineSimilarity LogCoshError MeanAbsoluteError "
        "MeanAbsolutePercentageError MeanSquaredError MeanSquaredLogarithmicError "
        "PearsonCorrelation R2Score RootMeanSquaredError concordance_correlation "
        "pearson_correlation",
        "rosenblatt.losses": "binary_crossentropy binary_focal_crossentropy "
        "categorical_crossentropy categorical_focal_crossentropy categorical_hinge hinge huber "
        "kl_divergence log_cosh mean_absolute_error mean_absolute_percentage_error "
        "mean_squared_error mean_squared_logarithmic_error poisson "
        "sparse_categorical_crossentropy squared_hinge",
    },
)
