"""What training makes small. Names and defaults are Keras's; padding rows never count."""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "base": "Loss LossFunctionWrapper deserialize get resolve_crossentropy serialize",
        "crossentropy": "BinaryCrossentropy CategoricalCrossentropy KLDivergence Poisson "
        "PoissonDeviance SparseCategoricalCrossentropy binary_crossentropy "
        "categorical_crossentropy kl_divergence poisson poisson_deviance "
        "sparse_categorical_crossentropy",
        "focal": "BinaryFocalCrossentropy CategoricalFocalCrossentropy "
        "CategoricalGeneralizedCrossEntropy binary_focal_crossentropy "
        "categorical_focal_crossentropy categorical_generalized_cross_entropy",
        "margin": "CategoricalHinge Hinge SquaredHinge categorical_hinge hinge squared_hinge",
        "overlap": "Circle Dice Tversky circle dice tversky",
        "regression": "CosineSimilarity Huber LogCosh MeanAbsoluteError "
        "MeanAbsolutePercentageError MeanSquaredError MeanSquaredLogarithmicError Quantile "
        "cosine_similarity huber log_cosh mean_absolute_error mean_absolute_percentage_error "
        "mean_squared_error mean_squared_logarithmic_error quantile",
    },
)
