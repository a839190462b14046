# Written by tools/stubs.py.

from rosenblatt.serving.limits import Limits as Limits
from rosenblatt.serving.runs import open_run as open_run
from rosenblatt.serving.start import application as application
from rosenblatt.serving.start import serve as serve
