# Written by tools/stubs.py.

from rosenblatt.datasets import california_housing as california_housing
from rosenblatt.datasets import digits as digits
from rosenblatt.datasets import fashion_mnist as fashion_mnist
from rosenblatt.datasets import iris as iris
from rosenblatt.datasets import mnist as mnist
