"""First values of variables. All draw from NumPy: building a model compiles nothing.

Keras has the classes under names in small letters too.
"""

from rosenblatt.core.faces import face

__getattr__, __dir__, __all__ = face(
    __name__,
    {
        "base": "Initializer RandomInitializer deserialize get serialize",
        "constants": "Constant Identity IdentityInitializer=Identity Ones Zeros constant=Constant "
        "identity=Identity one=Ones ones=Ones zero=Zeros zeros=Zeros",
        "random": "Orthogonal OrthogonalInitializer=Orthogonal RandomNormal RandomUniform "
        "TruncatedNormal normal=RandomNormal orthogonal=Orthogonal random_normal=RandomNormal "
        "random_uniform=RandomUniform truncated_normal=TruncatedNormal uniform=RandomUniform",
        "scaling": "GlorotNormal GlorotUniform HeNormal HeUniform LecunNormal LecunUniform "
        "VarianceScaling compute_fans glorot_normal=GlorotNormal glorot_uniform=GlorotUniform "
        "he_normal=HeNormal he_uniform=HeUniform lecun_normal=LecunNormal "
        "lecun_uniform=LecunUniform variance_scaling=VarianceScaling",
    },
)
