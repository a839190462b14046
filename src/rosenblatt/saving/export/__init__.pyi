# Written by tools/stubs.py.

from rosenblatt.saving.export.formats import FORMATS as FORMATS
from rosenblatt.saving.export.formats import export_model as export_model
